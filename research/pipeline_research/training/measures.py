"""Measures of answers with a confidence against the truth."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

__all__ = [
    "Bin",
    "Scored",
    "accuracy",
    "at_coverage",
    "bins",
    "calibration_error",
    "class_scores",
    "grouped",
    "macro_f1",
    "table",
]


class Scored(Struct, frozen=True):
    """An answer, its confidence from 0 to 1, and the right answers."""

    truth: tuple[str, ...]
    answer: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the answer is one of the right ones."""
        return self.answer in self.truth


class Bin(Struct, frozen=True):
    """The answers in one tenth of confidence: lower bound, number, mean confidence, share of right ones."""

    low: float
    count: int
    mean: float
    right: float


def accuracy(answers: Sequence[Scored]) -> float:
    """Return the share of right answers."""
    return sum(item.right for item in answers) / max(1, len(answers))


def class_scores(answers: Iterable[Scored], label: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a class."""
    answered = meant = hit = 0
    for item in answers:
        answered += item.answer == label
        meant += label in item.truth
        hit += item.answer == label and item.right
    return hit / max(1, answered), hit / max(1, meant), 2 * hit / max(1, answered + meant)


def macro_f1(answers: Sequence[Scored], labels: Iterable[str] | None = None) -> float:
    """Return the mean F1 of the classes that have texts; only of classes in `labels`, if given."""
    meant = Counter(item.truth[0] for item in answers)
    wanted = [label for label in (meant if labels is None else labels) if meant[label]]
    answered = Counter(item.answer for item in answers)
    hit = Counter(item.answer for item in answers if item.right)
    inside = Counter(label for item in answers for label in item.truth)
    return sum(2 * hit[label] / (answered[label] + inside[label]) for label in wanted) / max(1, len(wanted))


def bins(answers: Iterable[Scored]) -> list[Bin]:
    """Return the bins of a tenth of confidence that have answers."""
    found: dict[int, list[Scored]] = defaultdict(list)
    for item in answers:
        found[min(9, int(item.confidence * 10))].append(item)
    return [
        Bin(number / 10, len(items), sum(i.confidence for i in items) / len(items), accuracy(items))
        for number, items in sorted(found.items())
    ]


def calibration_error(answers: Sequence[Scored]) -> float:
    """Return the expected calibration error over ten bins."""
    return sum(item.count * abs(item.mean - item.right) for item in bins(answers)) / max(1, len(answers))


def at_coverage(answers: Sequence[Scored], share: float) -> float:
    """Return the accuracy of the given share of answers with the highest confidence."""
    kept = sorted(answers, key=lambda item: -item.confidence)[: max(1, round(share * len(answers)))]
    return accuracy(kept)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def grouped(answers: Iterable[Scored], key: Callable[[Scored], str]) -> dict[str, list[Scored]]:
    """Return the answers grouped by a key, keys sorted."""
    found: dict[str, list[Scored]] = defaultdict(list)
    for item in answers:
        found[key(item)].append(item)
    return dict(sorted(found.items()))
