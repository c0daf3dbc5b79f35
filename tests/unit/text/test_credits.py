"""Authors, and whom a text credits."""

import pytest

from pipeline.text.attribution import attribute, is_agency
from pipeline.text.authors import clean_authors

TEXT = "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years."


@pytest.mark.parametrize(
    ("lines", "agency", "evidence"),
    [
        (["CAIRO (AFP) - " + TEXT], "AFP", "(AFP)"),
        (["MOSCOW, March 3. /TASS/. " + TEXT], "TASS", "/TASS/"),
        (["BEIJING, March 3 (Xinhua) -- " + TEXT], "Xinhua", "(Xinhua)"),
        (["دمشق - سانا: " + TEXT], "SANA", "دمشق - سانا"),
        (["دمشق-سانا", TEXT], "SANA", "دمشق-سانا"),
        (["القاهرة (أ ف ب) - " + TEXT], "AFP", "(أ ف ب)"),
        (["Berlin (dpa/Reuters) - " + TEXT], "dpa", "(dpa/Reuters)"),
        (["(서울=연합뉴스) " + TEXT], "Yonhap", "(서울=연합뉴스)"),
        ([TEXT, TEXT + " (AP)"], "AP", "(AP)"),
        ([TEXT, "Reuters"], "Reuters", "Reuters"),
        ([TEXT, "المصدر: وكالات الأناضول"], None, None),
        ([TEXT, "المصدر: الأناضول"], "Anadolu", "المصدر: الأناضول"),
        ([TEXT, "Quelle: dpa"], "dpa", "Quelle: dpa"),
        ([TEXT, "来源：新华社"], "Xinhua", "来源：新华社"),
        (
            [TEXT, "Copyright 2020 The Associated Press. All rights reserved."],
            "AP",
            "Copyright 2020 The Associated Press",
        ),
    ],
)
def test_agencies(lines: list[str], agency: str | None, evidence: str | None) -> None:
    found = attribute(lines, None, [], None, None)
    assert (found.agency if found is not None else None) == agency
    if evidence is not None:
        assert found is not None
        assert evidence in found.evidence


def test_sources_that_are_no_agency_are_named_as_written() -> None:
    found = attribute([TEXT, "Source: Harbour Gazette"], None, [], None, None)
    assert found is not None
    assert (found.agency, found.source_name, found.evidence) == (None, "Harbour Gazette", "Source: Harbour Gazette")


def test_agency_in_the_byline() -> None:
    found = attribute([TEXT], None, ["Agence France-Presse"], None, None)
    assert found is not None
    assert found.agency == "AFP"


def test_agencies_nobody_listed() -> None:
    assert is_agency("Verania Press Agency")
    found = attribute([TEXT], None, ["Agencia Almara"], None, None)
    assert found is not None
    assert found.agency == "Agencia Almara"


def test_relayed_report() -> None:
    lines = [TEXT, "قال مسؤول لموقع المونيتور إن السد صمد."]
    assert attribute(lines, None, [], None, None) is None
    found = attribute(lines, None, [], "للاطلاع على التقرير من المصدر", None)
    assert found is not None
    assert (found.source_name, found.source_domain, found.evidence) == (
        "Al-Monitor",
        "al-monitor.com",
        "لموقع المونيتور",
    )


@pytest.mark.parametrize(
    "line", ["He told Reuters that the dam held.", "The AP poll was wrong - again.", "WAFA is a name."]
)
def test_a_mention_is_no_credit(line: str) -> None:
    assert attribute([TEXT, line, TEXT, TEXT, TEXT, TEXT], None, [], None, None) is None


def test_nobody_credits_themselves() -> None:
    assert attribute(["CAIRO (Reuters) - " + TEXT], None, [], None, "reuters.com") is None


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ada Okafor and Lin Wei", ["Ada Okafor", "Lin Wei"]),
        ("Von Jana Müller, Korrespondentin", ["Jana Müller", "Korrespondentin"]),
        ("Ada Okafor, Staff Reporter", ["Ada Okafor"]),
        ("بقلم: ليلى حداد", ["ليلى حداد"]),
        ("記者：王小明", ["王小明"]),
        ("Ada Okafor (Cairo)", ["Ada Okafor"]),
        ("https://example.org/ada", []),
        ("ada@example.org", []),
        ("admin", []),
        ("14 March 2020", []),
        ("", []),
    ],
)
def test_authors(byline: str, names: list[str]) -> None:
    assert [author.name for author in clean_authors([(byline, None)], 10)][: len(names) or 1] == names


def test_authors_are_distinct_and_agencies_marked() -> None:
    authors = clean_authors([("Reuters", "https://reuters.com/"), ("reuters", None), ("Ada", "javascript:x")], 10)
    assert [(author.name, author.url, author.is_agency) for author in authors] == [
        ("Reuters", "https://reuters.com/", True),
        ("Ada", None, False),
    ]
    assert is_agency("ТАСС")
    assert len(clean_authors([("A B, C D, E F", None)], 2)) == 2
