"""The numbers that decide what the search finds, and what it may cost."""

from typing import Final

from msgspec import Struct

__all__ = ["INDEX", "QUERY", "RANKING", "IndexParams", "QueryParams", "RankingParams"]


class IndexParams(Struct, frozen=True, kw_only=True):
    """What of an article is in the index. A change of these, or of the analysis, needs another `version`."""

    version: int = 1
    """Of the schema and the analysis; an index of another version is built again."""
    max_headline_chars: int = 2_000
    """Characters of a headline that are searched. Chosen: ten times the longest headlines that people write."""
    max_body_chars: int = 100_000
    """Characters of a text that are searched: about 15,000 words. Chosen: longer ones are lists and transcripts."""
    max_kept_chars: int = 20_000
    """Characters of a text that are kept, for the lines that are shown below a headline."""
    max_word_chars: int = 40
    """A longer word is cut. Chosen: longer than compounds of German and Finnish in news."""
    writer_bytes: int = 64_000_000
    """Memory of the writer before it begins a segment; tantivy's least is 15 MB."""


class QueryParams(Struct, frozen=True, kw_only=True):
    """What a query may cost."""

    max_chars: int = 500
    """Longest query. Chosen: longer than a headline with its sub-headline."""
    max_words: int = 32
    """Most words of a query, phrases included. Each is looked up in each language that it may be in."""
    max_filters: int = 20
    """Most values of all filters together."""
    max_page: int = 50
    """Last page that is answered; who needs more reads the topics."""
    max_size: int = 50
    """Most stories on a page."""
    size: int = 10
    """Stories on a page unless the request says otherwise."""
    max_facets: int = 12
    """Values shown of each facet, the most frequent."""
    max_candidates: int = 2_500
    """Most articles that are ranked, and folded into stories. All pages of the largest size are that many."""
    running: int = 2
    """Queries that are computed at a time; the processor is shared with the reading of events."""
    waiting: int = 32
    """Queries that may wait; further ones are answered 503 at once."""


class RankingParams(Struct, frozen=True, kw_only=True):
    """How articles are ordered."""

    headline_weight: float = 3.0
    """Of a match in the headline, relative to one in the text. Chosen, as in most search engines over news."""
    exact_weight: float = 2.0
    """Of a word as it was written, relative to another form of it."""
    half_life_secs: float = 3 * 86_400.0
    """After this time the fresh part of the weight of an article has halved. Chosen: news is read for days."""
    lasting_share: float = 0.4
    """Part of the weight that age does not take: a good old match stays above a poor new one."""
    meaning_weight: float = 0.5
    """Share of the similarity of vectors in the order, where both are there; the rest is that of words."""
    least_similarity: float = 0.25
    """Least cosine of the vectors of an article that is found by its meaning alone. Measured: docs/search.md."""
    least_related: float = 0.35
    """Least cosine of the vectors of articles that are related: 95 % of the pairs of translations of half of NTREX have
    it, and 1 % of the pairs of other documents."""
    likeness_words: int = 25
    """Words of an article by which related ones are found where there are no vectors: the rarest that it repeats."""
    likeness_share: float = 0.25
    """Share of these words that a related article has at least. Chosen: other stories share the common ones."""
    likeness_read: int = 1_000
    """Words at the beginning of an article among which these are chosen."""
    related: int = 50
    """Most articles that `related:` finds."""


INDEX: Final = IndexParams()
QUERY: Final = QueryParams()
RANKING: Final = RankingParams()
