"""Fit how a reader's logits become probabilities: lines by length, shifts by subject, script and language.

Every pair of a text and a subject that could be served is one observation, right or not, of a logistic regression. Two
steps:

1. The slope and base of each length and the shift of each subject, on news. A document in many translations counts as
   a few texts, because a subject that is hard in one of them is hard in all.
2. The shifts of scripts and languages, with the lines fixed. Documents and sentences that exist in all languages tell
   most: each set of these has a base of its own in this step, so that a language is compared with the others on the
   same texts, and easy or hard texts shift no language. That base is not served.

Shifts are pulled towards 0, those of a language towards its script's: the most probable values if shifts are drawn
from normal distributions (empirical Bayes). The strength of the pull, the inverse of the variance, is the one of a few
with the least log loss on folds that were left out. A language with few texts so keeps the shift of its script, and
one with many gets its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from pipeline.models.subjects.params import LENGTHS, Length
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.corpora import SENTENCES
from pipeline_research.training.ridge import fit_ridge, log_loss
from pipeline_research.training.subject_cases import DOCUMENTS
from pipeline_research.training.subject_evidence import Evidence, fold_of

__all__ = ["FitParams", "Fitted", "Strengths", "chosen_strengths", "fit", "probabilities"]

Floats = NDArray[np.float64]

# Sets whose texts differ from articles by more than their length.
_UNLIKE: Final = {"read_leipzig", "leipzig", "dsfsi_zulu_siswati"}
_COMPARED: Final = _UNLIKE | {DOCUMENTS, SENTENCES}
_FREE: Final = 0.01  # strength of the pull on what is not shrunk, only to keep it finite
_TEXTS_OF_DOCUMENT: Final = 3  # forms of a translated document, which count as one text in the second step


class FitParams(Struct, frozen=True):
    """What is fitted, and how."""

    least: float = 0.02  # raw probability below which a subject is never served
    ranks: int = 3  # the contract's limit: this many subjects of a text are used whatever their probability
    folds: int = 5  # of cross-validation; by text or document
    slope_strength: float = 4.0  # pull of slopes towards 1, as strong as a few texts
    strengths: tuple[float, ...] = (2.0, 8.0, 32.0, 128.0, 512.0)  # tried for shifts


class Strengths(Struct, frozen=True):
    """How strongly shifts are pulled: of subjects, and of scripts and languages."""

    subjects: float = 8.0
    languages: float = 8.0


class Fitted(Struct, frozen=True):
    """The calibration of one reader; the shift of a language includes that of its script."""

    lines: dict[Length, tuple[float, float]]
    subjects: dict[str, float]
    languages: dict[str, float]
    scripts: dict[str, float]


class _Pairs(Struct, frozen=True):
    """Pairs of a text and a subject: their places, logits, outcomes and the texts' weights."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    logits: Floats
    right: Floats
    weights: Floats


def fit(evidence: Evidence, strengths: Strengths, params: FitParams | None = None) -> Fitted:
    """Fit the calibration of a reader."""
    settings = params or FitParams()
    news = evidence.only(evidence.is_news)
    lines, subjects = _fit_lines(news, strengths, settings)
    base = _logits(evidence, lines, subjects)
    languages, scripts = _fit_languages(evidence, base, strengths, settings)
    return Fitted(lines, subjects, languages, scripts)


def probabilities(evidence: Evidence, fitted: Fitted) -> Floats:
    """Return the calibrated probabilities of texts (n × 17)."""
    logits = _logits(evidence, fitted.lines, fitted.subjects) + _shifts(evidence, fitted)[:, None]
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float64)


def chosen_strengths(evidence: Evidence, params: FitParams | None = None) -> Strengths:
    """Return the strengths with the least log loss on left-out folds of news, one after the other."""
    settings = params or FitParams()
    best = Strengths()
    for name in Strengths.__struct_fields__:
        tried = [Strengths(**{**_as_dict(best), name: value}) for value in settings.strengths]
        best = min(tried, key=lambda strengths: _loss(evidence, strengths, settings))
    return best


def _as_dict(strengths: Strengths) -> dict[str, float]:
    return {"subjects": strengths.subjects, "languages": strengths.languages}


def _loss(evidence: Evidence, strengths: Strengths, settings: FitParams) -> float:
    total = mass = 0.0
    folds = np.array([fold_of(case.group, settings.folds) for case in evidence.cases])
    for fold in range(settings.folds):
        fitted = fit(evidence.only(folds != fold), strengths, settings)
        left = evidence.only((folds == fold) & evidence.is_news)
        pairs = _pairs(left, settings)
        odds = np.clip(probabilities(left, fitted)[pairs.rows, pairs.columns], 1e-9, 1 - 1e-9)
        weight = float(pairs.weights.sum())
        total += weight * log_loss(np.log(odds / (1 - odds)), pairs.right, pairs.weights) if weight else 0.0
        mass += weight
    return total / max(mass, 1e-9)


