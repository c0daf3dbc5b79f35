"""What may be a list, a counter or a phrase around a text: each limit of `BoilerplateParams` from both sides."""

import pytest

from pipeline.text.boilerplate import trim_boilerplate

PARAGRAPH = (
    "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years had passed."
)
HEADLINE = "Ten dams to see"
LONGEST = 400


def _kept(lines: list[str]) -> int:
    """Return how many of the lines are kept."""
    return len(trim_boilerplate(lines, LONGEST).lines)


def _list(*below: str) -> bool:
    """Return whether the lines below a marker of the tail are cut as a list."""
    return _kept([*[PARAGRAPH] * 50, "Most read", *below]) == 50


@pytest.mark.parametrize(("chars", "is_list"), [(160, True), (161, False)])
def test_a_wide_line_is_no_headline(chars: int, is_list: bool) -> None:
    assert _list(HEADLINE, "x" * chars) == is_list


@pytest.mark.parametrize(("chars", "is_list"), [(53, True), (54, False)])
def test_chinese_characters_are_three_letters_wide(chars: int, is_list: bool) -> None:
    assert _list("水" * chars) == is_list


@pytest.mark.parametrize(("questions", "is_list"), [(1, True), (2, False)])
def test_few_headlines_of_a_list_are_questions(questions: int, is_list: bool) -> None:
    assert _list(*[f"{HEADLINE}?"] * questions, *[HEADLINE] * (3 - questions)) == is_list


@pytest.mark.parametrize(("headlines", "is_list"), [(9, True), (8, False)])
def test_one_headline_in_ten_may_end_with_a_full_stop(headlines: int, is_list: bool) -> None:
    assert _list(*[HEADLINE] * headlines, f"{HEADLINE}.") == is_list


@pytest.mark.parametrize(("stops", "is_list"), [(3, True), (4, False)])
def test_a_list_has_three_full_stops_at_most(stops: int, is_list: bool) -> None:
    assert _list(*[HEADLINE] * 40, *[f"{HEADLINE}."] * stops) == is_list


@pytest.mark.parametrize(("chars", "is_list"), [(90, True), (91, False)])
def test_below_an_advertisement_only_headlines_are_cut(chars: int, is_list: bool) -> None:
    assert _kept([*[PARAGRAPH] * 5, "Advertisement", "x" * chars]) == (5 if is_list else 6)


def test_below_an_advertisement_no_line_may_be_a_sentence() -> None:
    assert _kept([*[PARAGRAPH] * 5, "Advertisement", HEADLINE, f"{HEADLINE}?", HEADLINE]) == 8
    assert _kept([*[PARAGRAPH] * 5, "Most read", HEADLINE, f"{HEADLINE}?", HEADLINE]) == 5


@pytest.mark.parametrize(("paragraphs", "is_list"), [(4, True), (3, False)])
def test_a_list_begins_in_the_last_two_thirds(paragraphs: int, is_list: bool) -> None:
    lines = [*[PARAGRAPH] * paragraphs, "Most read", *[HEADLINE] * (9 - paragraphs)]
    assert _kept(lines) == (paragraphs if is_list else 10)


@pytest.mark.parametrize(("chars", "is_cut"), [(24, True), (25, False)])
def test_a_long_line_of_digits_may_be_a_table(chars: int, is_cut: bool) -> None:
    assert _kept([PARAGRAPH, "7" * chars]) == (1 if is_cut else 2)


@pytest.mark.parametrize(("chars", "is_cut"), [(60, True), (61, False)])
def test_a_long_line_that_begins_with_a_phrase_is_text(chars: int, is_cut: bool) -> None:
    assert _kept([PARAGRAPH, "Copyright lasts for many years ".ljust(chars, "x")]) == (1 if is_cut else 2)


@pytest.mark.parametrize(("counters", "kept"), [(6, 2), (7, 3)])
def test_boilerplate_is_cut_from_the_first_six_lines(counters: int, kept: int) -> None:
    assert _kept([*["7"] * counters, PARAGRAPH, PARAGRAPH]) == kept


def test_full_stops_of_every_script_end_text() -> None:
    for stop in ".。।॥۔።။។៕։":
        assert not _list(f"{HEADLINE}{stop}")
