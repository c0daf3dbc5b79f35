"""Find out, per language and length, from which confidence answers hold; the table ships inside the weights.

Half of the held-back texts of every set there is choose, also of sets the model did not learn from; the other half
measures. A language and length with no threshold at which enough answers are right is not served.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct

from pipeline.models.subjects import Length, SubjectInput, SubjectModel
from pipeline.training.corpora import SENTENCES, Text, read, sets_in, tag_of

__all__ = ["ValidationParams", "batches", "bundles", "held_texts", "validated"]

_LENGTHS: Final[tuple[Length, ...]] = ("headline", "short", "long")
_BATCH: Final = 256


class ValidationParams(Struct, frozen=True):
    """What a language and length must show to be served; chosen by judgement, not fitted."""

    thresholds: tuple[float, ...] = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # tried from the lowest
    min_texts: int = 20  # held-back texts of the length
    min_kept: float = 0.15  # share of them that must get an answer
    min_answers: int = 8
    min_right: float = 0.75  # share of these that must be right; where there are articles of the length
    min_right_other: float = 0.8  # the same of texts put together and of sentences, which are easier than articles
    bundle: int = 3  # short texts of one set and subject that stand for an article where there are none


class _Item(Struct, frozen=True):
    """A text's best answer."""

    length: Length
    odds: float
    right: bool


class _Line(Struct, frozen=True):
    """What was found about a length; no threshold where nothing holds."""

    threshold: float | None
    kind: str
    texts: int
    share: float = 0.0
    right: float = 0.0

    def text(self, tag: str, length: Length) -> str:
        """Return it as the weights keep it."""
        return f"{tag} {length} {self.threshold} {self.kind} {self.texts} {self.share:.3f} {self.right:.3f}"


def held_texts(data: Path, *, chooses: bool) -> list[Text]:
    """Return the half of the held-back texts of all sets that chooses thresholds, or the half that measures."""
    return [item for name in sets_in(data) for item in read(data, name) if item.test and item.chooses == chooses]


def batches(items: Sequence[Text]) -> Iterator[Sequence[Text]]:
    """Cut into batches."""
    return (items[first : first + _BATCH] for first in range(0, len(items), _BATCH))


def bundles(texts: Iterable[Text], size: int) -> list[Text]:
    """Join texts of one set, language and subject, each text once."""
    groups: dict[tuple[str, str, str], list[Text]] = defaultdict(list)
    for item in texts:
        groups[item.source, item.language, item.codes[0]].append(item)
    return [
        Text(source, language, "\n".join(item.text for item in items[first : first + size]), (code,), test=True)
        for (source, language, code), items in groups.items()
        for first in range(0, len(items) - size + 1, size)
    ]


def validated(arrays: Mapping[str, Any], data: Path, params: ValidationParams | None = None) -> list[str]:
    """Return a line per language and length served: tag, length, threshold, evidence, texts, share answered and right.

    A length without enough texts is served like the next shorter one: what holds for less text holds for more.

    Args:
        arrays: The model's weights, without validation.
        data: The corpora.
        params: What a language must show.
    """
    params = params or ValidationParams()
    model = SubjectModel({**arrays, "validation": np.array([], dtype=str)})
    by_tag: dict[str, list[Text]] = defaultdict(list)
    for item in held_texts(data, chooses=True):
        by_tag[tag_of(item.language).split("-")[0]].append(item)
    lines = []
    for tag, texts in sorted(by_tag.items()):
        news = [item for item in texts if item.source != SENTENCES]
        joined = bundles(news, params.bundle) if news else bundles(texts, params.bundle)
        evidence = {
            "news": list(_answers(model, news)),
            "joined": list(_answers(model, joined)),
            "sentences": list(_answers(model, [item for item in texts if item.source == SENTENCES])),
        }
        before: _Line | None = None
        for length in _LENGTHS:
            before = _line(length, evidence, params, before)
            if before is not None and before.threshold is not None:
                lines.append(before.text(tag, length))
    return lines


def _answers(model: SubjectModel, texts: Sequence[Text]) -> Iterator[_Item]:
    """Classify, whatever the thresholds."""
    for batch in batches(texts):
        inputs = [SubjectInput(body=item.text) for item in batch]
        for item, source, odds in zip(batch, inputs, model.probabilities(inputs), strict=True):
            length = model.length_of(source)
            if odds and length:
                best = max(odds, key=lambda code: odds[code])
                yield _Item(length, odds[best], best in item.codes)


def _line(
    length: Length, evidence: Mapping[str, Sequence[_Item]], params: ValidationParams, before: _Line | None
) -> _Line | None:
    """Judge by news of the length if there is enough, else by short texts joined, sentences, the length before."""
    for kind, answers in evidence.items():
        items = [item for item in answers if item.length == length]
        if len(items) >= params.min_texts:
            return _judged(kind, items, params.min_right if kind == "news" else params.min_right_other, params)
    return before


def _judged(kind: str, items: Sequence[_Item], min_right: float, params: ValidationParams) -> _Line:
    for level in params.thresholds:
        right = [item.right for item in items if item.odds >= level]
        share = len(right) / len(items)
        if len(right) >= params.min_answers and share >= params.min_kept and sum(right) >= min_right * len(right):
            return _Line(level, kind, len(items), share, sum(right) / len(right))
    return _Line(None, kind, len(items))
