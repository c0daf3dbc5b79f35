"""The limits of `ingest`, and the thresholds that several modules of it share; the others are in their modules."""

from msgspec import Struct

from pipeline.domain.extraction import Extraction
from pipeline.text.urls import UrlParams

__all__ = ["IngestParams"]


class IngestParams(Struct, frozen=True, kw_only=True):
    """What `ingest` accepts, how much work it does, and thresholds of cleaning.

    Limits on work are counts, not seconds: a clock would make the result depend on the machine, and a replay must give
    the same bytes. They are set so that a page at the limit takes well under a second on one core. Limits and
    thresholds without another source are set by hand.
    """

    extraction: Extraction = "auto"
    """How pages are read; the setting NEWS_EXTRACTION."""
    binds_principals: bool = False
    """Whether withdrawals are bound to the header `principal`; the setting NEWS_DEDUP__BIND_PRINCIPALS."""
    max_raw_bytes: int = 24 * 1024 * 1024
    """Raw record's value; the raw topic's limit (schemas/topics.yaml)."""
    max_decoded_bytes: int = 24 * 1024 * 1024
    """Value after content-encoding was undone."""
    max_expansion_ratio: int = 200
    """Decompressed over compressed size; news HTML compresses 4 to 12 times, bombs 1,000 times."""
    max_article_bytes: int = 4 * 1024 * 1024 - 256 * 1024
    """Encoded article: the internal limit less room for verdict, language, subjects and headers."""
    max_json_depth: int = 64
    """Nesting of pass-through values (rights, extra); orjson encodes 254 levels at most."""
    max_url_chars: int = UrlParams().max_chars
    """Longest URL accepted, of articles and pictures."""
    max_id_chars: int = 512
    """Longest producer-given id."""
    max_html_chars: int = 10 * 1024 * 1024
    """Longest page that is parsed; 99.99 % of news pages are shorter (Media Cloud uses the same limit)."""
    max_html_tags: int = 400_000
    """Tags in a page, which bound the work of extraction; the largest of 1,300 real pages has 40,000."""
    max_rebuilt_bytes: int = 150_000_000
    """Memory of the elements that the parser makes again for formatting tags left open, of one page."""
    max_stack_steps: int = 80_000_000
    """Comparisons over open elements (mostly depth times tags); 0.3 s of the parser."""
    hands_over: bool = False
    """Whether pages that are not ordinary are rejected as `too_costly` at once, to be read where that can be ended."""
    max_headline_chars: int = 500
    """A longer headline is cut at a word and flagged."""
    max_attributes: int = 10_000
    """Attributes in one tag; the parser takes 0.15 s for that many. Data URIs are long but few."""
    max_authors: int = 30
    """Further authors are left out."""
    max_tags: int = 60
    """Further tags are left out."""
    max_images: int = 10
    """Further addresses of pictures are left out."""
    max_label_chars: int = 200
    """Longest tag, section and source name; longer ones are no names."""
    summary_chars: int = 280
    """Target length of the summary."""
    short_words: int = 40
    """Fewer words than this: `too_short`. News briefs start at about 40 words."""
    title_line_chars: int = 200
    """A first line longer than this is text, not a title."""
    lead_chars: int = 700
    """A longer line is text, not the sub-headline."""
    boilerplate_line_chars: int = 120
    """A longer line is never boilerplate by the word lists."""
    future_tolerance_secs: int = 36 * 3600
    """A publication date further past the fetch is implausible; a zone error is at most 26 hours."""
    earliest_year: int = 1700
    """Earlier publication dates are implausible: newspapers are younger."""
