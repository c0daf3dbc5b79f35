"""Limits of hard-wrapped text, bylines, titles and summaries, each from both sides."""

import pytest

from pipeline.text.byline_lines import take_byline_lines
from pipeline.text.lines import split_paragraphs
from pipeline.text.summary import summarise, word_count
from pipeline.text.titles import choose_title, first_line_title, without_site_name, without_title

TEXT = "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years."


def _line(chars: int, end: str = "d") -> str:
    return "word " * ((chars - 1) // 5) + "x" * ((chars - 1) % 5) + end


def _is_wrapped(*lines: str) -> bool:
    return len(split_paragraphs("\n".join(lines))) == 1


@pytest.mark.parametrize(("lines", "wrapped"), [(6, True), (5, False)])
def test_few_lines_are_not_judged_to_be_wrapped(lines: int, wrapped: bool) -> None:
    assert _is_wrapped(*[_line(60)] * lines) == wrapped


@pytest.mark.parametrize(("chars", "wrapped"), [(44, False), (45, True), (100, True), (101, False)])
def test_wrapped_lines_are_neither_short_nor_long(chars: int, wrapped: bool) -> None:
    assert _is_wrapped(*[_line(chars)] * 10) == wrapped


@pytest.mark.parametrize(("sentences", "wrapped"), [(2, True), (3, False)])
def test_most_wrapped_lines_end_within_a_sentence(sentences: int, wrapped: bool) -> None:
    assert _is_wrapped(*[_line(60, ".")] * sentences, *[_line(60)] * (10 - sentences)) == wrapped


@pytest.mark.parametrize(("short", "wrapped"), [(1, True), (2, False)])
def test_most_wrapped_lines_are_full(short: int, wrapped: bool) -> None:
    assert _is_wrapped(*[_line(50)] * short, *[_line(60)] * (10 - short)) == wrapped


@pytest.mark.parametrize(("before", "is_taken"), [(3, True), (4, False)])
def test_a_byline_stands_in_the_first_four_lines(before: int, is_taken: bool) -> None:
    lines = take_byline_lines([*[TEXT] * before, "By Ada Okafor", TEXT])
    assert (lines.byline is not None) == is_taken


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        (f"By Ada {'O' * 63}", True),
        (f"By Ada {'O' * 64}", False),
        ("By A B C D E F G H", True),
        ("By A B C D E F G H I", False),
        ("By Ada van der Okafor", True),
        ("By Ada Okafor 2", False),
        ("By Ada Okafor:", False),
        ("By Ada Okafor！", False),
    ],
)
def test_a_byline_is_a_few_names(line: str, is_taken: bool) -> None:
    assert (take_byline_lines([line, TEXT]).byline is not None) == is_taken


@pytest.mark.parametrize(
    ("line", "is_taken"),
    [
        (f"14 March 2020 | {'X' * 32}", True),
        (f"14 March 2020 | {'X' * 33}", False),
        ("14 March 2020 | Water In Town", True),
        ("14 March 2020 | Water In The Town", False),
    ],
)
def test_a_date_line_is_a_date_and_few_words(line: str, is_taken: bool) -> None:
    assert (take_byline_lines([line, TEXT]).date is not None) == is_taken


def test_of_what_has_one_word_only_an_agency_signs() -> None:
    assert take_byline_lines(["By Reuters", TEXT]).byline == "By Reuters"
    assert take_byline_lines(["By Rivers", TEXT]).byline is None


def test_a_line_that_contains_a_date_is_no_date_line() -> None:
    assert take_byline_lines(["Vote 14.03.2020", TEXT]).date is None


def test_the_only_line_of_a_text_is_neither_byline_nor_date() -> None:
    assert take_byline_lines(["By Ada Okafor"]).remaining == ["By Ada Okafor"]
    assert take_byline_lines(["By Ada Okafor", "14 March 2020"]).remaining == ["14 March 2020"]


def test_a_title_is_repeated_in_the_first_four_lines() -> None:
    assert without_title([TEXT, TEXT, TEXT, "Dam holds"], "Dam holds", 200) == [TEXT] * 3
    assert without_title([*[TEXT] * 4, "Dam holds"], "Dam holds", 200) == [*[TEXT] * 4, "Dam holds"]
    assert first_line_title(["It held.", TEXT, TEXT, "It held."], 200) == "It held."
    assert first_line_title(["It held.", TEXT, TEXT, TEXT, "It held."], 200) is None
    assert without_title(["x" * 200, "x" * 201], "x" * 200, 200) == ["x" * 201]
    assert without_title(["x" * 201], "x" * 201, 200) == ["x" * 201]


