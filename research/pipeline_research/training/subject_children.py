"""Choose which subjects of the second level are served, and make probabilities of their logits.

The probability of a child is that of its parent times that of the child in texts that have the parent, a line of the
logit. A code is served if its answers above the bar are right often enough, by more than chance. Bar and codes are
chosen on folds that were left out of the line; how good the choice is, is measured on folds that were left out of it.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL, SUBJECT_NAMES
from pipeline_research.training.measures import table
from pipeline_research.training.ridge import fit_ridge
from pipeline_research.training.subject_bars import Judged, lower_bound
from pipeline_research.training.subject_evidence import Evidence, fold_of

__all__ = ["ChildParams", "Children", "children_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CHILDREN: Final = tuple(SECOND_LEVEL)
_TINY: Final = 1e-9
_PARENTS: Final = np.array([CODES.index(child.parent) for child in SECOND_LEVEL.values()])


class ChildParams(Struct, frozen=True):
    """What the served codes must achieve."""

    right: float = 0.85  # share of the answers of a code that are right
    reliable: float = 0.95  # share of reliable ones that are right: 19 of 20, as of all subjects
    certainty: float = 1.0  # standard errors by which the share must exceed it
    least: float = 0.5  # a child that is more probably wrong than right is not served
    step: float = 0.01  # of bars
    most_parents: int = 3  # the contract's limit of top-level subjects
    most: int = 2  # the contract's limit of children
    folds: int = 5  # of cross-validation; by text
    strength: float = 4.0  # pull of the slope towards 1 and of the base towards 0, as strong as a few texts
    steepest: float = 20.0  # limit of slope and base in the file; a line beyond it, or one that falls, tells nothing
    shown: float = 5.0  # texts or answers of a code with a line of its own


class Children(Struct, frozen=True):
    """The calibration of the second level, and Markdown about it."""

    slope: float
    base: float
    bar: float
    reliable: float
    codes: frozenset[str]
    lines: list[str]


class _Chosen(Struct, frozen=True):
    """The bar, and the mask (121) of the codes that are served."""

    bar: float
    codes: Mask


class _Texts(Struct, frozen=True):
    """Texts that were read for the second level (n).

    Attributes:
        evidence: Of the encoder.
        right: 1 for codes of the text, 0 for others, NaN where nobody can say (n × 121).
        parents: Probabilities of the parents; 0 where these are not served (n × 121).
        weights: All forms of a text count as one (n).
    """

    evidence: Evidence
    right: Floats
    parents: Floats
    weights: Floats


def children_of(judged: Judged, floor: float, further: float, params: ChildParams | None = None) -> Children | None:
    """Return the calibration of the second level; None if the reader does not tell it, or no text has labels of it.

    Args:
        judged: The encoder's evidence, and its probabilities of the top level by cross-fitting.
        floor: Least probability of a text's first subject.
        further: Least probability of its other subjects.
        params: What is required.
    """
    settings = params or ChildParams()
    texts = _texts(judged, floor, further, settings)
    if texts is None:
        return None
    odds, folds = np.zeros_like(texts.parents), _folds(texts, settings)
    for fold in range(settings.folds):
        line = _line(texts, folds != fold, settings)
        odds[folds == fold] = _odds(texts, folds == fold, line)
    everything = np.ones(len(folds), bool)
    chosen = _choose(texts, odds, everything, settings)
    slope, base = _line(texts, everything, settings)
    lines = [*_crossfitted(texts, odds, folds, settings), "", *_by_code(texts, odds, chosen, settings)]
    tells = 0 < slope <= settings.steepest and abs(base) <= settings.steepest
    codes = frozenset(code for code, served in zip(_CHILDREN, chosen.codes, strict=True) if served and tells)
    return Children(slope, base, chosen.bar, _reliable_bar(texts, odds, chosen, everything, settings), codes, lines)


def _texts(judged: Judged, floor: float, further: float, settings: ChildParams) -> _Texts | None:
    mask = judged.evidence.where(lambda case: case.second is not None)
    if judged.evidence.second is None or not mask.any():
        return None
    evidence, odds = judged.evidence.only(mask), judged.odds[mask]
    ranks = (-odds).argsort(axis=1, kind="stable").argsort(axis=1)
    served = ((ranks == 0) & (odds >= floor)) | ((ranks < settings.most_parents) & (odds >= further))
    said = [[case.has_child(code) for code in _CHILDREN] for case in evidence.cases]
    groups = [case.group for case in evidence.cases]
    counts = {group: groups.count(group) for group in set(groups)}
    return _Texts(
        evidence,
        np.array([[np.nan if one is None else float(one) for one in row] for row in said]),
        np.where(served, odds, 0.0)[:, _PARENTS],
        np.array([1 / counts[group] for group in groups]),
    )


def _folds(texts: _Texts, settings: ChildParams) -> NDArray[np.intp]:
    return np.array([fold_of(case.group, settings.folds) for case in texts.evidence.cases], np.intp)


def _line(texts: _Texts, used: Mask, settings: ChildParams) -> tuple[float, float]:
    """Return slope and base, fitted to the children of the subjects that texts have."""
    has_parent = texts.evidence.right[:, _PARENTS] > 0
    rows, columns = np.nonzero(has_parent & ~np.isnan(texts.right) & used[:, None])
    logits = _logits(texts)[rows, columns]
    design = sparse.csr_matrix(np.stack([logits, np.ones(len(rows))], axis=1))
    pull = np.array([settings.strength, settings.strength])
    slope, base = fit_ridge(
        design, texts.right[rows, columns], texts.weights[rows], np.array([1.0, 0.0]), pull
    ).tolist()
    return slope, base


def _odds(texts: _Texts, used: Mask, line: tuple[float, float]) -> Floats:
    logits = np.clip(_logits(texts)[used] * line[0] + line[1], -30, 30)
    return np.asarray(texts.parents[used] / (1 + np.exp(-logits)), np.float64)


def _logits(texts: _Texts) -> Floats:
    return np.zeros((0, len(_CHILDREN))) if texts.evidence.second is None else texts.evidence.second


def _choose(texts: _Texts, odds: Floats, used: Mask, settings: ChildParams) -> _Chosen:
    """Return the bar, and the codes that are good enough above it, with which most right children are served."""
    best, most = _Chosen(1.0, np.zeros(len(_CHILDREN), bool)), 0.0
    for bar in np.arange(settings.least, 1.0, settings.step):
        counts, hits = _counts(texts, (odds >= bar) & used[:, None])
        good = hits >= settings.right * np.maximum(counts, _TINY)
        for code in np.flatnonzero(good):
            share = float(hits[code] / counts[code])
            good[code] = lower_bound(share, float(counts[code]), settings.certainty) >= settings.right
        chosen = _Chosen(round(float(bar), 4), good)
        hit = float(_counts(texts, _served(odds, chosen, settings) & used[:, None])[1].sum())
        if hit > most:
            best, most = chosen, hit
    return best


def _served(odds: Floats, chosen: _Chosen, settings: ChildParams) -> Mask:
    """Return which children are served (n × 121)."""
    served = np.zeros(odds.shape, bool)
    allowed = odds[:, chosen.codes]
    ranks = (-allowed).argsort(axis=1, kind="stable").argsort(axis=1)
    served[:, chosen.codes] = (allowed >= chosen.bar) & (ranks < settings.most)
    return served


def _counts(texts: _Texts, given: Mask) -> tuple[Floats, Floats]:
    """Return by code how many answers can be judged, and how many of these are right (121 each)."""
    weights = np.where(given & ~np.isnan(texts.right), texts.weights[:, None], 0.0)
    return weights.sum(axis=0), (weights * np.nan_to_num(texts.right)).sum(axis=0)


def _reliable_bar(texts: _Texts, odds: Floats, chosen: _Chosen, used: Mask, settings: ChildParams) -> float:
    served = _served(odds, chosen, settings) & used[:, None]
    for bar in np.arange(chosen.bar, 1.0, settings.step):
        counts, hits = (part.sum() for part in _counts(texts, served & (odds >= bar)))
        if lower_bound(float(hits) / max(float(counts), _TINY), float(counts), settings.certainty) >= settings.reliable:
            return round(float(bar), 4)
    return 1.0


def _crossfitted(texts: _Texts, odds: Floats, folds: NDArray[np.intp], settings: ChildParams) -> Iterator[str]:
    """Yield how good children are that are served by bars and codes which were chosen on other texts."""
    served, sure = np.zeros(odds.shape, bool), np.zeros(odds.shape, bool)
    for fold in range(settings.folds):
        others = _choose(texts, odds, folds != fold, settings)
        mine = _served(odds, others, settings) & (folds == fold)[:, None]
        bar = _reliable_bar(texts, odds, others, folds != fold, settings)
        served, sure = served | mine, sure | (mine & (odds >= bar))
    total = float(texts.weights.sum())
    rows = []
    for name, given in (("all", served), ("reliable", sure)):
        counts, hits = (float(part.sum()) for part in _counts(texts, given))
        with_one = float((texts.weights * given.any(axis=1)).sum()) / total
        rows.append([name, f"{total:.0f}", f"{with_one:.3f}", f"{counts:.0f}", _share(hits, counts)])
    yield "Below the top level, with codes and bars chosen without the texts that are measured, five times a fifth:"
    yield ""
    yield from table(("", "texts", "with a child", "children that can be judged", "right of these"), rows)


def _by_code(texts: _Texts, odds: Floats, chosen: _Chosen, settings: ChildParams) -> Iterator[str]:
    labels = (texts.weights[:, None] * np.nan_to_num(texts.right)).sum(axis=0)
    counts, hits = _counts(texts, odds >= chosen.bar)
    rows, few = [], []
    for number, (code, child) in enumerate(SECOND_LEVEL.items()):
        if max(labels[number], counts[number]) < settings.shown:
            few.append(child.name)
            continue
        answers = f"{counts[number]:.0f}", _share(float(hits[number]), float(counts[number]))
        is_served = "yes" if chosen.codes[number] else "no"
        rows.append([code, child.name, SUBJECT_NAMES[child.parent], f"{labels[number]:.0f}", *answers, is_served])
    yield f"By code, answers above the bar ({chosen.bar:.2f}):"
    yield ""
    yield from table(("code", "name", "below", "texts with it", "answers", "right of these", "served"), rows)
    yield ""
    yield f"Not served, because there are too few texts: {', '.join(few)}."


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.3f}" if whole else "–"
