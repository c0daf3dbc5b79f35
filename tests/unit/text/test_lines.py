"""Boilerplate, titles, bylines, paragraphs, summary."""

import pytest

from pipeline.text.boilerplate import line_key, trim_boilerplate
from pipeline.text.byline_lines import take_byline_lines
from pipeline.text.lines import split_paragraphs
from pipeline.text.summary import summarise, word_count
from pipeline.text.titles import first_line_title, without_site_name, without_title

BODY = [
    "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years had passed.",
    "Buses at the ready",
    "An evacuation plan had been ready since Sunday, and twenty buses had been waiting at the entrances.",
]


@pytest.mark.parametrize(
    "tail",
    [
        ["Comments (12)"],
        ["Share this article", "0", "👍", "Most read", "Ten dams to see", "Why rivers bend", "The price of water"],
        ["© 2026 Nahr News. All rights reserved."],
        ["التعليقات (0)", "0", "الأكثر قراءة", "💡 أهم المواضيع"],
        ["Read more: Ten dams to see before they are gone"],
        ["Читайте также:", "Десять плотин", "Теги: вода"],
        ["関連記事", "ダムの歴史", "川の話"],
        ["相关阅读：大坝的历史"],
        ["이 기사를 추천합니다", "무단전재 및 재배포 금지"][1:],
        ["También te puede interesar", "Diez presas", "El precio del agua"],
        ["Follow us on Example", "Subscribe to our newsletter", "Advertisement"],
    ],
)
def test_tails_are_cut(tail: list[str]) -> None:
    assert trim_boilerplate([*BODY, *tail], 120).lines == BODY


def test_boilerplate_within_the_text_is_dropped_and_headlines_kept() -> None:
    lines = [BODY[0], "Advertisement", BODY[1], "Read also: Ten dams to see", BODY[2]]
    assert trim_boilerplate(lines, 120).lines == BODY


def test_a_marker_in_the_text_is_a_sub_headline() -> None:
    lines = ["Topics", *BODY]
    assert trim_boilerplate([BODY[0], "Comments", BODY[2], BODY[2], BODY[0]], 120).lines[1] == "Comments"
    assert trim_boilerplate(lines, 120).lines == BODY


def test_a_last_sub_headline_or_short_sentence_stays() -> None:
    lines = [*BODY, "It held."]
    assert trim_boilerplate(lines, 120).lines == lines


@pytest.mark.parametrize(
    "ending",
    [
        ["Advertisement", "The hearing continues on Monday.", "Both men deny the charges."],
        ["Baca juga", "Sidang dilanjutkan pada hari Senin.", "Kedua pria itu membantah."],
        ["Copyright lasts for 70 years after the death of the author."],
        ["Posted in Kabul in 2009, he was wounded twice."],
        ["Recevez mes condoléances, a-t-il écrit."],
        ["The shares rose by two dollars a", "share."],
    ],
)
def test_the_end_of_a_text_stays(ending: list[str]) -> None:
    kept = [line for line in ending if line != "Advertisement"]
    assert trim_boilerplate([*BODY, *ending], 120).lines == [*BODY, *kept]


def test_a_wide_paragraph_is_no_headline() -> None:
    text = "工程师周二说大坝挺过了三十年来的最高水位下游村民无人受伤" * 2
    lines = [text, text + "甲", "相关新闻", text + "乙", text + "丙"]
    assert trim_boilerplate(lines, 120).lines == lines


@pytest.mark.parametrize(
    "title", ["Watch: giant whale swims", "More: the play that ran", "Copyright fight: who owns it"]
)
def test_a_title_may_begin_like_boilerplate(title: str) -> None:
    assert trim_boilerplate([title, *BODY], 120, titled=False).lines == [title, *BODY]
    assert trim_boilerplate(["Share", "7", title, *BODY], 120, titled=False).lines == [title, *BODY]


def test_the_line_that_names_the_source_is_remembered() -> None:
    trimmed = trim_boilerplate([*BODY, "للاطلاع على التقرير من المصدر"], 120)
    assert trimmed.lines == BODY
    assert trimmed.source_link == "للاطلاع على التقرير من المصدر"


def test_something_always_remains() -> None:
    assert trim_boilerplate(["Share", "Print"], 120).lines == []
    assert trim_boilerplate([], 120).lines == []
    assert trim_boilerplate(["7"], 120).lines == ["7"]


def test_keys_ignore_case_symbols_and_counters() -> None:
    assert line_key("💡 Most Read (7):") == line_key("most read") == "most read"
    assert line_key("12 / 7") == ""


