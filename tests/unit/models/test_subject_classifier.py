"""The classifier: who is asked, what is served, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier, SubjectResult
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import SUBJECT_NAMES, TAXONOMY_VERSION
from tests.unit.models.scripted_reader import (
    FAST,
    PLAIN,
    SURE,
    ScriptedReader,
    logits_of,
    text_of,
)
from tests.unit.models.subject_texts import HEALTH, POLITICS_AR, SPORT


def _served(logits: tuple[float, ...], params: SubjectParams = FAST, calibration: Calibration = PLAIN) -> SubjectResult:
    reader = ScriptedReader("fast", lambda _: logits)
    (result,) = SubjectClassifier(calibration=calibration, params=params, fast=reader).classify([text_of("some words")])
    return result


# -- what is served


@pytest.mark.parametrize(
    ("item", "code"),
    [(SPORT, "medtop:15000000"), (HEALTH, "medtop:07000000"), (POLITICS_AR, "medtop:11000000")],
)
def test_subject_of_plain_texts(item: SubjectInput, code: str, subjects: SubjectClassifier) -> None:
    (result,) = subjects.classify([item])
    first = result.subjects[0]
    assert first.code == code
    assert first.confidence >= 0.5
    assert first.name == SUBJECT_NAMES[code.removeprefix("medtop:")]
    assert first.scheme_version == TAXONOMY_VERSION
    assert (first.method, result.reader, result.reason, result.vector) == ("fast", "fast", None, None)


@pytest.mark.parametrize(
    "headline",
    [
        "Striker scores twice in cup final",
        "Ministro renuncia tras protestas",
        "الرئيس يلتقي رئيس الوزراء",
        "日本が優勝",
    ],
)
def test_a_headline_alone_is_answered(headline: str, subjects: SubjectClassifier) -> None:
    (result,) = subjects.classify([text_of(headline, None)])
    assert result.subjects
    assert result.reason is None


def test_an_unknown_language_is_answered(subjects: SubjectClassifier) -> None:
    results = subjects.classify([SubjectInput(SPORT.headline, SPORT.body, tag) for tag in (None, "und", "tlh")])
    assert [result.subjects[0].code for result in results] == ["medtop:15000000"] * 3


@pytest.mark.parametrize(("language", "name"), [("en", None), ("id", None), ("es", "Deporte"), ("fr", "Sport")])
def test_the_local_name_is_that_of_the_iptc(language: str, name: str | None, subjects: SubjectClassifier) -> None:
    # The text is the same in all cases; only the given language differs.
    (result,) = subjects.classify([SubjectInput(SPORT.headline, SPORT.body, language)])
    assert (result.subjects[0].name, result.subjects[0].local_name) == ("sport", name)


def test_several_subjects_are_served_the_surest_first() -> None:
    result = _served(logits_of(("02000000", 0.5), ("15000000", 2.0), ("11000000", -0.5), ("16000000", -0.4)))
    assert [(item.code, item.confidence) for item in result.subjects] == [
        ("medtop:15000000", 0.8808),
        ("medtop:02000000", 0.6225),
        ("medtop:16000000", 0.4013),
    ]
    assert [item.reliable for item in result.subjects] == [True, False, False]


def test_of_equally_probable_subjects_the_lower_code_is_first() -> None:
    result = _served(logits_of(("16000000", 1.0), ("02000000", 1.0), ("11000000", 1.0), ("17000000", 1.0)))
    assert [item.code[-8:-6] for item in result.subjects] == ["02", "11", "16"]


def test_what_is_decided_follows_from_what_is_published() -> None:
    # Both logits differ in the tenth digit only, so that the published confidence is the same.
    below, above = (_served(logits_of(("15000000", 1.3862943611 + part))) for part in (-1e-9, 1e-9))
    assert below == above
    assert below.subjects[0].confidence == 0.8
    assert below.subjects[0].reliable


@pytest.mark.parametrize(("floor", "served"), [(0.8807, 1), (0.8808, 1), (0.8809, 0)])
def test_nothing_is_served_below_the_floor(floor: float, served: int) -> None:
    logits = logits_of(("15000000", 2.0))
    by_setting = _served(logits, replace(FAST, floor=floor))
    reliable = {"encoder": 0.9, "fast": 0.9}
    by_file = _served(logits, calibration=replace(PLAIN, floor=floor, further=floor, reliable=reliable))
    assert len(by_setting.subjects) == len(by_file.subjects) == served
    assert by_setting.reason == by_file.reason == (None if served else "below_floor")
    assert by_setting.reader == "fast"


def test_further_subjects_need_more_than_the_first() -> None:
    calibration = replace(PLAIN, floor=0.3, further=0.7, reliable={"encoder": 0.9, "fast": 0.9})
    logits = logits_of(("15000000", 1.0), ("11000000", 0.9), ("04000000", 0.8))
    assert [item.confidence for item in _served(logits, calibration=calibration).subjects] == [0.7311, 0.7109]
    assert len(_served(logits_of(("15000000", -0.5)), calibration=calibration).subjects) == 1
    assert len(_served(logits, replace(FAST, floor=0.1), calibration).subjects) == 3


def test_a_reader_has_its_own_bar_for_reliable_subjects() -> None:
    calibration = replace(PLAIN, reliable={"encoder": 0.8, "fast": 0.9})
    assert not _served(logits_of(("15000000", 2.0)), calibration=calibration).subjects[0].reliable


@pytest.mark.parametrize(("bar", "reliable"), [(0.8808, True), (0.8809, False)])
def test_the_bar_of_reliable_subjects_can_be_set(bar: float, *, reliable: bool) -> None:
    result = _served(logits_of(("15000000", 2.0)), replace(FAST, reliable=bar))
    assert result.subjects[0].reliable == reliable


@given(st.lists(st.floats(-6, 6), min_size=17, max_size=17), st.floats(0, 1), st.floats(0, 1))
def test_what_is_served_of_any_answer(logits: list[float], floor: float, reliable: float) -> None:
    result = _served(tuple(logits), replace(FAST, floor=floor, reliable=reliable))
    found = [(-item.confidence, item.code) for item in result.subjects]
    assert found == sorted(set(found))
    assert len(found) <= 3
    assert all(item.confidence >= floor for item in result.subjects)
    assert all(item.reliable == (item.confidence >= reliable) for item in result.subjects)
    assert all(item.confidence == round(item.confidence, 4) for item in result.subjects)
    assert (result.reason == "below_floor") == (not result.subjects)
    (odds,) = SubjectClassifier(
        calibration=PLAIN, params=FAST, fast=ScriptedReader("fast", lambda _: tuple(logits))
    ).probabilities([text_of("some words")])
    assert odds is not None
    served = sum(value >= floor for value in odds.values())
    assert len(found) == min(3, served)


# -- reasons


@pytest.mark.parametrize("text", ["", " \n", "Ok", "2026 12 31", "日", "?! … –"])
def test_too_little_to_read_is_no_text(text: str, subjects: SubjectClassifier) -> None:
    (result,) = subjects.classify([SubjectInput(body=text, language="en")])
    assert result == SubjectResult(reason="no_text")
    assert subjects.probabilities([SubjectInput(body=text, language="en")]) == [None]


def test_without_a_reading_the_language_is_unsupported(subjects: SubjectClassifier) -> None:
    strange = SubjectInput(body="qzxv wkjq vbnqz zzxqj qqwzk xvjqz wwqzx", language="en")
    assert subjects.classify([strange]) == [SubjectResult(reason="language_unsupported")]


def test_a_language_that_no_reader_supports() -> None:
    calibration = replace(PLAIN, unsupported={"fast": frozenset({"dz"})})
    reader = ScriptedReader("fast", lambda _: logits_of(("15000000", SURE)))
    classifier = SubjectClassifier(calibration=calibration, params=FAST, fast=reader)
    results = classifier.classify([text_of("some words", "dz"), text_of("other words")])
    assert [result.reason for result in results] == ["language_unsupported", None]
    assert reader.asked == [["other words"]]


def test_the_script_of_the_text_decides_for_a_language_without_evidence() -> None:
    calibration = replace(PLAIN, scripts={"fast": {"Cyrl": 2.0}})
    reader = ScriptedReader("fast", lambda _: logits_of(("15000000", 0.0)))
    classifier = SubjectClassifier(calibration=calibration, params=FAST, fast=reader)
    latin, cyrillic = classifier.classify([text_of("some words", "mk"), text_of("неколку зборови", "mk")])
    assert (latin.subjects[0].confidence, cyrillic.subjects[0].confidence) == (0.5, 0.8808)
