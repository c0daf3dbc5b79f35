"""Queries of the index, made from terms and filters."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import tantivy

from pipeline.search.analysis import STEMMERS, Word, languages_of
from pipeline.search.documents import stemmed
from pipeline.search.params import RANKING
from pipeline.search.query import Filters, Query, Term, groups
from pipeline.search.schema import ARTICLE, FACETS, SCHEMA

__all__ = ["all_of", "matching", "narrowed"]

_WEIGHTS: Final = (("headline", RANKING.headline_weight), ("body", 1.0))
_TIE: Final = 0.1
"""Share of the weaker matches of a word in its weight, so that headline and text count more than one of them."""
_LATEST: Final = 2**53
_Must, _Should, _Not = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot


def matching(query: Query) -> Any:
    """Return the query for the terms and filters of a request."""
    parts: list[tuple[Any, Any]] = []
    chosen = tuple(tag for tag in query.filters.language if tag in STEMMERS)
    for group in groups(query.terms):
        found = [_term(term, chosen) for term in group]
        parts.append((_Must, found[0] if len(found) == 1 else _any(found)))
    parts.extend((_Not, _term(term, chosen)) for term in query.terms if term.is_excluded)
    return narrowed(query, parts)


def narrowed(query: Query, parts: Sequence[tuple[Any, Any]] = ()) -> Any:
    """Return a query for `parts` among the articles that pass the filters and belong to the story asked for."""
    conditions = [tantivy.Query.term_query(SCHEMA, "kind", ARTICLE), *_conditions(query.filters)]
    if query.story is not None:
        conditions.append(tantivy.Query.term_query(SCHEMA, "cluster", query.story))
    # Filters decide what is found, not how well it fits.
    fixed = [(_Must, tantivy.Query.const_score_query(condition, 0.0)) for condition in conditions]
    return tantivy.Query.boolean_query([*fixed, *parts])


def all_of(keys: Iterable[str]) -> tuple[Any, Any]:
    """Return the part of a query that any of these documents meets."""
    return _Must, tantivy.Query.term_set_query(SCHEMA, "key", list(keys))


def _term(term: Term, languages: tuple[str, ...]) -> Any:
    """Return the query for one term; text without spaces is a phrase of its pairs."""
    found = term.words
    if len(found) == 1 and found[0].is_single:
        return _any(
            [
                tantivy.Query.boost_query(tantivy.Query.phrase_prefix_query(SCHEMA, field, [found[0].text]), weight)
                for field, weight in _WEIGHTS
            ]
        )
    if len(found) == 1 and not term.is_phrase:
        return _forms(found[0], languages)
    texts: list[str | tuple[int, str]] = list(term.texts)
    if len(texts) == 1:
        return _any(_exact(found[0].text))
    return _any(
        [
            tantivy.Query.boost_query(tantivy.Query.phrase_query(SCHEMA, field, texts), weight)
            for field, weight in _WEIGHTS
        ]
    )


def _exact(text: str) -> list[Any]:
    return [
        tantivy.Query.boost_query(tantivy.Query.term_query(SCHEMA, field, text), weight) for field, weight in _WEIGHTS
    ]


def _forms(word: Word, languages: tuple[str, ...]) -> Any:
    """Return the query for a word, as it is written or, for less, in another form of a language that it may be in."""
    found = [tantivy.Query.boost_query(one, RANKING.exact_weight) for one in _exact(word.text)]
    if word.kind == "word":
        possible = languages_of(word.text)
        for language in [tag for tag in possible if not languages or tag in languages]:
            stem = stemmed(word.text, language)
            found += [
                tantivy.Query.boost_query(tantivy.Query.term_query(SCHEMA, f"{field}_stems", stem), weight)
                for field, weight in _WEIGHTS
            ]
    return _any(found)


def _any(queries: Sequence[Any]) -> Any:
    return tantivy.Query.disjunction_max_query(list(queries), _TIE)


def _conditions(filters: Filters) -> list[Any]:
    found = []
    for name in FACETS:
        values = getattr(filters, name)
        if values:
            found.append(tantivy.Query.term_set_query(SCHEMA, name, list(values)))
    if filters.first_day is not None or filters.last_day is not None:
        first = 0 if filters.first_day is None else int(_midnight(filters.first_day).timestamp())
        last = (
            _LATEST
            if filters.last_day is None
            else int((_midnight(filters.last_day) + timedelta(hours=23, minutes=59, seconds=59)).timestamp())
        )
        found.append(tantivy.Query.range_query(SCHEMA, "time", tantivy.FieldType.Integer, first, last))
    return found


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
