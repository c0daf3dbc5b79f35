"""From probabilities of segments to the article's text."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.text.page.content import MainText
from pipeline.text.page.scored_text import choose_segments, text_of
from pipeline.text.page.segment_features import FEATURES
from pipeline.text.page.segments import Segment

MANY = 80
RULES = MainText(["What the rules found."], ("Pier",), "The lead above the text", 0.0, 0.5)


def _features(widths: list[float], verdicts: list[float] | None = None) -> NDArray[np.float32]:
    features = np.zeros((len(widths), len(FEATURES)), np.float32)
    features[:, FEATURES.index("width")] = np.log1p(widths)
    features[:, FEATURES.index("is_prose")] = 1
    if verdicts is not None:
        features[:, FEATURES.index("verdict")] = verdicts
    return features


def _padded(values: list[float]) -> list[float]:
    return values + [0.01] * (MANY - len(values))


def _text(texts: list[str]) -> MainText:
    probabilities = np.array(_padded([0.99] * len(texts)), np.float32)
    widths = [float(len(text)) for text in texts] + [1.0] * (MANY - len(texts))
    chosen = choose_segments(probabilities, _features(widths))
    return text_of([Segment(0, text, 0) for text in texts + ["x"] * (MANY - len(texts))], chosen, RULES)


def test_likely_segments_are_chosen() -> None:
    widths = [100.0] * 3 + [1.0] * (MANY - 3)
    chosen = choose_segments(np.array(_padded([0.99, 0.2, 0.9]), np.float32), _features(widths))
    assert list(np.flatnonzero(chosen.inside)) == [0, 2]
    assert 0.8 < chosen.expected_f1 < 1
    assert chosen.unsure_share == pytest.approx(100 / 200, abs=0.01)


def test_where_much_may_be_missing_a_doubtful_segment_is_worth_choosing() -> None:
    sure, doubtful = [0.99] * 6 + [0.45], [0.45] * 7
    for values, count in ((sure, 6), (doubtful, 7)):
        chosen = choose_segments(np.array(_padded(values), np.float32), _features([100.0] * MANY))
        assert chosen.inside.sum() == count


def test_agreement_is_that_with_the_rules() -> None:
    probabilities = np.array(_padded([0.99, 0.99]), np.float32)
    same, other, half = (
        choose_segments(probabilities, _features([100.0] * MANY, verdict + [0.0] * (MANY - 4))).agreement
        for verdict in ([1.0, 1, 0, 0], [0.0, 0, 1, 1], [1.0, 0, 0, 0])
    )
    assert (same, other, half) == pytest.approx((1, 0, 2 / 3))


def test_on_a_page_with_few_segments_the_rules_decide() -> None:
    features = _features([100.0] * 4, [1.0, 1, 0, 0])
    chosen = choose_segments(np.array([0.9, 0.05, 0.95, 0.1], np.float32), features)
    assert list(chosen.inside) == [True, True, False, False]


def test_order_and_line_breaks_stay() -> None:
    assert _text(["First paragraph.", "A verse\nof two lines", "Last."]).lines == [
        "First paragraph.",
        "A verse",
        "of two lines",
        "Last.",
    ]


def test_the_lead_of_the_rules_is_not_repeated() -> None:
    main = _text(["The lead above\nthe text", "First paragraph."])
    assert (main.lines, main.lead, main.headlines) == (["First paragraph."], RULES.lead, RULES.headlines)


@pytest.mark.parametrize("repeated", ["A sentence that phones and desktops both show.", "Short."])
def test_long_text_is_taken_once(repeated: str) -> None:
    lines = _text([repeated, "Between.", repeated]).lines
    assert lines == ([repeated, "Between."] if len(repeated) > 30 else [repeated, "Between.", repeated])


def test_of_a_text_and_a_part_of_it_the_whole_is_taken() -> None:
    part = "A sentence that phones and desktops both show."
    assert _text([part, f"{part} And another one."]).lines == [f"{part} And another one."]


def test_without_a_likely_segment_the_text_of_the_rules_stays() -> None:
    chosen = choose_segments(np.full(MANY, 0.1, np.float32), _features([100.0] * MANY))
    assert text_of([Segment(0, "x", 0)] * MANY, chosen, RULES) is RULES
