"""Subjects of the second level: which are served, under which parents, and how sure they are."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.domain.subject import ReaderName, Subject
from pipeline.models.subjects.calibration import SecondLevel
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.encoder import EncoderParams, EncoderReader
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.taxonomy import SECOND_LEVEL, SECOND_LEVEL_VERSION
from tests.harness.small_encoder import POSITIONS, SCRIPTS, small_encoder
from tests.unit.models.scripted_reader import ENCODER, FAST, NOTHING, PLAIN, ScriptedReader, logits_of, text_of

SPORT, POLITICS = "15000000", "11000000"
EVENT, DISCIPLINE, ELECTION, GOVERNMENT = "20001108", "20000822", "20000574", "20000593"
SERVED = SecondLevel(slope=1.0, base=0.0, bar=0.5, reliable=0.8, codes=frozenset(SECOND_LEVEL))


def _subjects(
    children: Mapping[str, float] | None,
    *,
    second: SecondLevel | None = SERVED,
    params: SubjectParams = ENCODER,
    tops: Mapping[str, float] | None = None,
) -> tuple[Subject, ...]:
    logits = None if children is None else tuple(children.get(code, NOTHING) for code in SECOND_LEVEL)
    name: ReaderName = "fast" if params.reader == "fast" else "encoder"
    top = logits_of(*(tops or {SPORT: 5.0}).items())
    reader = ScriptedReader(name, lambda _: top, second=logits)
    calibration = replace(PLAIN, second=second)
    classifier = SubjectClassifier(calibration=calibration, params=params, **{name: reader})
    (result,) = classifier.classify([text_of("some words", "de")])
    return result.subjects


def _codes(subjects: tuple[Subject, ...]) -> list[str]:
    return [subject.code.removeprefix("medtop:") for subject in subjects]


def test_a_child_follows_its_parent() -> None:
    parent, child = _subjects({EVENT: 2.0})
    assert (parent.code, parent.parent, parent.confidence) == ("medtop:15000000", None, 0.9933)
    assert child == Subject(
        code="medtop:20001108",
        parent="medtop:15000000",
        name="sport event",
        confidence=round(0.9933 * 0.8807970779778823, 4),
        reliable=True,
        method="encoder",
        scheme_version=SECOND_LEVEL_VERSION,
    )


def test_the_surest_children_stand_behind_all_top_level_subjects() -> None:
    tops = {SPORT: 5.0, POLITICS: 5.0}
    children = {EVENT: 1.0, DISCIPLINE: 3.0, ELECTION: 2.0, GOVERNMENT: 2.0}
    assert _codes(_subjects(children, tops=tops)) == [POLITICS, SPORT, DISCIPLINE, ELECTION]
    one = replace(ENCODER, max_children=1)
    assert _codes(_subjects(children, tops=tops, params=one)) == [POLITICS, SPORT, DISCIPLINE]


def test_only_children_of_served_subjects_are_served() -> None:
    assert _codes(_subjects({ELECTION: 5.0, EVENT: 1.0})) == [SPORT, EVENT]
    assert _subjects({EVENT: 5.0}, tops={SPORT: -5.0}) == ()


def test_a_child_is_no_surer_than_its_parent() -> None:
    parent, child = _subjects({EVENT: 30.0}, tops={SPORT: 0.5})
    assert child.confidence == parent.confidence == 0.6225


@pytest.mark.parametrize(("bar", "served"), [(0.8747, 1), (0.8748, 1), (0.8749, 0)])
def test_nothing_is_served_below_the_bar(bar: float, served: int) -> None:
    # The confidence is 0.9933 × 0.8807, 0.8748 when rounded.
    subjects = _subjects({EVENT: 1.9993}, second=replace(SERVED, bar=bar, reliable=1.0))
    assert len(subjects) == 1 + served


def test_a_code_that_was_wrong_too_often_is_not_served() -> None:
    second = replace(SERVED, codes=frozenset({DISCIPLINE}))
    assert _codes(_subjects({EVENT: 5.0, DISCIPLINE: 1.0}, second=second)) == [SPORT, DISCIPLINE]


def test_slope_and_base_are_of_the_calibration() -> None:
    second = replace(SERVED, slope=2.0, base=-1.0, bar=0.1)
    (_, child) = _subjects({EVENT: 0.5}, second=second)
    assert child.confidence == round(0.9933 * 0.5, 4)


def test_settings_are_of_both_levels() -> None:
    assert len(_subjects({EVENT: 1.0}, params=replace(ENCODER, floor=0.9))) == 1
    assert len(_subjects({EVENT: -1.0}, params=replace(ENCODER, floor=0.1))) == 1, "the measured bar stays"
    for bar, reliable in ((0.7, [True, True]), (0.9, [True, False])):
        subjects = _subjects({EVENT: 1.0}, params=replace(ENCODER, reliable=bar))
        assert [subject.reliable for subject in subjects] == reliable


def test_no_child_is_reliable_unless_its_parent_is() -> None:
    second = replace(SERVED, bar=0.5, reliable=0.6)
    assert [item.reliable for item in _subjects({EVENT: 5.0}, tops={SPORT: 1.0}, second=second)] == [False, False]
    assert [item.reliable for item in _subjects({EVENT: 5.0}, tops={SPORT: 2.0}, second=second)] == [True, True]


def test_without_a_calibration_or_an_answer_there_are_no_children() -> None:
    assert _codes(_subjects({EVENT: 5.0}, second=None)) == [SPORT]
    assert _codes(_subjects(None)) == [SPORT]
    assert _codes(_subjects(None, params=FAST)) == [SPORT]


def test_a_cascade_serves_children_where_the_encoder_answered() -> None:
    children = tuple(5.0 if code == EVENT else NOTHING for code in SECOND_LEVEL)
    fast = ScriptedReader("fast", lambda text: logits_of((SPORT, 5.0 if "sure" in text else 0.0)))
    encoder = ScriptedReader("encoder", lambda _: logits_of((SPORT, 5.0)), second=children)
    calibration = replace(PLAIN, second=SERVED)
    classifier = SubjectClassifier(calibration=calibration, params=SubjectParams(), fast=fast, encoder=encoder)
    sure, other = classifier.classify([text_of("sure of it"), text_of("some words")])
    assert (_codes(sure.subjects), _codes(other.subjects)) == ([SPORT], [SPORT, EVENT])


def test_the_encoder_gives_children(tmp_path: Path) -> None:
    reader = EncoderReader(small_encoder(tmp_path, second=True), EncoderParams(max_tokens=POSITIONS))
    texts = [text_of(text) for text in SCRIPTS]
    open_to_all = replace(PLAIN, floor=0.0, further=0.0, second=replace(SERVED, bar=0.0))
    classifier = SubjectClassifier(calibration=open_to_all, params=ENCODER, encoder=reader)
    for result, reading in zip(classifier.classify(texts), reader.read(texts), strict=True):
        assert reading is not None
        tops = [subject.code for subject in result.subjects[:3]]
        children = result.subjects[3:]
        assert len(children) == 2
        assert all(child.parent in tops for child in children)
        best = dict(SERVED.probabilities(reading.second or (), {s.code[7:]: s.confidence for s in result.subjects[:3]}))
        assert [child.confidence for child in children] == sorted(best.values(), reverse=True)[:2]
