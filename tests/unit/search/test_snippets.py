"""The marked lines of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.query import read_query
from pipeline.search.snippets import Piece, Wanted, marked, snippet


def _wanted(text: str) -> Wanted:
    return Wanted.of(read_query({"q": [text]}).terms)


def _shown(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.match else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("query", "text", "language", "expected"),
    [
        ("ferries", "The Ferry and a ferryman", "en", "The [Ferry] and a ferryman"),
        ('"ferries"', "The Ferry and the ferries", "en", "The Ferry and the [ferries]"),
        ("-ferry boat", "The ferry and a boat", "en", "The ferry and a [boat]"),
        ("انتخابات", "نتائج الانتخابات اليوم", "ar", "نتائج [الانتخابات] اليوم"),
        ("東京都", "今日の東京都の天気", "ja", "今日の[東京都]の天気"),
        ("ไทย", "ข่าวภาษาไทยวันนี้", "th", "ข่าวภาษา[ไทย]วันนี้"),
        ("été", "L'ÉTÉ arrive", "fr", "L'[ÉTÉ] arrive"),
        ("", "The ferry", "en", "The ferry"),
    ],
)
def test_found_words_are_marked(query: str, text: str, language: str, expected: str) -> None:
    assert _shown(marked(text, language, _wanted(query), 200)) == expected


def test_a_snippet_begins_near_the_first_found_word() -> None:
    text = f"{'Some words about nothing. ' * 40}Then the ferry came. {'And more words. ' * 40}"
    found = _shown(snippet(text, "en", _wanted("ferry"), 120))
    assert found.startswith("… ")
    assert "[ferry]" in found
    assert found.endswith("…")
    assert len(found) < 130


def test_a_snippet_without_a_found_word_is_the_beginning() -> None:
    assert _shown(snippet("One two\n\nthree", "en", _wanted("ferry"), 100)) == "One two three"


@given(st.text(max_size=300), st.text(max_size=40), st.integers(10, 100))
def test_a_snippet_is_short_whatever_the_text_is(text: str, query: str, most: int) -> None:
    wanted = _wanted(query[:30]) if len(query.split()) < 20 else _wanted("")
    assert len("".join(piece.text for piece in snippet(text, "en", wanted, most))) <= most + 2
