"""Where a credit must stand and what may stand beside it: each limit of `CreditParams` from both sides."""

import pytest

from pipeline.text.attribution import attribute
from pipeline.text.outlets import find_outlet

TEXT = "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years."
LINES = [TEXT] * 20


def _agency(lines: list[str], authors: list[str] | None = None) -> str | None:
    found = attribute(lines, None, authors or [], None, None)
    return found.agency or found.source_name if found is not None else None


def _with_line(index: int, line: str) -> list[str]:
    lines = list(LINES)
    lines[index] = line
    return lines


def test_brackets_of_a_dateline_stand_in_the_first_200_characters() -> None:
    for before, agency in (("word " * 39, "AFP"), ("word " * 39 + "x", None)):
        assert _agency([f"{before}(AFP) {TEXT}", *LINES]) == agency


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        (f"CAIRO - NILE - DELTA - AFP - {TEXT}", "AFP"),
        (f"CAIRO - NILE - DELTA - DAM - AFP - {TEXT}", None),
    ],
)
def test_a_dateline_has_few_parts(line: str, agency: str | None) -> None:
    assert _agency([line, *LINES]) == agency


def test_a_short_first_line_is_a_dateline_as_a_whole() -> None:
    for chars, agency in ((40, "AFP"), (41, None)):
        assert _agency([f"{'X' * (chars - 6)} - AFP", *LINES]) == agency


@pytest.mark.parametrize(("index", "agency"), [(-4, "AFP"), (-5, None)])
def test_a_closing_credit_stands_in_the_last_four_lines(index: int, agency: str | None) -> None:
    assert _agency(_with_line(index, "(AFP)")) == agency


@pytest.mark.parametrize(("chars", "agency"), [(280, "Reuters"), (281, None)])
def test_who_wrote_and_edited_it_stands_in_the_last_280_characters(chars: int, agency: str | None) -> None:
    signed = "Reporting by Ada Okafor; Editing by Lin Wei ".ljust(chars, "x")
    assert _agency([TEXT, f"{TEXT} {signed}"]) == agency


@pytest.mark.parametrize(("after", "agency"), [("", "AP"), (".»", "AP"), (".»!", None)])
def test_closing_brackets_end_the_line(after: str, agency: str | None) -> None:
    assert _agency([TEXT, f"{TEXT} (AP){after}"]) == agency


@pytest.mark.parametrize(("index", "name"), [(2, "Harbour Gazette"), (3, None), (-8, "Harbour Gazette"), (-9, None)])
def test_a_labelled_source_stands_near_the_beginning_or_the_end(index: int, name: str | None) -> None:
    assert _agency(_with_line(index, "Source: Harbour Gazette")) == name


@pytest.mark.parametrize(("chars", "agency"), [(90, "AP"), (91, None)])
def test_a_closing_credit_is_a_short_line(chars: int, agency: str | None) -> None:
    assert _agency([TEXT, "Copyright 2020 The Associated Press. ".ljust(chars, "x")]) == agency


def test_long_evidence_is_cut() -> None:
    found = attribute(LINES, None, [f"Reuters, {', '.join(['Ada Okafor'] * 10)}"], None, None)
    assert found is not None
    assert len(found.evidence) == 90


@pytest.mark.parametrize(("chars", "is_named"), [(1, False), (2, True), (60, True), (61, False)])
def test_names_nobody_listed_are_neither_signs_nor_sentences(chars: int, is_named: bool) -> None:
    assert (_agency([TEXT, f"Source: {'X' * chars}"]) is not None) == is_named


@pytest.mark.parametrize(("chars", "is_named"), [(60, True), (61, False)])
def test_an_unlisted_agency_in_the_byline_has_a_short_name(chars: int, is_named: bool) -> None:
    assert (_agency(LINES, ["Verania Press Agency".ljust(chars, "x")]) is not None) == is_named


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        (f"(Nahr al Bared, AFP) {TEXT}", None),
        (f"(Nahr Al Bared, AFP) {TEXT}", "AFP"),
        (f"(Nahr Al Bared Camp, AFP) {TEXT}", None),
    ],
)
def test_a_place_beside_an_agency_is_a_short_name(line: str, agency: str | None) -> None:
    assert _agency([line, *LINES]) == agency


@pytest.mark.parametrize(
    ("author", "agency"),
    [("Ada Maria Okafor King, Reuters", "Reuters"), ("Ada Maria Okafor King Smith, Reuters", None)],
)
def test_a_person_beside_an_agency_has_a_short_name(author: str, agency: str | None) -> None:
    assert _agency(LINES, [author]) == agency


@pytest.mark.parametrize(("line", "agency"), [("abcd/dpa", "dpa"), ("abcde/dpa", None), ("ab12/dpa", None)])
def test_initials_beside_an_agency_are_few_letters(line: str, agency: str | None) -> None:
    assert _agency([TEXT, line]) == agency


@pytest.mark.parametrize("line", ["Reuters ve Anadolu", "Reuters og dpa", "Reuters avec dpa", "Reuters、共同"])
def test_agencies_are_joined_in_any_language(line: str) -> None:
    assert _agency([TEXT, line]) == "Reuters"


def test_of_agency_and_outlet_the_agency_counts() -> None:
    assert _agency([TEXT, "Le Monde, AFP"]) == "AFP"


def test_short_aliases_match_in_their_own_case_only() -> None:
    assert find_outlet("TASS") is not None
    assert find_outlet("tass") is None
    assert find_outlet("kyodo") == find_outlet("Kyodo") != None  # noqa: E711


def test_a_credit_of_another_site_is_kept() -> None:
    found = attribute([f"CAIRO (Reuters) - {TEXT}"], None, [], None, "nahr-news.example")
    assert found is not None
    assert found.source_domain == "reuters.com"
