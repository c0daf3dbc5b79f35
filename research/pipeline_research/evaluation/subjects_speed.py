"""How many articles a reader classifies in a second of one processor, and what the cascade saves by asking less."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_scores import share
from pipeline_research.training.measures import table
from pipeline_research.training.subject_cases import Case

__all__ = ["Point", "articles_per_second", "curve", "curve_table"]

_PASSES: Final = 3
_CHUNK: Final = 25  # articles that are timed at a time: the fastest pass of each counts, as other programs disturb some
_BARS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.01)


class Point(Struct, frozen=True):
    """A cascade that asks the encoder below a bar: the share it asks about, and the shares right."""

    bar: float
    asked: float
    in_codes: float
    right: float


def articles_per_second(classifier: SubjectClassifier, cases: Sequence[Case]) -> float:
    """Return the articles per second of CPU time, of all threads together; words that repeat are in the caches."""
    texts = [case.given for case in cases]
    total = 0.0
    for first in range(0, len(texts), _CHUNK):
        chunk, times = texts[first : first + _CHUNK], []
        for _ in range(_PASSES):
            began = time.process_time()
            classifier.classify(chunk)
            times.append(time.process_time() - began)
        total += min(times)
    return len(texts) / max(total, 1e-9)


def curve(fast: Sequence[Answered], encoder: Sequence[Answered], bars: Sequence[float] = _BARS) -> list[Point]:
    """Return what a cascade would be like at several bars, from the answers of both readers to the same texts."""
    points = []
    for bar in bars:
        asked = [answer.confidence < bar for answer in fast]
        mixed = [b if below and b.odds else a for a, b, below in zip(fast, encoder, asked, strict=True)]
        points.append(
            Point(
                bar,
                sum(asked) / max(1, len(asked)),
                share(mixed, lambda answer: answer.is_in_codes).value,
                share(mixed, lambda answer: answer.is_right).value,
            )
        )
    return points


def curve_table(points: Mapping[str, Sequence[Point]], served: float) -> list[str]:
    """Return a line per bar: the share asked and the share right, for each set of texts.

    Args:
        points: Name of the texts → their points; all with the same bars.
        served: The bar of the calibration; its line is in bold.
    """
    rows = []
    for number, first in enumerate(next(iter(points.values()))):
        bar = f"**{first.bar:.2f}**" if first.bar == served else f"{first.bar:.2f}" if first.bar <= 1 else "always"
        cells = [cell for found in points.values() for cell in _cells(found[number])]
        rows.append([bar, *cells])
    head = [f"{name}: {what}" for name in points for what in ("asked", "in codes", "defensible")]
    return table(("encoder asked below", *head), rows)


def _cells(point: Point) -> tuple[float, float, float]:
    return point.asked, point.in_codes, point.right
