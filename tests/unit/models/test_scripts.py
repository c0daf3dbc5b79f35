"""Counting scripts."""

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
