"""Choose what is served from calibrated probabilities: floors, the bar for `reliable`, and when to ask the encoder.

The probabilities are those of folds that were left out of the fit, so that no bar is chosen on texts which the
calibration was fitted to. Translations of a document count as a few texts, in the shares and in their certainty.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.subject_cases import FORMS, OTHERS_LABELS, Form
from pipeline_research.training.subject_evidence import Evidence

__all__ = ["BarParams", "Bars", "Judged", "ask_bar", "bars", "lower_bound", "reliable_bar"]

Floats = NDArray[np.float64]


class BarParams(Struct, frozen=True):
    """What the bars must achieve, from the contract."""

    answered: float = 0.995  # share of articles that get a subject
    reliable: float = 0.95  # share of reliable subjects that are right: 19 of 20
    certainty: float = 1.0  # standard errors by which the share must exceed it
    least_reliable: float = 0.5  # a subject that is more probably wrong than right is never reliable
    lost: float = 0.01  # share of right answers that the cascade may lose against the encoder
    step: float = 0.01  # of all bars
    most: int = 3  # the contract's limit of subjects


class Judged(Struct, frozen=True):
    """Evidence of a reader and its probabilities by cross-fitting (n × 17)."""

    evidence: Evidence
    odds: Floats

    def of(self, form: Form) -> "Judged":
        """Return the texts in a form, without labels by other rules."""
        mask = self.evidence.where(lambda case: case.form == form and case.set not in OTHERS_LABELS)
        return Judged(self.evidence.only(mask), self.odds[mask])

    @property
    def best(self) -> Floats:
        """The probability of the best code (n)."""
        return np.asarray(self.odds.max(axis=1), np.float64)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether the best code is no mistake (n)."""
        best = self.evidence.right[np.arange(len(self.odds)), self.odds.argmax(axis=1)]
        return np.asarray(best > 0, bool)


class Bars(Struct, frozen=True):
    """Least probabilities.

    Attributes:
        floor: Of a text's first subject.
        further: Of its other subjects.
        reliable: Of a reliable one, by reader: a reader with fewer sure answers needs a higher one, because what counts
            is the share of right ones among all reliable answers.
        ask_below: Of an answer that the cascade takes from the fast reader.
    """

    floor: float
    further: float
    reliable: dict[ReaderName, float]
    ask_below: float


def bars(readers: Mapping[ReaderName, Judged], params: BarParams | None = None) -> Bars:
    """Return the bars for what is served, one for all readers."""
    settings = params or BarParams()
    articles = {name: judged.of("article") for name, judged in readers.items()}
    floor = min(_floor(judged, settings) for judged in articles.values())
    further = _further(list(articles.values()), floor, settings)
    reliable = {
        name: reliable_bar([judged.of(form) for form in FORMS], further, settings) for name, judged in readers.items()
    }
    both = "fast" in articles and "encoder" in articles
    ask = ask_bar(articles["fast"], articles["encoder"], settings) if both else 0.0
    return Bars(floor, further, reliable, ask)


def lower_bound(share: float, count: float, certainty: float) -> float:
    """Return the lower end of the Wilson interval of a share.

    Args:
        share: What was found.
        count: Number of answers, of which translations may count as a part.
        certainty: Standard errors.
    """
    if count <= 0:
        return 0.0
    square = certainty**2
    spread = certainty * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return (share + square / (2 * count) - spread) / (1 + square / count)


def reliable_bar(parts: Sequence[Judged], further: float, params: BarParams) -> float:
    """Return the least bar from which up enough of the subjects are right, with certainty.

    Args:
        parts: The texts by form; those of all together must be right often enough, with certainty.
        further: Least probability of a second subject.
        params: What is required.
    """
    served = [_served(judged, further, params) for judged in parts]
    odds, right, weights = (np.concatenate(column) for column in zip(*served, strict=True))
    for bar in _steps(max(params.least_reliable, further), 1.0, params):
        kept = odds >= bar
        mass = float(weights[kept].sum())
        if mass:
            share = float((weights[kept] * right[kept]).sum()) / mass
            if lower_bound(share, mass**2 / float((weights[kept] ** 2).sum()), params.certainty) >= params.reliable:
                return bar
    return 1.0


def ask_bar(fast: Judged, encoder: Judged, params: BarParams) -> float:
    """Return the least bar from which up a cascade is nearly as good as the encoder on whole articles.

    Args:
        fast: The fast reader's answers.
        encoder: The encoder's answers; texts that only one of the readers could read are left out.
        params: How much may be lost.
    """
    numbers = {case: number for number, case in enumerate(encoder.evidence.cases)}
    pairs = [(a, numbers[case]) for a, case in enumerate(fast.evidence.cases) if case in numbers]
    own, other = (np.array(column, np.intp) for column in zip(*pairs, strict=True)) if pairs else (_none(), _none())
    weights = encoder.evidence.weights[other]
    lost = encoder.is_right[other].astype(np.float64) - fast.is_right[own]
    found = 1.0
    for bar in reversed(_steps(0.0, 1.0, params)):
        kept = fast.best[own] >= bar
        if float((weights * lost * kept).sum()) > params.lost * float(weights.sum()):
            break
        found = bar
    return found


def _none() -> NDArray[np.intp]:
    return np.zeros(0, np.intp)


def _floor(judged: Judged, params: BarParams) -> float:
    order = judged.best.argsort()
    shares = judged.evidence.weights[order].cumsum() / max(float(judged.evidence.weights.sum()), 1e-9)
    place = int(np.searchsorted(shares, 1 - params.answered, side="right"))
    least = float(judged.best[order][place]) if place < len(order) else 0.0
    return round(math.floor(least / params.step) * params.step, 4)


def _further(articles: Sequence[Judged], floor: float, params: BarParams) -> float:
    """Return the bar for further subjects with the best micro F1, the mean of the readers."""

    def quality(bar: float) -> float:
        return float(np.mean([_micro_f1(judged, bar, params) for judged in articles]))

    return max(_steps(floor, 1.0, params), key=quality)


def _micro_f1(judged: Judged, bar: float, params: BarParams) -> float:
    """Return the F1 of all subjects at a bar for further ones; one that is merely no mistake counts neither way."""
    ranks, labels = _ranks(judged.odds), judged.evidence.labels
    given = ((ranks == 0) | ((ranks < params.most) & (judged.odds >= bar))) & (labels >= judged.evidence.right)
    weights = judged.evidence.weights[:, None]
    hits = float((weights * given * labels).sum())
    return 2 * hits / max(float((weights * given).sum() + (weights * labels).sum()), 1e-9)


def _served(judged: Judged, further: float, params: BarParams) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities, outcomes and weights of the subjects served."""
    ranks = _ranks(judged.odds)
    rows, columns = np.nonzero((ranks == 0) | ((ranks < params.most) & (judged.odds >= further)))
    return judged.odds[rows, columns], judged.evidence.right[rows, columns], judged.evidence.weights[rows]


def _ranks(odds: Floats) -> NDArray[np.intp]:
    return np.asarray((-odds).argsort(axis=1, kind="stable").argsort(axis=1), np.intp).reshape(-1, len(CODES))


def _steps(first: float, last: float, params: BarParams) -> list[float]:
    return [round(float(bar), 4) for bar in np.arange(first, last + params.step / 2, params.step)]
