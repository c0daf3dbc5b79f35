"""The calibration of readers: probabilities that hold, shifts with evidence, and a file that the pipeline reads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.params import LENGTHS, Length
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline.sources.errors import InputError
from pipeline_research.training.subject_calibration import CalibrationParams, calibrate, calibrated
from pipeline_research.training.subject_cases import Case
from pipeline_research.training.subject_evidence import Evidence
from pipeline_research.training.subject_fit import FitParams, Strengths, fit, probabilities
from tests.research.subject_stubs import WordReader, write_subject_corpora

Write = Callable[..., None]

QUICK = CalibrationParams(fit=FitParams(strengths=(8.0,)))


_LONG: tuple[Length, ...] = ("long",)


def _evidence(count: int, truth: dict[str, float], source: str = "news") -> Evidence:
    """Return texts of which a logit of 1 is worth as much as `truth` says of the language."""
    chance = np.random.default_rng(1)
    logits, right = np.full((count, len(CODES)), -6.0), np.zeros((count, len(CODES)))
    languages = tuple(list(truth)[number % len(truth)] for number in range(count))
    for number, tag in enumerate(languages):
        column = number % len(CODES)
        logits[number, column] = chance.normal(1.0, 2.0)
        right[number, column] = chance.random() < 1 / (1 + np.exp(-(2 * logits[number, column] + truth[tag])))
    cases = tuple(
        Case(source, str(n), tag, SubjectInput(body=str(n)), "article", ("15000000",))
        for n, tag in enumerate(languages)
    )
    return Evidence("fast", cases, logits, right, right, _LONG * count, languages, ("Latn",) * count, np.ones(count))


def test_probabilities_hold_in_every_language() -> None:
    evidence = _evidence(6000, {"de": 1.0, "sw": -1.0})
    odds = probabilities(evidence, fit(evidence, Strengths(8.0, 8.0)))
    for tag in ("de", "sw"):
        mine = np.array([language == tag for language in evidence.languages])
        assert odds[mine].sum() == pytest.approx(evidence.right[mine].sum(), rel=0.05)


def test_the_slope_is_found_and_a_length_without_texts_keeps_the_plain_one() -> None:
    lines = fit(_evidence(6000, {"de": 0.0}), Strengths()).lines
    assert lines["long"][0] == pytest.approx(2.0, abs=0.2)
    assert lines["headline"] == (1.0, 0.0)


def test_a_language_with_little_evidence_stays_near_its_script() -> None:
    evidence = _evidence(3000, {"de": 1.0, "sw": -1.0})
    few = evidence.only([tag == "de" or number < 12 for number, tag in enumerate(evidence.languages)])
    found, strong = fit(few, Strengths(8.0, 8.0)), fit(evidence, Strengths(8.0, 8.0))
    gap = abs(found.languages["sw"] - found.scripts["Latn"])
    assert gap < abs(strong.languages["sw"] - strong.scripts["Latn"])
    assert found.languages["sw"] < 0


def test_the_file_is_one_that_the_pipeline_reads(tmp_path: Path, write: Write) -> None:
    write_subject_corpora(write)
    lines: list[str] = []
    found = calibrate(tmp_path, [WordReader("fast"), WordReader("encoder")], lines.append, QUICK)
    calibration = Calibration.decode(found.json)
    assert set(calibration.lines) == {"fast", "encoder"}
    assert set(calibration.lines["fast"]) == set(LENGTHS)
    assert any("read_masakhanews" in line for line in found.lines)
    assert found.json == calibrate(tmp_path, [WordReader("fast"), WordReader("encoder")], lines.append, QUICK).json


def test_a_language_is_switched_off_only_where_answers_are_shown_to_be_wrong() -> None:
    good, bad = _evidence(600, {"de": 6.0}), _evidence(60, {"dz": -60.0}, "other")
    both = Evidence(
        "fast",
        good.cases + bad.cases,
        np.concatenate((good.logits, bad.logits)),
        np.concatenate((good.right, bad.right)),
        np.concatenate((good.labels, bad.labels)),
        good.lengths + bad.lengths,
        good.languages + bad.languages,
        good.scripts + bad.scripts,
        np.concatenate((good.weights, bad.weights)),
    )
    assert Calibration.decode(calibrated([both], lambda _: None, QUICK).json).unsupported == {"fast": frozenset({"dz"})}
    few = both.only([number < 602 for number in range(660)])
    assert Calibration.decode(calibrated([few], lambda _: None, QUICK).json).unsupported == {"fast": frozenset()}


@pytest.mark.usefixtures("write")
def test_there_must_be_news_to_calibrate_with(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no news with labels by reading"):
        calibrate(tmp_path, [WordReader()], lambda _: None)
