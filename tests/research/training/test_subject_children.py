"""The second level: its line, the codes that are served, and the bars."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from msgspec import Struct
from msgspec.structs import replace

from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.params import Length, SubjectParams
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL
from pipeline_research.training.subject_bars import Judged
from pipeline_research.training.subject_calibration import CalibrationParams, calibrated
from pipeline_research.training.subject_cases import Case
from pipeline_research.training.subject_children import Children, children_of
from pipeline_research.training.subject_evidence import Evidence, evidence_of
from pipeline_research.training.subject_fit import FitParams

SPORT, POLITICS = "15000000", "11000000"
EVENT, DISCIPLINE, ELECTION = "20001108", "20000822", "20000574"
NOTHING = -4.0
_LONG: tuple[Length, ...] = ("long",)


class _Text(Struct, frozen=True):
    """Texts of one kind: their logits of the second level, and what their reader gave."""

    count: int
    logits: dict[str, float]
    second: tuple[str, ...] | None
    codes: tuple[str, ...] = (SPORT,)
    given: str = SPORT


def _judged(*kinds: _Text, odds: float = 0.99) -> Judged:
    """Return texts whose subject, `given`, is served with a probability."""
    texts = [kind for kind in kinds for _ in range(kind.count)]
    cases = tuple(
        Case("s", str(number), "en", SubjectInput(body=str(number)), "article", item.codes, (), item.second)
        for number, item in enumerate(texts)
    )
    right = np.array([[float(code in item.codes) for code in CODES] for item in texts])
    tops = np.array([[odds if code == item.given else 0.001 for code in CODES] for item in texts])
    second = np.array([[item.logits.get(code, NOTHING) for code in SECOND_LEVEL] for item in texts])
    count = len(texts)
    logits = np.log(tops / (1 - tops))
    evidence = Evidence(
        "encoder",
        cases,
        logits,
        right,
        right,
        _LONG * count,
        ("en",) * count,
        ("Latn",) * count,
        np.ones(count),
        second,
    )
    return Judged(evidence, tops)


def _children(*kinds: _Text, odds: float = 0.99) -> Children:
    found = children_of(_judged(*kinds, odds=odds), 0.2, 0.4)
    assert found is not None
    return found


GOOD = _Text(100, {EVENT: 4.0}, (EVENT,))
BAD = _Text(30, {DISCIPLINE: 4.0, EVENT: 0.0}, (EVENT,))


def test_codes_that_are_right_often_enough_are_served() -> None:
    assert _children(GOOD, BAD).codes == {EVENT}


def test_few_answers_prove_nothing() -> None:
    few = _Text(4, {DISCIPLINE: 4.0}, (DISCIPLINE,))
    assert _children(GOOD, few).codes == {EVENT}
    assert _children(GOOD, replace(few, count=20)).codes == {EVENT, DISCIPLINE}


def test_where_the_reader_found_nothing_an_answer_is_wrong() -> None:
    assert _children(GOOD, replace(GOOD, second=(), count=60)).codes == set()


def test_below_a_further_subject_where_nobody_looked_nothing_is_counted() -> None:
    open_texts = replace(GOOD, second=(ELECTION,), codes=(POLITICS, SPORT), count=60)
    assert _children(GOOD, open_texts).codes == {EVENT}


def test_below_a_subject_that_is_wrong_an_answer_is_wrong() -> None:
    wrong = replace(GOOD, second=(ELECTION,), codes=(POLITICS,), count=60)
    assert _children(GOOD, wrong).codes == set()


def test_the_bar_leaves_out_what_is_too_unsure() -> None:
    unsure = _Text(60, {EVENT: 0.5}, (DISCIPLINE,)), _Text(60, {EVENT: 0.5}, (EVENT,))
    found = _children(GOOD, *unsure)
    assert found.codes == {EVENT}
    assert found.bar > 0.5
    assert found.slope > 0
    assert found.bar <= found.reliable <= 1.0


def test_reliable_children_are_right_nineteen_times_of_twenty() -> None:
    most = _Text(90, {EVENT: 1.5}, (EVENT,)), _Text(12, {EVENT: 1.5}, (DISCIPLINE,))
    found = _children(replace(GOOD, count=300, logits={EVENT: 6.0}), *most)
    # All together would be right 97 times of 100.
    assert found.reliable == found.bar
    few = _children(replace(GOOD, count=60, logits={EVENT: 6.0}), *most)
    assert few.codes == {EVENT}
    assert few.reliable > few.bar


def test_a_child_needs_a_parent_that_is_served() -> None:
    assert _children(replace(GOOD, given=POLITICS)).codes == set()


def test_forms_of_a_text_are_one_text() -> None:
    judged = _judged(replace(GOOD, count=12))
    cases = tuple(replace(case, group=str(number // 6)) for number, case in enumerate(judged.evidence.cases))
    found = children_of(Judged(replace(judged.evidence, cases=cases), judged.odds), 0.2, 0.4)
    assert found is not None
    assert found.codes == set()


def test_the_tables_name_what_is_served_and_what_is_not() -> None:
    lines = _children(GOOD, BAD).lines
    assert any("| all | 130 |" in line for line in lines)
    assert f"| {EVENT} | sport event | sport | 130 | 100 | 1.000 | yes |" in lines
    assert f"| {DISCIPLINE} | competition discipline | sport | 0 | 30 | 0.000 | no |" in lines
    assert "election" in lines[-1]


def test_without_labels_or_a_head_there_is_no_second_level() -> None:
    judged = _judged(GOOD)
    assert children_of(_judged(replace(GOOD, second=None)), 0.2, 0.4) is None
    assert children_of(Judged(replace(judged.evidence, second=None), judged.odds), 0.2, 0.4) is None


@pytest.mark.parametrize(("kinds", "codes"), [([GOOD, BAD], {EVENT}), ([replace(GOOD, second=())], None)])
def test_the_calibration_has_the_second_level(kinds: Sequence[_Text], codes: Any) -> None:
    lines: list[str] = []
    params = CalibrationParams(fit=FitParams(strengths=(8.0,)))
    found = calibrated([_judged(*kinds).evidence], lines.append, params)
    second = Calibration.decode(found.json).second
    assert (second and second.codes) == codes
    assert any("second level" in line for line in lines)
    assert any("Below the top level" in line for line in found.lines)


def test_evidence_has_the_logits_of_readers_that_give_them() -> None:
    cases = [Case("s", str(n), "en", SubjectInput(body="x"), "article", (SPORT,)) for n in range(2)]
    top, second = tuple(0.0 for _ in CODES), tuple(float(n) for n in range(len(SECOND_LEVEL)))
    with_head = [Reading("encoder", top, 9, None, second)] * 2
    found = evidence_of("encoder", cases, with_head, SubjectParams())
    assert found.second is not None
    assert found.second.shape == (2, len(SECOND_LEVEL))
    only = found.only([True, False]).second
    assert only is not None
    assert only.tolist() == [list(second)]
    assert evidence_of("fast", cases, [Reading("fast", top, 9)] * 2, SubjectParams()).second is None
