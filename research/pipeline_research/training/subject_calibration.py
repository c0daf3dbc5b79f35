"""Calibrate what the subject readers say, on texts that no training used, and choose what is served.

The result is `subject_calibration.json`. Probability is that of a code being no mistake: one that the text's reader
gave, or one that a second reader found defensible. The 200 articles of `eval/gold_dev.jsonl.gz` are not used: they
measure the result.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import Reader
from pipeline.sources.errors import InputError
from pipeline_research.training.corpora import SENTENCES
from pipeline_research.training.measures import table
from pipeline_research.training.subject_bars import BarParams, Bars, Judged, bars, lower_bound
from pipeline_research.training.subject_cases import FORMS, Case, held_out
from pipeline_research.training.subject_children import ChildParams, Children, children_of
from pipeline_research.training.subject_evidence import Evidence, evidence_of, fold_of, read_all
from pipeline_research.training.subject_fit import (
    FitParams,
    Fitted,
    Strengths,
    chosen_strengths,
    fit,
    probabilities,
)

__all__ = ["Calibrated", "CalibrationParams", "calibrate", "calibrated"]

_DIGITS: Final = 4

LogLine = Callable[[str], None]


class CalibrationParams(Struct, frozen=True):
    """Which texts are used, and when a language is switched off."""

    sentences: int = 20  # of SIB-200 in each language; 200 languages have no other texts
    wrong: float = 0.4  # a reader is not asked in a language if fewer of its best answers are in codes, with certainty
    certainty: float = 1.645  # standard errors: one-sided, 95 %
    fit: FitParams = FitParams()
    bars: BarParams = BarParams()
    children: ChildParams = ChildParams()


class Calibrated(Struct, frozen=True):
    """The calibration as JSON, and Markdown about how it holds on texts that it was not fitted to."""

    json: bytes
    lines: list[str]


def calibrate(
    data: Path, readers: Sequence[Reader], log_line: LogLine, params: CalibrationParams | None = None
) -> Calibrated:
    """Let readers read the held-out texts of a directory, and calibrate them.

    Raises:
        InputError: A file cannot be read, or there are no texts with labels by reading.
    """
    settings = params or CalibrationParams()
    cases = held_out(data, settings.sentences)
    if not any(case.set != SENTENCES for case in cases):
        raise InputError(f"no news with labels by reading in {data / 'topic'}")
    log_line(f"{len(cases)} held-out texts")
    evidence = []
    for reader in readers:
        evidence.append(evidence_of(reader.name, cases, read_all(reader, cases), SubjectParams()))
        log_line(f"{reader.name} {reader.version}: {len(evidence[-1].cases)} texts read")
    return calibrated(evidence, log_line, settings)


def calibrated(readers: Sequence[Evidence], log_line: LogLine, params: CalibrationParams | None = None) -> Calibrated:
    """Return the calibration of one reader or two."""
    settings = params or CalibrationParams()
    fitted: dict[ReaderName, Fitted] = {}
    judged: dict[ReaderName, Judged] = {}
    strengths: dict[ReaderName, Strengths] = {}
    for evidence in readers:
        found = chosen_strengths(evidence, settings.fit)
        strengths[evidence.reader] = found
        fitted[evidence.reader] = fit(evidence, found, settings.fit)
        judged[evidence.reader] = Judged(evidence, _crossfitted(evidence, found, settings.fit))
        pulls = f"shifts of subjects are pulled by {found.subjects:g}, of languages by {found.languages:g}"
        log_line(f"{evidence.reader}: fitted; {pulls}")
    chosen = bars(judged, settings.bars)
    forms = ["Texts that were left out of the fit, five times a fifth of them:", "", *_forms(judged, chosen), ""]
    sets = ["Sets that were left out of the fit one by one, in all forms, as of an unseen publisher:", ""]
    lines = [*forms, *sets, *_sets(judged, strengths, chosen, settings.fit)]
    children = _children(judged, chosen, settings)
    if children is not None:
        lines += ["", *children.lines]
        log_line(f"second level: {len(children.codes)} codes are served")
    return Calibrated(_json(fitted, judged, chosen, children, settings), lines)


def _children(judged: Mapping[ReaderName, Judged], chosen: Bars, settings: CalibrationParams) -> Children | None:
    encoder = judged.get("encoder")
    return None if encoder is None else children_of(encoder, chosen.floor, chosen.further, settings.children)


def _json(
    fitted: Mapping[ReaderName, Fitted],
    judged: Mapping[ReaderName, Judged],
    chosen: Bars,
    children: Children | None,
    settings: CalibrationParams,
) -> bytes:
    content: dict[str, Any] = {
        "lines": {
            name: {length: [round(value, _DIGITS) for value in line] for length, line in found.lines.items()}
            for name, found in fitted.items()
        },
        "subjects": {name: _rounded(found.subjects) for name, found in fitted.items()},
        "languages": {name: _rounded(found.languages) for name, found in fitted.items()},
        "scripts": {name: _rounded(found.scripts) for name, found in fitted.items()},
        "unsupported": {name: _unsupported(found.evidence, settings) for name, found in judged.items()},
        "floor": chosen.floor,
        "further": chosen.further,
        "reliable": chosen.reliable,
        "ask_below": chosen.ask_below,
    }
    if children is not None and children.codes:
        content["second"] = {
            "slope": round(children.slope, _DIGITS),
            "base": round(children.base, _DIGITS),
            "bar": children.bar,
            "reliable": children.reliable,
            "codes": sorted(children.codes),
        }
    digest = _digest(content)
    data = msgspec.json.format(msgspec.json.encode({"version": f"cal-{digest}", **content}), indent=1)
    Calibration.decode(data)  # raises where the format of the two sides differs
    return data + b"\n"


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(content, order="sorted"), digest_size=4).hexdigest()


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in sorted(values.items())}


def _unsupported(evidence: Evidence, settings: CalibrationParams) -> list[str]:
    """Return the languages in which best answers are shown to be wrong, by texts and not their forms."""
    best = evidence.right[np.arange(len(evidence.cases)), evidence.logits.argmax(axis=1)]
    whole = evidence.where(lambda case: case.form in ("article", "sentence"))
    found = []
    for tag in sorted({tag for tag in evidence.languages if tag}):
        mine = whole & np.array([language == tag for language in evidence.languages])
        count = int(mine.sum())
        wrong = 1 - float(best[mine].mean()) if count else 0.0
        if lower_bound(wrong, count, settings.certainty) > 1 - settings.wrong:
            found.append(tag)
    return found


def _crossfitted(evidence: Evidence, strengths: Strengths, settings: FitParams) -> NDArray[np.float64]:
    folds = np.array([fold_of(case.group, settings.folds) for case in evidence.cases])
    odds = np.zeros_like(evidence.logits)
    for fold in range(settings.folds):
        fitted = fit(evidence.only(folds != fold), strengths, settings)
        odds[folds == fold] = probabilities(evidence.only(folds == fold), fitted)
    return odds


def _forms(judged: Mapping[ReaderName, Judged], chosen: Bars) -> list[str]:
    parts = [(name, form, found.of(form)) for name, found in judged.items() for form in FORMS]
    return table(_HEAD, [[name, form, *_cells(part, chosen.reliable[name])] for name, form, part in parts])


def _sets(
    judged: Mapping[ReaderName, Judged],
    strengths: Mapping[ReaderName, Strengths],
    chosen: Bars,
    settings: FitParams,
) -> list[str]:
    rows = []
    for name, found in judged.items():
        evidence = found.evidence
        sources = sorted({case.set for case in evidence.cases} - {SENTENCES})
        for source in sources if len(sources) > 1 else ():
            out = evidence.where(_is_of(source))
            left = evidence.only(out)
            odds = probabilities(left, fit(evidence.only(~out), strengths[name], settings))
            rows.append([name, source, *_cells(Judged(left, odds), chosen.reliable[name])])
    return table(_HEAD, rows)


def _is_of(source: str) -> Callable[[Case], bool]:
    return lambda case: case.set == source


_HEAD: Final = ("", "", "texts", "confidence", "right", "with a reliable subject", "right of these")


def _cells(part: Judged, reliable: float) -> list[object]:
    weights, sure = part.evidence.weights, (part.best >= reliable).astype(np.float64)
    total, mass = max(float(weights.sum()), 1e-9), float((weights * sure).sum())
    right = f"{float((weights * sure * part.is_right).sum()) / mass:.3f}" if mass else "–"
    shares = [part.best, part.is_right.astype(np.float64), sure]
    return [len(weights), *(f"{float((weights * share).sum()) / total:.3f}" for share in shares), right]
