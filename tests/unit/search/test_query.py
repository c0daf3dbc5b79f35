"""Requests are read with bounds, and any text is a query."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.params import QUERY
from pipeline.search.query import Query, QueryError, read_query


def _read(text: str) -> Query:
    return read_query({"q": [text]})


def _words(query: Query) -> list[tuple[str, bool, bool, bool]]:
    return [
        (" ".join(word.text for word in term.words), term.is_phrase, term.is_excluded, term.is_alternative)
        for term in query.terms
    ]


def test_words_phrases_exclusions_and_alternatives() -> None:
    query = _read('ferry "new line" -strike boat OR ship -"old pier" related:a1 story:c-2')
    assert _words(query) == [
        ("ferry", False, False, False),
        ("new line", True, False, False),
        ("strike", False, True, False),
        ("boat", False, False, False),
        ("ship", False, False, True),
        ("old pier", True, True, False),
    ]
    assert (query.related_to, query.story) == ("a1", "c-2")


@pytest.mark.parametrize(
    "text", ['"', '""', "-", "OR", "OR OR", "*", "?", "~", "\x00", "(((", "a:b:c", "[1 TO 2]", "\\", "'"]
)
def test_what_is_no_syntax_is_words_or_nothing(text: str) -> None:
    assert all(term.words for term in _read(text).terms)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"q": ["x" * (QUERY.max_chars + 1)]}, "characters"),
        ({"q": ["a " * (QUERY.max_words + 1)]}, "words"),
        ({"q": ['"' + "東" * (QUERY.max_words + 1) + '"']}, "words"),
        ({"q": ["a", "b"]}, "more than once"),
        ({"page": [str(QUERY.max_page + 1)]}, "page"),
        ({"page": ["0"]}, "page"),
        ({"page": ["-1"]}, "page"),
        ({"page": ["9" * 5000]}, "page"),
        ({"page": ["²"]}, "page"),
        ({"size": [str(QUERY.max_size + 1)]}, "size"),
        ({"sort": ["random"]}, "sort"),
        ({"from": ["yesterday"]}, "from"),
        ({"to": ["2026-13-01"]}, "to"),
        ({"language": ["en"] * (QUERY.max_filters + 1)}, "filters"),
        ({"publisher": ["x" * 201]}, "characters"),
        ({"regex": [".*"]}, "does not exist"),
    ],
)
def test_more_than_the_bounds_is_refused_without_quoting(parameters: dict[str, list[str]], reason: str) -> None:
    with pytest.raises(QueryError, match=reason) as refused:
        read_query(parameters)
    assert len(str(refused.value)) < 200


def test_filters_and_days_are_read() -> None:
    filters = read_query({"language": ["ar", "", "fr"], "from": ["2026-11-01"], "to": ["2026-11-29"]}).filters
    assert filters.language == ("ar", "fr")
    assert (filters.first_day, filters.last_day) == (date(2026, 11, 1), date(2026, 11, 29))


@given(st.text(max_size=QUERY.max_chars))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        query = _read(text)
    except QueryError:
        return
    assert sum(len(term.words) for term in query.terms) <= QUERY.max_words
