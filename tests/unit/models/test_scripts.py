"""Counting scripts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.scripts import code_points, profile, script_of


def test_counts_by_kind() -> None:
    shape = profile(code_points("Привет ok 12 €!"))
    assert (shape.letters, shape.digits, shape.punctuation, shape.symbols, shape.spaces) == (8, 2, 1, 1, 3)
    assert shape.scripts == (("Cyrl", 6), ("Latn", 2))


def test_names_the_script() -> None:
    assert script_of("हिन्दी में समाचार") == "Deva"
    assert script_of("ニュースです") == "Kana"
    assert script_of("Tiếng Việt") == "Latn"
    assert script_of("123 !?") is None


@given(st.text())
def test_every_character_is_counted_at_most_once(text: str) -> None:
    shape = profile(code_points(text))
    assert shape.letters + shape.digits + shape.punctuation + shape.symbols + shape.spaces <= len(text)
    assert shape.letters == sum(count for _, count in shape.scripts)


@pytest.mark.parametrize(
    ("script", "name", "end"),
    [
        ("Latn", "LATIN", 0x2B0),  # up to the phonetic letters; later blocks are for transcriptions
        ("Grek", "GREEK", 0x400),
        ("Cyrl", "CYRILLIC", 0x530),
        ("Armn", "ARMENIAN", 0x590),
        ("Deva", "DEVANAGARI", 0x10000),
        ("Beng", "BENGALI", 0x10000),
        ("Guru", "GURMUKHI", 0x10000),
        ("Gujr", "GUJARATI", 0x10000),
        ("Orya", "ORIYA", 0x10000),
        ("Taml", "TAMIL", 0x10000),
        ("Telu", "TELUGU", 0x10000),
        ("Knda", "KANNADA", 0x10000),
        ("Mlym", "MALAYALAM", 0x10000),
        ("Sinh", "SINHALA", 0x10000),
        ("Thai", "THAI", 0x10000),
        ("Laoo", "LAO", 0x10000),
        ("Tibt", "TIBETAN", 0x10000),
        ("Hang", "HANGUL", 0x3190),
    ],
)
def test_the_letters_of_a_script_by_their_unicode_names(script: str, name: str, end: int) -> None:
    letters = [
        char
        for char in map(chr, range(end))
        if unicodedata.category(char) in {"Lu", "Ll", "Lo", "Lt"} and unicodedata.name(char, "").split()[:1] == [name]
    ]
    assert letters
    assert {char: script_of(char) for char in letters if script_of(char) != script} == {}
