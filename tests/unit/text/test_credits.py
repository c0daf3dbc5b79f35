"""Authors, and whom a text credits."""

import pytest

from pipeline.text.attribution import attribute
from pipeline.text.authors import clean_authors
from pipeline.text.outlets import is_agency

TEXT = "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years."


@pytest.mark.parametrize(
    ("lines", "agency", "evidence"),
    [
        (["CAIRO (AFP) - " + TEXT], "AFP", "(AFP)"),
        (["MOSCOW, March 3. /TASS/. " + TEXT], "TASS", "/TASS/"),
        (["BEIJING, March 3 (Xinhua) -- " + TEXT], "Xinhua", "(Xinhua)"),
        (["دمشق - سانا: " + TEXT], "SANA", "دمشق - سانا"),
        (["دمشق-سانا", TEXT], "SANA", "دمشق-سانا"),
        (["新华社北京3月14日电 大坝挺过了洪水。"], "Xinhua", "新华社北京3月14日电"),
        (["據中央社報導，水壩挺過了洪水。"], "CNA (Taiwan)", "據中央社報導"),
        (["【3月14日 AFP】ダムは持ちこたえた。"], "AFP", "【3月14日 AFP】"),
        (["МОСКВА, 14 мар — РИА Новости. " + TEXT], "RIA Novosti", "МОСКВА, 14 мар — РИА Новости"),
        (["15 марта, Минск /Корр. БЕЛТА/. " + TEXT], "BelTA", "/Корр. БЕЛТА/"),
        (["به گزارش ایسنا، سد در برابر سیل مقاومت کرد."], "ISNA", "به گزارش ایسنا"),
        ([TEXT, "(भाषा)"], "PTI", "(भाषा)"),
        ([TEXT, "Mit Material von dpa"], "dpa", "Mit Material von dpa"),
        ([TEXT, "© dpa-infocom, dpa:200314-99"], "dpa", "© dpa-infocom"),
        ([TEXT, "Le Monde avec AFP"], "AFP", "Le Monde avec AFP"),
        ([TEXT, "Con información de AFP, EFE y Reuters"], "AFP", "Con información de AFP"),
        ([TEXT, "The Associated Press contributed to this report."], "AP", "The Associated Press contributed"),
        ([TEXT, "(Reporting by Ada Okafor; Editing by Lin Wei)"], "Reuters", "Reporting by Ada Okafor"),
        ([TEXT, "По материалам ТАСС"], "TASS", "По материалам ТАСС"),
        ([TEXT, "Об этом сообщает ТАСС."], "TASS", "Об этом сообщает ТАСС"),
        ([TEXT, "(来源：新华社)"], "Xinhua", "来源：新华社"),
        ([TEXT, "Theo Reuters"], "Reuters", "Theo Reuters"),
        ([TEXT, "نقلا عن رويترز"], "Reuters", "نقلا عن رويترز"),
        ([TEXT, "Izvor: Tanjug"], "Tanjug", "Izvor: Tanjug"),
        ([TEXT, "Vir: STA"], "STA", "Vir: STA"),
        ([TEXT, "mau/dpa"], "dpa", "mau/dpa"),
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
    "line",
    [
        "He told Reuters that the dam held.",
        "The AP poll was wrong - again.",
        "WAFA is a name.",
        "He worked for the BBC and CNN.",
        "She has written for The Guardian, The Times and Le Monde.",
        "He has lived in London, Paris, Doha and Bloomberg.",
        "The dispute (he also works with AFP and others)",
    ],
)
def test_a_mention_is_no_credit(line: str) -> None:
    assert attribute([TEXT, line], None, [], None, None) is None
    assert attribute([line, TEXT], None, [], None, None) is None


def test_nobody_credits_themselves() -> None:
    assert attribute(["CAIRO (Reuters) - " + TEXT], None, [], None, "reuters.com") is None


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ada Okafor and Lin Wei", ["Ada Okafor", "Lin Wei"]),
        ("Von Jana Müller, Korrespondentin", ["Jana Müller"]),
        ("Ada Okafor, Staff Reporter", ["Ada Okafor"]),
        ("بقلم: ليلى حداد", ["ليلى حداد"]),
        ("記者：王小明", ["王小明"]),
        ("Ada Okafor (Cairo)", ["Ada Okafor"]),
        ("John E Smith", ["John E Smith"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("Ada Okafor e Lin Wei", ["Ada Okafor", "Lin Wei"]),
        ("ADA OKAFOR AND LIN WEI", ["ADA OKAFOR", "LIN WEI"]),
        ("Ada King, Jr.", ["Ada King Jr"]),
        ("Ada King, PhD", ["Ada King"]),
        ("Di Maria", ["Di Maria"]),
        ("Von der Leyen", ["Von der Leyen"]),
        ("Robert Guest", ["Robert Guest"]),
        ("Guest Author", []),
        ("홍길동 기자", ["홍길동"]),
        ("本报记者 王小明", ["王小明"]),
        ("記者王小明／台北報導", ["王小明"]),
        ("文在寅", ["文在寅"]),
        ("Ada Okafor Mar 14, 2020", ["Ada Okafor"]),
        ("undefined", []),
        ("Anonymous", []),
        ("No Author", []),
        ("https://example.org/ada", []),
        ("ada@example.org", []),
        ("admin", []),
        ("14 March 2020", []),
        ("", []),
    ],
)
def test_authors(byline: str, names: list[str]) -> None:
    assert [author.name for author in clean_authors([(byline, None)], 10)] == names


def test_authors_are_distinct_and_agencies_marked() -> None:
    authors = clean_authors([("Reuters", "https://reuters.com/"), ("reuters", None), ("Ada", "javascript:x")], 10)
    assert [(author.name, author.url, author.is_agency) for author in authors] == [
        ("Reuters", "https://reuters.com/", True),
        ("Ada", None, False),
    ]
    assert is_agency("ТАСС")
    assert len(clean_authors([("A B, C D, E F", None)], 2)) == 2


@pytest.mark.parametrize(
    ("byline", "is_name"),
    [
        ("x", False),
        ("xy", True),
        ("x" * 80, True),
        ("x" * 81, False),
        ("Ada B C D E Okafor", True),
        ("Ada B C D E F Okafor", False),
    ],
)
def test_limits_of_names(byline: str, is_name: bool) -> None:
    assert bool(clean_authors([(byline, None)], 10)) == is_name


@pytest.mark.parametrize(("chars", "is_kept"), [(1000, True), (1001, False)])
def test_a_long_address_of_an_author_is_left_out(chars: int, is_kept: bool) -> None:
    (author,) = clean_authors([("Ada Okafor", "https://x.example/".ljust(chars, "a"))], 10)
    assert (author.url is not None) == is_kept


def test_words_for_and_within_capitals_may_be_names() -> None:
    assert [author.name for author in clean_authors([("ADA DAN OKAFOR und LIN WEI", None)], 10)] == [
        "ADA DAN OKAFOR",
        "LIN WEI",
    ]
