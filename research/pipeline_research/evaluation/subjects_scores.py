"""Figures about answers of subjects, with what chance may have done to them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.evaluation.subjects_answers import Answered

__all__ = ["Share", "at_coverage", "macro_f1", "micro_f1", "share", "share_of"]

_RESAMPLES: Final = 1000
_TAIL: Final = 2.5  # per cent cut off at each side
_SEED: Final = 7


class Share(Struct, frozen=True):
    """A share and its 95 % interval by bootstrap over groups, because translations of a text err together.

    Attributes:
        value: The share; 0 without texts.
        low: Lower end of the interval.
        high: Upper end of the interval.
        count: What the share is of: texts, or subjects.
    """

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        """Return the share and its interval as a table shows them."""
        return f"{self.value:.3f} ({self.low:.2f}–{self.high:.2f})" if self.count else "–"


def share(answers: Sequence[Answered], holds: Callable[[Answered], bool]) -> Share:
    """Return the share of the texts for which a condition holds."""
    return share_of(answers, lambda answer: (int(holds(answer)), 1))


def share_of(answers: Sequence[Answered], counts: Callable[[Answered], tuple[int, int]]) -> Share:
    """Return a share from the counts of each text: how many, and of how many."""
    sums: dict[str, list[int]] = {}
    for answer in answers:
        part, whole = counts(answer)
        found = sums.setdefault(answer.case.group, [0, 0])
        found[0] += part
        found[1] += whole
    if not sums:
        return Share(0.0, 0.0, 0.0, 0)
    table = np.array(list(sums.values()), np.float64)
    chosen = np.random.default_rng(_SEED).integers(len(table), size=(_RESAMPLES, len(table)))
    parts, wholes = table[chosen, 0].sum(1), table[chosen, 1].sum(1)
    low, high = np.percentile(parts / np.maximum(wholes, 1), [_TAIL, 100 - _TAIL]).tolist()
    part, whole = table.sum(0).tolist()
    return Share(part / max(whole, 1), low, high, int(whole))


def at_coverage(answers: Sequence[Answered], part: float) -> float:
    """Return the share of defensible best answers among the given part of the texts, the surest ones."""
    kept = sorted(answers, key=lambda answer: -answer.confidence)[: max(1, round(part * len(answers)))]
    return sum(answer.is_right for answer in kept) / max(1, len(kept))


def micro_f1(answers: Sequence[Answered]) -> Share:
    """Return F1 over all served codes and all texts; a defensible code counts neither way."""
    return share_of(answers, lambda answer: _f1_counts([answer], CODES))


def macro_f1(answers: Sequence[Answered]) -> float:
    """Return the mean F1 of the subjects that texts have."""
    meant = {code for answer in answers for code in answer.case.codes}
    counts = [_f1_counts(answers, (code,)) for code in sorted(meant)]
    return sum(part / whole for part, whole in counts) / max(1, len(counts))


def _f1_counts(answers: Iterable[Answered], codes: Sequence[str]) -> tuple[int, int]:
    """Return twice the hits, and the codes meant plus the codes served: the parts of F1."""
    hits = meant = served = 0
    for answer in answers:
        given = {code for code in answer.served if code in codes and code not in answer.case.defensible}
        own = {code for code in answer.case.codes if code in codes}
        hits, meant, served = hits + len(given & own), meant + len(own), served + len(given)
    return 2 * hits, meant + served
