"""What is served: floors, the bar for reliable subjects, and when the cascade asks."""

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.params import Length
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.subject_bars import BarParams, Judged, ask_bar, bars, lower_bound, reliable_bar
from pipeline_research.training.subject_cases import Case
from pipeline_research.training.subject_evidence import Evidence

_LONG: tuple[Length, ...] = ("long",)


def _judged(rows: Sequence[tuple[float, bool]], name: ReaderName = "fast", second: float = 0.0) -> Judged:
    """Return texts whose best answer has a probability and is right or not, and whose second one is always wrong."""
    odds, right = np.zeros((len(rows), len(CODES))), np.zeros((len(rows), len(CODES)))
    odds[:, 0], odds[:, 1] = [value for value, _ in rows], second
    right[:, 0] = [good for _, good in rows]
    right[:, 2] = 1 - right[:, 0]
    cases = tuple(
        Case("s", str(n), "en", SubjectInput(body=str(n)), "article", (CODES[0] if good else CODES[2],))
        for n, (_, good) in enumerate(rows)
    )
    count = len(rows)
    evidence = Evidence(
        name, cases, odds, right, right, _LONG * count, ("en",) * count, ("Latn",) * count, np.ones(count)
    )
    return Judged(evidence, odds)


def test_few_answers_are_weak_evidence() -> None:
    assert lower_bound(1.0, 10, 1.0) < 0.95 < lower_bound(1.0, 100, 1.0)
    assert lower_bound(1.0, 0, 1.0) == 0


def test_reliable_ones_are_right_often_enough_above_the_bar() -> None:
    rows = [(0.95, True)] * 300 + [(0.8, n % 2 > 0) for n in range(100)]
    assert reliable_bar([_judged(rows)], 0.5, BarParams()) == pytest.approx(0.81)
    assert reliable_bar([_judged([(0.9, False)] * 50)], 0.5, BarParams()) == 1.0


def test_wrong_second_subjects_raise_the_bar_for_reliable_ones() -> None:
    rows = [(0.95, True)] * 300
    assert reliable_bar([_judged(rows)], 0.5, BarParams()) == 0.5
    assert reliable_bar([_judged(rows, second=0.7)], 0.5, BarParams()) == pytest.approx(0.71)


def test_what_is_reliable_is_served() -> None:
    assert reliable_bar([_judged([(0.95, True)] * 300)], 0.6, BarParams()) == pytest.approx(0.6)


def test_the_cascade_asks_where_the_fast_reader_is_worse() -> None:
    fast = _judged([(0.95, True)] * 100 + [(0.6, False)] * 100)
    encoder = _judged([(0.95, True)] * 200, "encoder")
    assert 0.6 < ask_bar(fast, _same_texts(encoder, fast), BarParams()) <= 0.62
    assert ask_bar(fast, _same_texts(fast, fast), BarParams()) == 0.0


def _same_texts(judged: Judged, as_in: Judged) -> Judged:
    found = judged.evidence
    evidence = Evidence(
        "encoder",
        as_in.evidence.cases,
        found.logits,
        found.right,
        found.labels,
        found.lengths,
        found.languages,
        found.scripts,
        found.weights,
    )
    return Judged(evidence, judged.odds)


def test_nearly_all_articles_get_a_subject_and_second_ones_only_where_they_help() -> None:
    rows = [(0.9, True)] * 300 + [(0.31, True)]
    found = bars({"fast": _judged(rows, second=0.3)})
    assert found.floor == pytest.approx(0.9)
    assert found.further > 0.3
    assert found.ask_below == 0.0


def test_a_defensible_subject_counts_neither_way_when_further_ones_are_chosen() -> None:
    judged = _judged([(0.9, True)] * 100, second=0.4)
    evidence = judged.evidence
    right = evidence.right.copy()
    right[:, 1] = 1
    fine = Evidence(
        "fast",
        evidence.cases,
        evidence.logits,
        right,
        evidence.labels,
        evidence.lengths,
        evidence.languages,
        evidence.scripts,
        evidence.weights,
    )
    assert bars({"fast": judged}).further > 0.4, "further subjects that are wrong are kept out"
    assert bars({"fast": Judged(fine, judged.odds)}).further == bars({"fast": _judged([(0.9, True)] * 100)}).further
