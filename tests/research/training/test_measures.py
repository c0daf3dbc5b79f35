"""Figures about answers."""

import pytest

from pipeline_research.training.measures import (
    Scored,
    accuracy,
    at_coverage,
    bins,
    calibration_error,
    class_scores,
    macro_f1,
    table,
)

ANSWERS = [
    Scored(("a",), "a", 0.95),
    Scored(("a",), "b", 0.55),
    Scored(("b",), "b", 0.85),
    Scored(("b", "c"), "c", 0.65),
]


def test_a_class_is_scored_over_all_right_answers() -> None:
    assert accuracy(ANSWERS) == 0.75
    assert class_scores(ANSWERS, "b") == (0.5, 0.5, 0.5)
    assert class_scores(ANSWERS, "c") == (1.0, 1.0, 1.0)


def test_macro_f1_is_the_mean_over_the_classes_there_are_texts_of() -> None:
    scores = [class_scores(ANSWERS, label)[2] for label in "ab"]
    assert macro_f1(ANSWERS) == pytest.approx(sum(scores) / 2)
    assert macro_f1(ANSWERS, ["a", "z"]) == pytest.approx(scores[0])


def test_the_surest_answers_come_first() -> None:
    assert at_coverage(ANSWERS, 0.25) == 1.0
    assert at_coverage(ANSWERS, 1.0) == 0.75


def test_calibration_compares_confidence_with_what_was_right() -> None:
    assert [(item.low, item.count, item.right) for item in bins(ANSWERS)] == [
        (0.5, 1, 0.0),
        (0.6, 1, 1.0),
        (0.8, 1, 1.0),
        (0.9, 1, 1.0),
    ]
    assert calibration_error(ANSWERS) == pytest.approx((0.55 + 0.35 + 0.15 + 0.05) / 4)


def test_a_table_is_markdown() -> None:
    assert table(["x", "y"], [["p", 0.5]]) == ["| x | y |", "| --- | --- |", "| p | 0.500 |"]