def _pairs(evidence: Evidence, settings: FitParams) -> _Pairs:
    ranks = (-evidence.logits).argsort(axis=1).argsort(axis=1)
    least = np.log(settings.least / (1 - settings.least))
    rows, columns = np.nonzero((evidence.logits > least) | (ranks < settings.ranks))
    found = evidence.logits[rows, columns], evidence.right[rows, columns], evidence.weights[rows]
    return _Pairs(rows, columns, *found)


def _fit_lines(
    news: Evidence, strengths: Strengths, settings: FitParams
) -> tuple[dict[Length, tuple[float, float]], dict[str, float]]:
    pairs = _pairs(news, settings)
    lengths = np.array([LENGTHS.index(length) for length in news.lengths], np.intp)[pairs.rows]
    kinds, names = _numbered([case.set if case.set in _UNLIKE else None for case in news.cases])
    design = sparse.hstack(
        [
            _indicators(lengths, len(LENGTHS), pairs.logits),
            _indicators(lengths, len(LENGTHS)),
            _indicators(pairs.columns, len(CODES)),
            _indicators(kinds[pairs.rows], len(names)),
        ]
    ).tocsr()
    expected = np.zeros(design.shape[1])
    expected[: len(LENGTHS)] = 1.0
    pull = np.full(design.shape[1], _FREE)
    pull[: len(LENGTHS)] = settings.slope_strength
    pull[2 * len(LENGTHS) : 2 * len(LENGTHS) + len(CODES)] = strengths.subjects
    values = fit_ridge(design, pairs.right, pairs.weights, expected, pull).tolist()
    slopes, bases = values[: len(LENGTHS)], values[len(LENGTHS) : 2 * len(LENGTHS)]
    shifts = values[2 * len(LENGTHS) : 2 * len(LENGTHS) + len(CODES)]
    lines = {length: (slope, base) for length, slope, base in zip(LENGTHS, slopes, bases, strict=True)}
    return lines, dict(zip(CODES, shifts, strict=True))


def _fit_languages(
    evidence: Evidence, base: Floats, strengths: Strengths, settings: FitParams
) -> tuple[dict[str, float], dict[str, float]]:
    pairs = _pairs(evidence, settings)
    kinds, kind_names = _numbered([case.set if case.set in _COMPARED else None for case in evidence.cases])
    scripts, script_names = _numbered(evidence.scripts)
    languages, language_names = _numbered(evidence.languages)
    design = sparse.hstack(
        [
            _indicators(kinds[pairs.rows], len(kind_names)),
            _indicators(scripts[pairs.rows], len(script_names)),
            _indicators(languages[pairs.rows], len(language_names)),
        ]
    ).tocsr()
    pull = np.full(design.shape[1], strengths.languages)
    pull[: len(kind_names)] = _FREE
    weights = np.array([1 / _TEXTS_OF_DOCUMENT if case.set == DOCUMENTS else 1.0 for case in evidence.cases])
    offset = base[pairs.rows, pairs.columns]
    values = fit_ridge(design, pairs.right, weights[pairs.rows], np.zeros(len(pull)), pull, offset).tolist()
    first = len(kind_names) + len(script_names)
    of_script = dict(zip(script_names, values[len(kind_names) : first], strict=True))
    own = dict(zip(language_names, values[first:], strict=True))
    # A language is written in the script of most of its texts.
    written = {tag: script for script, tag in zip(evidence.scripts, evidence.languages, strict=True) if tag and script}
    return {tag: value + of_script.get(written.get(tag, ""), 0.0) for tag, value in own.items()}, of_script


def _logits(evidence: Evidence, lines: Mapping[Length, tuple[float, float]], subjects: Mapping[str, float]) -> Floats:
    found = np.array([lines[length] for length in evidence.lengths], np.float64).reshape(-1, 2)
    own = np.array([subjects.get(code, 0.0) for code in CODES])
    return np.asarray(evidence.logits * found[:, :1] + found[:, 1:] + own, dtype=np.float64)


def _shifts(evidence: Evidence, fitted: Fitted) -> Floats:
    pairs = zip(evidence.languages, evidence.scripts, strict=True)
    return np.array([fitted.languages.get(tag or "", fitted.scripts.get(script or "", 0.0)) for tag, script in pairs])


def _numbered(names: Sequence[str | None]) -> tuple[NDArray[np.intp], list[str]]:
    """Return the number of each name, -1 for None, and the names."""
    known = sorted({name for name in names if name is not None})
    places = {name: number for number, name in enumerate(known)}
    return np.array([-1 if name is None else places[name] for name in names], np.intp), known


def _indicators(numbers: NDArray[np.intp], count: int, values: Floats | None = None) -> Any:
    """Return a sparse matrix (rows × count) with a value, 1 by default, in the column of each number, none for -1."""
    given = np.flatnonzero(numbers >= 0)
    data = np.ones(len(given)) if values is None else values[given]
    return sparse.csr_matrix((data, (given, numbers[given])), shape=(len(numbers), count))
