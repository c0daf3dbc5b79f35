"""Labels of segments from the gold text of an article."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.segments import cut_segments
from pipeline_research.training.gold_alignment import align_gold

FIRST = "The harbour master counted forty boats on Monday, twelve more than last spring."
SECOND = "Nobody on the council wanted to say how the second pier is to be paid for."


def _labels(body: str, gold: str) -> list[bool]:
    return list(align_gold(cut_segments(LexborHTMLParser(f"<body>{body}</body>")).segments, gold))


def test_paragraphs_of_the_gold_text_are_in() -> None:
    body = f"<p>Home</p><h1>Pier</h1><p>{FIRST}</p><p>Read also: boats</p><p>{SECOND}</p><p>© Gazette</p>"
    assert _labels(body, f"{FIRST}\n\n{SECOND}") == [False, False, True, False, True, False]


def test_of_a_repetition_the_place_within_the_text_is_chosen() -> None:
    body = f"<p>{FIRST}</p><p>Menu of things</p><p>{FIRST}</p><p>{SECOND}</p>"
    assert _labels(body, f"{FIRST}\n{SECOND}") == [False, False, True, True]


@pytest.mark.parametrize(("gold", "is_in"), [(f"{FIRST}\nCosts\n{SECOND}", True), (f"{FIRST}\n{SECOND}", False)])
def test_a_short_sub_headline_is_in_if_it_is_a_line_of_the_gold_text(gold: str, is_in: bool) -> None:
    assert _labels(f"<p>{FIRST}</p><h2>Costs</h2><p>{SECOND}</p>", gold) == [True, is_in, True]


def test_words_by_chance_are_no_match() -> None:
    assert _labels(f"<p>{FIRST}</p><p>the last more on Monday of things we like to read</p>", FIRST) == [
        True,
        False,
    ]


def test_scripts_without_spaces() -> None:
    text = "港湾局は月曜日に四十隻の船を数え、春より十二隻多いとした。"
    assert _labels(f"<p>{text}</p><p>市議会は桟橋の費用について何も語らなかった。</p>", f"{text}") == [True, False]