@pytest.mark.parametrize("end", [".", "。", "।", "։", ",", "；"])
def test_a_sentence_is_no_title(end: str) -> None:
    assert (first_line_title([f"The dam held{end}", TEXT], 200) is None) == (end != "；")


@pytest.mark.parametrize(("heading", "is_chosen"), [("Dam holds again", True), ("Dam holds long", False)])
def test_a_short_heading_that_begins_another_title_may_be_a_section(heading: str, is_chosen: bool) -> None:
    stated = f"{heading} - all about the water in the town of Nahr"
    assert choose_title([stated], None, [heading], []) == (heading if is_chosen else stated)


def test_the_first_line_is_a_title_if_a_longer_one_follows() -> None:
    assert first_line_title(["Dam holds again", "Buses leave"], 200) is None
    assert first_line_title(["Dam holds", "Buses leave"], 200) == "Dam holds"
    assert first_line_title(["Dam holds"], 200) is None


def test_a_heading_within_another_title_is_at_least_half_of_it() -> None:
    assert choose_title(["All of Dam holds"], None, ["Dam holds"], []) == "Dam holds"
    assert choose_title(["The story of Dam holds"], None, ["Dam holds"], []) == "The story of Dam holds"


def test_of_the_titles_of_a_page() -> None:
    assert choose_title(["Dam holds | Nahr News"], "x", ["Nahr News", "Dam holds"], ["Nahr News"]) == "Dam holds"
    assert choose_title(["Dam holds | Nahr News"], "x", ["Water"], ["Nahr News"]) == "Dam holds"
    assert choose_title([], "Dam holds | Nahr News", ["Water"], ["Nahr News"]) == "Dam holds"
    assert choose_title([], None, ["Nahr News", "Water"], ["Nahr News"]) == "Water"
    assert choose_title([], None, [], []) is None


@pytest.mark.parametrize(("chars", "is_cut"), [(40, True), (41, False)])
def test_the_name_of_a_site_is_short(chars: int, is_cut: bool) -> None:
    name = "n" * chars
    for title in (f"Dam holds | {name}", f"{name}: Dam holds"):
        assert without_site_name(title, [name]) == ("Dam holds" if is_cut else title)


@pytest.mark.parametrize(("name", "is_cut"), [("Nahr", True), ("BBC", False)])
def test_a_short_name_of_a_site_must_be_the_whole_part(name: str, is_cut: bool) -> None:
    title = f"Dam holds | {name} News"
    assert without_site_name(title, [name]) == ("Dam holds" if is_cut else title)


@pytest.mark.parametrize(
    ("first", "is_left_out"), [("x" * 39, True), ("x" * 40, False), ("Short.", False), ("短い？", False)]
)
def test_a_summary_leaves_out_sub_headlines(first: str, is_left_out: bool) -> None:
    assert summarise([first, TEXT], 280) == (TEXT if is_left_out else f"{first} {TEXT}")


def test_a_summary_is_at_least_a_quarter_of_the_target() -> None:
    long = "Word " * 100
    assert summarise([f"{'x' * 24}. {long}"], 100) == f"{'x' * 24}."
    cut = summarise([f"{'x' * 23}. {long}"], 100)
    assert cut is not None
    assert cut.endswith("Word…")
    assert len(cut) <= 101


@pytest.mark.parametrize(("before", "is_cut_there"), [(50, True), (49, False)])
def test_a_sentence_is_cut_at_a_word_in_the_second_half(before: int, is_cut_there: bool) -> None:
    summary = summarise([f"{'x' * before} {'y' * 200}"], 100)
    assert summary == ("x" * before + "…" if is_cut_there else f"{'x' * before} {'y' * (99 - before)}…")


@pytest.mark.parametrize(
    ("chars", "summary"), [(100, "x" * 99 + "."), (101, "x" * 100 + "…")], ids=["fits", "is too long"]
)
def test_a_first_sentence_up_to_the_target_is_whole(chars: int, summary: str) -> None:
    assert summarise([f"{'x' * (chars - 1)}. {TEXT}"], 100) == summary


@pytest.mark.parametrize(
    ("body", "words"),
    [("水" * 13, 1), ("水" * 14, 14), ("ก" * 16, 4), ("ก" * 19, 4), ("é" * 20, 1), ("水 " * 20, 20)],
)
def test_words_without_spaces_are_counted_by_characters(body: str, words: int) -> None:
    assert word_count(body.strip(), 1) == words