def test_title_is_the_first_line_when_it_reads_like_one() -> None:
    assert first_line_title(["Dam holds", *BODY], 200) == "Dam holds"
    assert first_line_title(["Dam holds.", "Dam holds.", "x"], 200) == "Dam holds."
    assert first_line_title(["It is a sentence, not a title.", *BODY], 200) is None
    assert first_line_title(["Dam holds"], 200) is None
    assert first_line_title(["x" * 300, "y" * 400], 200) is None


def test_title_is_taken_out_wherever_it_is_repeated_at_the_head() -> None:
    assert without_title(["Dam Holds!", "by somebody", "DAM HOLDS", *BODY], "Dam holds", 200) == ["by somebody", *BODY]
    assert without_title(BODY, None, 200) == BODY


@pytest.mark.parametrize(
    ("title", "names", "expected"),
    [
        ("Dam holds | Nahr News", ["Nahr News"], "Dam holds"),
        ("Dam holds - Water - Nahr News", ["Nahr News"], "Dam holds - Water"),
        ("Dam holds – nahr-news.example", ["nahr-news.example"], "Dam holds"),
        ("Nahr News: Dam holds", ["Nahr News"], "Dam holds"),
        ("Dam holds - for now", ["Nahr News"], "Dam holds - for now"),
        ("Minister: dam holds", ["Nahr News"], "Minister: dam holds"),
        ("Nahr News", ["Nahr News"], "Nahr News"),
    ],
)
def test_site_names_are_cut(title: str, names: list[str], expected: str) -> None:
    assert without_site_name(title, names) == expected


def test_byline_and_date_are_taken_off_the_head() -> None:
    head = take_byline_lines(["By Ada Okafor and Lin Wei", "14 March 2020 | 10:05", *BODY])
    assert (head.remaining, head.byline, head.date) == (BODY, "By Ada Okafor and Lin Wei", "14 March 2020 | 10:05")
    assert take_byline_lines(["Di., 14. März 2020, 10:30 Uhr", *BODY]).date is not None
    assert take_byline_lines(["London, 14 March 2020", *BODY]).date is not None
    assert take_byline_lines(["بقلم ليلى حداد", *BODY]).byline == "بقلم ليلى حداد"
    assert take_byline_lines(["By the river they waited", *BODY]).byline is None
    assert take_byline_lines(["The protests of 14 March 2020 ended quietly.", *BODY]).date is None


@pytest.mark.parametrize(
    "line",
    [
        "文在寅访问平壤",
        "文化部长辞职",
        "كتب الأطفال في المعرض",
        "By Land and Sea",
        "Di Maio",
        "Remembering 11 September 2001",
    ],
)
def test_a_sub_headline_is_neither_byline_nor_date(line: str) -> None:
    head = take_byline_lines([line, *BODY])
    assert (head.remaining, head.byline, head.date) == ([line, *BODY], None, None)


def test_headlines_and_texts_without_spaces_are_not_wrapped() -> None:
    headlines = [
        f"The {word} of the old dam was {'not ' * (index % 6)}seen by anybody at all"
        for index, word in enumerate(["wall"] * 21)
    ]
    assert len(split_paragraphs("\n".join(headlines))) == 21
    thai = ["เขื่อนเก่ารับระดับน้ำสูงสุดในรอบสามสิบปีได้ตลอดคืน วิศวกรกล่าวเมื่อวันอังคาร" for _ in range(8)]
    assert len(split_paragraphs("\n".join(thai))) == 8


def test_wrapped_lines_are_joined() -> None:
    wrapped = """The dam held through the night, engineers said on Tuesday, after
the highest water in thirty years had passed the old wall and the
villages below it had been warned to leave their houses before
midnight. Twenty buses had been waiting since Sunday at the entrance
of every village along the river.

The minister is expected to visit the dam on Wednesday, a spokesman
said."""
    paragraphs = split_paragraphs(wrapped)
    assert len(paragraphs) == 2
    assert paragraphs[1].endswith("a spokesman said.")


def test_lines_are_paragraphs_otherwise() -> None:
    assert split_paragraphs(" a \n\n\u00a0b\t c \n\n") == ["a", "b c"]


def test_summary_is_whole_sentences() -> None:
    assert summarise(["Short label", *BODY], 120) == BODY[0]
    assert summarise(["水位が下がり、ダムは持ちこたえた。" * 20], 60) == "水位が下がり、ダムは持ちこたえた。" * 3
    long = summarise(["word " * 100], 50)
    assert long is not None
    assert long.endswith("word…")
    assert summarise([], 280) is None


def test_words_are_counted_in_every_script() -> None:
    assert word_count("one two\n\nthree", 2) == 3
    assert word_count("水位が下がりダムは持ちこたえた", 1) == 15
    assert word_count("", 0) == 0
