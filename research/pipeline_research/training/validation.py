"""Determine the confidence threshold of each language and length; the table is part of the weights.

Half of the held-back texts of all sets, training sets or not, is used to choose thresholds; the other half is used to
measure. Confidence is calibrated by length, and by language where there is news in that language. A language and length
is not served when no threshold gives a sufficient share of right answers with sufficient certainty.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct

from pipeline.models.subjects import LENGTHS, Length, SubjectInput, SubjectModel, sigmoid
from pipeline_research.training.calibration import fitted_line, fitted_shift
from pipeline_research.training.corpora import SENTENCES, Text, read, sets_in, tag_of

__all__ = ["PLAIN", "ValidationParams", "batches", "bundles", "held_texts", "lower_bound", "validated"]

PLAIN: Final[Mapping[str, Any]] = {
    "length_slopes": np.ones(len(LENGTHS)),
    "length_shifts": np.zeros(len(LENGTHS)),
    "validation": np.array([], dtype=str),
}
"""Arrays of a model without calibration that serves no language."""

_BATCH: Final = 256
_SURE: Final = 12.0  # logits are clipped here


class ValidationParams(Struct, frozen=True):
    """Requirements for a language and length to be served; chosen by judgement, not fitted."""

    thresholds: tuple[float, ...] = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # tried in this order
    min_texts: int = 20  # held-back texts of the length
    min_kept: float = 0.15  # share of these that must have an answer
    min_answers: int = 8
    min_right: float = 0.75  # share of answers that must be right, for articles of the length
    min_right_other: float = 0.8  # the same for joined texts and sentences, which are easier than articles
    min_bound: float = 0.7  # lower bound of that share, with 95 % certainty: few answers are weak evidence
    bundle: int = 3  # short texts of one set and subject that are joined as a substitute for an article


class _BestAnswer(Struct, frozen=True):
    """The best answer for a text: its uncalibrated logit, and whether it is right."""

    length: Length
    logit: float
    right: bool


class _Line(Struct, frozen=True):
    """The result for a length; the threshold is None when none meets the requirements."""

    threshold: float | None
    shift: float
    kind: str
    texts: int
    answers: int = 0
    right: int = 0

    def text(self, tag: str, length: Length) -> str:
        """Return the line of the array `validation` in the weights."""
        counts = f"{self.kind} {self.texts} {self.answers} {self.right}"
        return f"{tag} {length} {self.threshold} {self.shift:.3f} {counts}"


class _Evidence(Struct, frozen=True):
    """The answers for a language: for news, for joined short news, and for sentences."""

    news: list[_BestAnswer]
    joined: list[_BestAnswer]
    sentences: list[_BestAnswer]

    def of(self, length: Length) -> Iterator[tuple[str, list[_BestAnswer]]]:
        """Yield the kinds of evidence for a length, the best first; sentences are no evidence for headlines."""
        yield "news", [item for item in self.news if item.length == length]
        yield "joined", [item for item in self.joined if item.length == length]
        if length != "headline":
            yield "sentences", self.sentences


def lower_bound(right: int, answers: int, certainty: float = 1.645) -> float:
    """Return the lower bound of the share of right answers (Wilson score, one-sided, 95 % by default)."""
    if not answers:
        return 0.0
    share, square = right / answers, certainty**2
    spread = certainty * math.sqrt(share * (1 - share) / answers + square / (4 * answers**2))
    return (share + square / (2 * answers) - spread) / (1 + square / answers)


def held_texts(data: Path, *, chooses: bool) -> list[Text]:
    """Return the half of the held-back texts of all sets that chooses thresholds, or the half that measures."""
    return [item for name in sets_in(data) for item in read(data, name) if item.test and item.chooses == chooses]


def batches(items: Sequence[Text]) -> Iterator[Sequence[Text]]:
    """Split texts into batches for the model."""
    return (items[first : first + _BATCH] for first in range(0, len(items), _BATCH))


def bundles(texts: Iterable[Text], size: int) -> list[Text]:
    """Join texts of the same set, language and subject in groups of `size`; each text is used once at most."""
    groups: dict[tuple[str, str, str], list[Text]] = defaultdict(list)
    for item in texts:
        groups[item.source, item.language, item.codes[0]].append(item)
    return [
        Text(source, language, "\n".join(item.text for item in items[first : first + size]), (code,), test=True)
        for (source, language, code), items in groups.items()
        for first in range(0, len(items) - size + 1, size)
    ]


def validated(arrays: Mapping[str, Any], data: Path, params: ValidationParams | None = None) -> dict[str, Any]:
    """Return the arrays of calibration and validation: `length_slopes`, `length_shifts`, `validation`.

    `validation` has a line per served language and length: tag, length, threshold, shift, evidence, texts, answers,
    right answers. A length without enough texts gets the line of the next shorter one, because longer texts are easier.

    Args:
        arrays: The model's weights; their own validation is ignored.
        data: The corpora.
        params: The requirements for a language.
    """
    params = params or ValidationParams()
    evidence = _evidence(SubjectModel({**arrays, **PLAIN}), data, params)
    lines = _length_lines([item for found in evidence.values() for item in found.news])
    served = []
    for tag, found in sorted(evidence.items()):
        before: _Line | None = None
        for length in LENGTHS:
            before = _line(found.of(length), lines, params, before)
            if before is not None and before.threshold is not None:
                served.append(before.text(tag, length))
    return {
        "length_slopes": np.array([lines[length][0] for length in LENGTHS]),
        "length_shifts": np.array([lines[length][1] for length in LENGTHS]),
        "validation": np.array(served, dtype=str),
    }


def _evidence(model: SubjectModel, data: Path, params: ValidationParams) -> dict[str, _Evidence]:
    by_tag: dict[str, list[Text]] = defaultdict(list)
    for item in held_texts(data, chooses=True):
        by_tag[tag_of(item.language).split("-")[0]].append(item)
    found = {}
    for tag, texts in by_tag.items():
        news = [item for item in texts if item.source != SENTENCES]
        sentences = [item for item in texts if item.source == SENTENCES]
        found[tag] = _Evidence(
            news=list(_answers(model, news)),
            joined=list(_answers(model, bundles(news, params.bundle))),
            # Sentences are evidence for short texts, regardless of their own length.
            sentences=[_BestAnswer("short", item.logit, item.right) for item in _answers(model, sentences)],
        )
    return found


def _answers(model: SubjectModel, texts: Sequence[Text]) -> Iterator[_BestAnswer]:
    """Yield the best answers regardless of thresholds."""
    for batch in batches(texts):
        inputs = [SubjectInput(body=item.text) for item in batch]
        for item, source, odds in zip(batch, inputs, model.probabilities(inputs), strict=True):
            length = model.length_of(source)
            if odds and length:
                best = max(odds, key=lambda code: odds[code])
                yield _BestAnswer(length, _logit(odds[best]), best in item.codes)


def _logit(odds: float) -> float:
    return max(-_SURE, min(_SURE, math.log(odds / (1 - odds)))) if 0 < odds < 1 else math.copysign(_SURE, odds - 0.5)


def _length_lines(news: Sequence[_BestAnswer]) -> dict[Length, tuple[float, float]]:
    found: dict[Length, tuple[float, float]] = {}
    for length in LENGTHS:
        items = [item for item in news if item.length == length]
        plain = (1.0, 0.0)
        found[length] = fitted_line([i.logit for i in items], [i.right for i in items]) if items else plain
    return found


def _line(
    kinds: Iterable[tuple[str, Sequence[_BestAnswer]]],
    lines: Mapping[Length, tuple[float, float]],
    params: ValidationParams,
    before: _Line | None,
) -> _Line | None:
    """Judge by news of the length if there is enough, else by joined texts, sentences, or the previous length."""
    for kind, items in kinds:
        if len(items) >= params.min_texts:
            logits = [lines[item.length][0] * item.logit + lines[item.length][1] for item in items]
            right = [item.right for item in items]
            # Only news is used to calibrate a language.
            shift = fitted_shift(logits, right) if kind == "news" else 0.0
            odds = [sigmoid(logit + shift) for logit in logits]
            return _judged(kind, shift, list(zip(odds, right, strict=True)), params)
    return before


def _judged(kind: str, shift: float, answers: Sequence[tuple[float, bool]], params: ValidationParams) -> _Line:
    min_right = params.min_right if kind == "news" else params.min_right_other
    for level in params.thresholds:
        kept = [right for odds, right in answers if odds >= level]
        hits = sum(kept)
        enough = len(kept) >= max(params.min_answers, params.min_kept * len(answers))
        if enough and hits >= min_right * len(kept) and lower_bound(hits, len(kept)) >= params.min_bound:
            return _Line(level, shift, kind, len(answers), len(kept), hits)
    return _Line(None, shift, kind, len(answers))
