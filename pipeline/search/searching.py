"""Answers requests from the index: finds, ranks, folds articles into stories, counts facets."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import orjson
import tantivy
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.search.likeness import alike_in_words
from pipeline.search.matching import all_of, matching, narrowed
from pipeline.search.params import QUERY, RANKING
from pipeline.search.query import Query
from pipeline.search.schema import ARTICLE, FACETS, SCHEMA, STORY, key_of
from pipeline.search.vectors import Vectors

__all__ = ["Answer", "FacetValue", "Index", "QueryEncoder", "Search", "Story"]

_Ranked = list[tuple[Any, float]]


class Story(Struct, frozen=True, kw_only=True):
    """The best article of a story, as the index keeps it, and what is folded under it.

    more: further articles of the story among those that were found. size, publishers, top: how many articles and
    copies the story has, from how many publishers, and the names of those with most; None while that is not known.
    """

    article: dict[str, Any]
    more: int = 0
    size: int | None = None
    publishers: int | None = None
    top: tuple[str, ...] = ()


class FacetValue(Struct, frozen=True):
    """A value of a facet, and how many of the found articles have it."""

    value: str
    count: int


class Answer(Struct, frozen=True, kw_only=True):
    """A page of stories. `total` counts articles. `pages` can be asked for, which may be fewer than there would be."""

    query: Query
    stories: tuple[Story, ...]
    total: int
    pages: int
    facets: Mapping[str, tuple[FacetValue, ...]]
    took_ms: float


class Index(Protocol):
    """What is searched, as `SearchIndex` is."""

    @property
    def searcher(self) -> Any:
        """The index as of the last commit, or None."""
        ...

    @property
    def vectors(self) -> Vectors | None:
        """The vectors of articles, if queries use them."""
        ...


class QueryEncoder(Protocol):
    """Reads a query as the vectors of articles were made."""

    def vector(self, text: str) -> bytes | None:
        """Return the vector of a text, or None if no word is known."""
        ...


class Search:
    """Answers requests. Its methods may run in several threads."""

    def __init__(
        self, index: Index, encoder: QueryEncoder | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the index.

        Args:
            index: What is searched.
            encoder: Reads queries, so that articles are also found by their meaning.
            clock: Returns the time, seconds since the epoch.
        """
        self._index = index
        self._encoder = encoder
        self._clock = clock

    def answer(self, query: Query) -> Answer:
        """Return a page of the stories that a request asks for. Of an index that is not open yet, there are none."""
        began = time.perf_counter()
        searcher = self._index.searcher
        if searcher is None:
            return Answer(query=query, stories=(), total=0, pages=0, facets=dict.fromkeys(FACETS, ()), took_ms=0.0)
        similar = self._similar(query)
        wanted = self._wanted(searcher, query, similar)
        ranked, total = self._ranked(searcher, query, wanted, similar or {})
        # Who asks for a story wants all of it.
        folded = self._folded(searcher, ranked) if query.story is None else [(address, 0) for address, _ in ranked]
        first = (query.page - 1) * query.size
        stories = tuple(self._story(searcher, address, more) for address, more in folded[first : first + query.size])
        return Answer(
            query=query,
            stories=stories,
            total=total,
            pages=min(QUERY.max_page, -(-len(folded) // query.size)),
            facets=self._facets(searcher, wanted),
            took_ms=round(1000 * (time.perf_counter() - began), 2),
        )

    def _wanted(self, searcher: Any, query: Query, similar: Mapping[str, float] | None) -> Any:
        """Return the query of the index for the words of a request, or for articles like the one that it names."""
        if query.related_to is None:
            return matching(query)
        article = self._article(searcher, query.related_to)
        if article is None:
            return tantivy.Query.empty_query()
        not_itself = (
            tantivy.Occur.MustNot,
            tantivy.Query.term_query(SCHEMA, "key", key_of(ARTICLE, query.related_to)),
        )
        if similar is not None:
            return narrowed(query, [all_of(key_of(ARTICLE, name) for name in similar), not_itself])
        return narrowed(query, [*alike_in_words(searcher, article), not_itself])

    def _ranked(self, searcher: Any, query: Query, wanted: Any, similar: Mapping[str, float]) -> tuple[_Ranked, int]:
        """Return the best articles with their weights, and how many there are."""
        if query.sort != "relevance":
            order = tantivy.Order.Desc if query.sort == "newest" else tantivy.Order.Asc
            found = searcher.search(wanted, QUERY.max_candidates, order_by_field="time", order=order)
            return [(address, 0.0) for _, address in found.hits], int(found.count)
        found = searcher.search(wanted, QUERY.max_candidates)
        if not query.terms and query.related_to is None:  # nothing to be relevant for: the newest
            found = searcher.search(wanted, QUERY.max_candidates, order_by_field="time")
            return [(address, 0.0) for _, address in found.hits], int(found.count)
        hits = [(address, float(score)) for score, address in found.hits]
        total = int(found.count)
        if similar:
            hits, total = self._with_similar(searcher, query, hits, total, similar)
        return self._by_freshness(searcher, hits), total

    def _similar(self, query: Query) -> dict[str, float] | None:
        """Return articles by their likeness in meaning to a request; None where vectors cannot be compared."""
        vectors = self._index.vectors
        if vectors is None:
            return None
        if query.related_to is not None:
            values = vectors.of(query.related_to)
            found = vectors.similar(values, RANKING.related + 1, RANKING.least_related) if values is not None else None
            return None if found is None else {name: cosine for name, cosine in found if name != query.related_to}
        has_words = any(term.words and not term.is_excluded for term in query.terms)
        if query.sort != "relevance" or self._encoder is None or not has_words:
            return None
        values = self._encoder.vector(query.text)
        return None if values is None else dict(vectors.similar(values, RANKING.related, RANKING.least_similarity))

    def _with_similar(
        self, searcher: Any, query: Query, hits: _Ranked, total: int, similar: Mapping[str, float]
    ) -> tuple[_Ranked, int]:
        """Weigh words and meaning together, and add articles that were found by their meaning alone."""
        share = RANKING.meaning_weight
        best = max((score for _, score in hits), default=0.0) or 1.0
        weights = {_place(address): (address, (1 - share) * score / best) for address, score in hits}
        for name, cosine in similar.items():
            passing = searcher.search(narrowed(query, [all_of([key_of(ARTICLE, name)])]), 1).hits
            if not passing:
                continue  # a filter excludes it, or it is not committed yet
            address = passing[0][1]
            known = weights.get(_place(address))
            total += known is None
            weights[_place(address)] = (address, (known[1] if known else 0.0) + share * cosine)
        return sorted(weights.values(), key=lambda pair: -pair[1]), total

    def _by_freshness(self, searcher: Any, hits: _Ranked) -> _Ranked:
        """Return articles in the order of their weights, which fall with age down to a part of them."""
        if not hits:
            return []
        times: NDArray[np.float64] = np.array(
            searcher.fast_field_values("time", [address for address, _ in hits]), float
        )
        ages = np.maximum(0.0, self._clock() - times)
        fresh = np.exp2(-ages / RANKING.half_life_secs)
        weights = np.array([score for _, score in hits]) * (RANKING.lasting_share + (1 - RANKING.lasting_share) * fresh)
        return [(hits[place][0], float(weights[place])) for place in np.argsort(-weights, kind="stable").tolist()]

    def _folded(self, searcher: Any, ranked: _Ranked) -> list[tuple[Any, int]]:
        """Return the best article of each story, in order, and how many more of it there are."""
        addresses = [address for address, _ in ranked]
        first: dict[int, Any] = {}
        counts: dict[int, int] = {}
        for address, story in zip(addresses, searcher.fast_field_values("story", addresses), strict=True):
            first.setdefault(story, address)
            counts[story] = counts.get(story, 0) + 1
        return [(address, counts[story] - 1) for story, address in first.items()]

    def _story(self, searcher: Any, address: Any, more: int) -> Story:
        article = orjson.loads(searcher.doc(address)["value"][0])
        counts = self._value(searcher, key_of(STORY, article["cluster"]))
        if counts is None:
            return Story(article=article, more=more)
        return Story(
            article=article,
            more=more,
            size=counts["size"],
            publishers=counts["publishers"],
            top=tuple(counts["top"]),
        )

    def _facets(self, searcher: Any, wanted: Any) -> dict[str, tuple[FacetValue, ...]]:
        asked = {name: {"terms": {"field": name, "size": QUERY.max_facets}} for name in FACETS}
        asked["day"]["terms"]["order"] = {"_key": "desc"}  # type: ignore[assignment]
        found = searcher.aggregate(wanted, asked)
        return {
            name: tuple(FacetValue(bucket["key"], int(bucket["doc_count"])) for bucket in found[name]["buckets"])
            for name in FACETS
        }

    def _article(self, searcher: Any, article_id: str) -> dict[str, Any] | None:
        return self._value(searcher, key_of(ARTICLE, article_id))

    def _value(self, searcher: Any, key: str) -> dict[str, Any] | None:
        hits: Sequence[Any] = searcher.search(tantivy.Query.term_query(SCHEMA, "key", key), 1).hits
        if not hits:
            return None
        value: dict[str, Any] = orjson.loads(searcher.doc(hits[0][1])["value"][0])
        return value


def _place(address: Any) -> tuple[int, int]:
    return address.segment_ord, address.doc
