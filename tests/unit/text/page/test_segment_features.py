"""Features of segments: what they say of a page, and that they hold in any language."""

import numpy as np
import pytest
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.segment_features import FEATURES, PageReading, features_of
from pipeline.text.page.segment_reading import cut_page
from pipeline.text.page.serialized import write_body
from pipeline.text.page.verdicts import shares_in

PARAGRAPH = (
    "The harbour master counted forty boats on Monday, twelve more than last spring, and asked for a second pier."
)
OTHER = "Nobody on the council wanted to say how the pier, which costs nine million, is to be paid for this year."


def _features(markup: str, lines: list[str] | None = None, **stated: str) -> NDArray[np.float32]:
    segments, table = cut_page(write_body(LexborHTMLParser(f"<html><body>{markup}</body></html>")))
    titles = [stated["title"]] if "title" in stated else []
    reading = PageReading(titles, stated.get("description"), stated.get("body"), lines or [], stated.get("lead"))
    return features_of(segments, table, reading)


def _column(features: NDArray[np.float32], name: str) -> list[float]:
    return [round(float(value), 3) for value in features[:, FEATURES.index(name)]]


def test_each_segment_has_all_features_and_all_are_numbers() -> None:
    features = _features(f"<h1>Pier</h1><div><p>{PARAGRAPH}</p><ul><li><a href='/a'>More</a></li></ul></div>")
    assert features.shape == (3, len(FEATURES))
    assert np.isfinite(features).all()
    assert len(set(FEATURES)) == len(FEATURES)


def test_a_page_without_text_has_no_features() -> None:
    assert _features("<p> </p>").shape == (0, len(FEATURES))


def test_the_distance_to_the_element_with_most_of_the_text() -> None:
    body = f"<div><section><p>{PARAGRAPH}</p><p>{OTHER}</p></section></div><div><div><p>Menu</p></div></div>"
    features = _features(body)
    assert _column(features, "steps_up_0.9") == [1, 1, 3]
    assert _column(features, "steps_down_0.9") == [0, 0, 2]
    assert _column(features, "prose_share_1") == [1, 1, 0]


def test_segments_alike_are_counted_together_whatever_numbers_their_classes_have() -> None:
    body = f"<p class='first'>{PARAGRAPH}</p><p class='second'>{OTHER}</p><p class='note'>Short</p>"
    alone, together = (np.log1p(count) for count in (1, 2))
    assert _column(_features(body), "count_path") == pytest.approx([alone, alone, alone], abs=1e-3)
    numbered = body.replace("first", "text item1").replace("second", "text item2")
    assert _column(_features(numbered), "count_path") == pytest.approx([together, together, alone], abs=1e-3)


def test_names_count_from_the_nearest_element_on_and_not_for_wrappers() -> None:
    body = f"<div class='comment-list'><div><p>{OTHER[:50]}</p></div></div><div><p>{PARAGRAPH}</p><p>{OTHER}</p></div>"
    assert _column(_features(body), "levels_to_comment") == [2, 9, 9]
    assert _column(_features(f"<div class='has-comments'>{body}</div>"), "levels_to_comment") == [2, 9, 9]


def test_headline_and_place_below_it() -> None:
    body = f"<p>Top of the page</p><h1>Second pier for the harbour</h1><p>{PARAGRAPH}</p>"
    features = _features(body, title="Second pier for the harbour | Gazette")
    assert _column(features, "from_headline") == [-1, 0, 1]
    assert _column(features, "has_headline") == [1, 1, 1]


def test_the_rules_verdict_and_the_stated_body() -> None:
    body = f"<p>{PARAGRAPH}</p><p>{OTHER}</p>"
    features = _features(body, [PARAGRAPH], body=f"{OTHER} And more.")
    assert _column(features, "verdict") == [1, 0]
    assert _column(features, "stated") == [0, 1]
    assert _column(_features(body), "stated") == [-1, -1]


def test_a_short_line_is_in_a_text_only_as_a_line_of_it() -> None:
    segments, _ = cut_page("<body><p>Pier</p><p>Pier<br>Costs</p></body>")
    assert list(shares_in(segments, ["The Pier is long", "Costs"])) == pytest.approx([0, 5 / 9])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "Der Hafen zählte am Montag vierzig Boote, zwölf mehr als im Frühjahr, und fordert einen zweiten Steg.",
            "Ufer",
        ),
        (
            "Η λιμενική αρχή μέτρησε σαράντα σκάφη τη Δευτέρα, δώδεκα περισσότερα από την άνοιξη, στο παλιό λιμάνι.",
            "Ακτή",
        ),
        (
            "港湾局は月曜日に四十隻の船を数え、春より十二隻多いとして、二つ目の桟橋を市議会に求めた。工費は九百万円になる。",
            "岸",
        ),
        (
            "أحصت سلطة الميناء أربعين قاربا يوم الاثنين، أي أكثر من الربيع باثني عشر قاربا، وطلبت رصيفا ثانيا للميناء.",
            "شاطئ",
        ),
    ],
)
def test_running_text_is_told_from_labels_in_any_script(first: str, second: str) -> None:
    features = _features(f"<p>{first}</p><p>{second}</p>")
    assert _column(features, "is_prose") == [1, 0]
    assert _column(features, "steps_down_0.5") == [0, 1]
