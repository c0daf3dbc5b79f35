"""What each training text is evidence for: labels and weights, and the labels a teacher gives to texts without any."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline_research.training.corpora import CODES, SENTENCES, Text

__all__ = ["TeacherSettings", "filled", "headlines", "targets", "taught"]

Floats = NDArray[np.float32]

_WEIGHTS: Final[Mapping[str, float]] = {SENTENCES: 0.15, "seeds": 3.0}
_TERM_WEIGHT: Final = 0.5
_SILENT: Final = 0.1  # what a set has no label for is hardly evidence that a text is not about it
_RAREST: Final = (0.5, 4.0)  # least and most that a class weighs for being frequent or rare
_SAFE: Final = 30.0  # logit beyond which a probability is one or nothing
_HEADLINE: Final = (30, 160)  # characters of a first line that can stand for its article


class TeacherSettings(Struct, frozen=True):
    """How the teacher's head learns and how much it is believed."""

    steps: int = 300
    rate: float = 8.0
    decay: float = 2e-3  # large: the rare classes have few texts
    sharpness: float = 1.6  # times its logits, which so much decay makes timid
    softness: float = 4.0  # divides the standardised vectors, so that one rate fits
    fill: float = 0.4  # weight of its answer for what a labelled text has no label for
    weight: float = 1.0  # of its answer, against one of a labelled text
    translation_weight: float = 0.3  # of its answer about an original, for a translation


def targets(texts: Sequence[Text]) -> tuple[Floats, Floats]:
    """Return labels and weights (texts × classes)."""
    inventory: dict[str, set[str]] = defaultdict(set)
    for item in texts:
        inventory[item.source].update(item.codes)
    labels = np.array([[code in item.codes for code in CODES] for item in texts], np.float32)
    known = np.array([[item.is_term or code in inventory[item.source] for code in CODES] for item in texts])
    weights = np.where(known | (labels > 0), np.float32(1), np.float32(_SILENT))
    positives = (labels * weights).sum(0)
    balance = np.clip((positives.mean() / np.maximum(positives, 1)) ** 0.4, *_RAREST)
    weights = np.where(labels > 0, weights * balance, weights)
    own = [_WEIGHTS.get(item.source, _TERM_WEIGHT if item.is_term else 1.0) for item in texts]
    return labels, np.asarray(weights * np.array(own, np.float32)[:, None], dtype=np.float32)


def headlines(texts: Sequence[Text]) -> list[Text]:
    """Return the first lines of articles as texts of their own, so that the model learns to read short ones."""
    short = []
    for item in texts:
        first, _, rest = item.text.partition("\n")
        if rest and not item.is_term and _HEADLINE[0] <= len(first) <= _HEADLINE[1]:
            short.append(Text(item.source, item.language, first, item.codes, item.test))
    return short


def taught(known: Floats, labels: Floats, weights: Floats, texts: Floats, settings: TeacherSettings) -> Floats:
    """Return what the teacher thinks texts are about: probabilities (texts × classes), each class by itself.

    Args:
        known: The teacher's vectors of labelled texts.
        labels: Their labels (known × classes).
        weights: The weight of each.
        texts: The teacher's vectors of the texts to judge.
        settings: How it learns.
    """
    scale = settings.softness * known.std()
    inputs = _with_one((known - known.mean(0)) / scale)
    head = np.zeros((inputs.shape[1], labels.shape[1]), np.float32)
    speed = np.zeros_like(head)
    share = weights / weights.sum(0)
    for _ in range(settings.steps):
        error = (_sigmoid(inputs @ head) - labels) * share
        speed = 0.9 * speed - settings.rate * (inputs.T @ error + settings.decay * head)
        head += speed
    return _sigmoid(_with_one((texts - known.mean(0)) / scale) @ head * np.float32(settings.sharpness))


def filled(labels: Floats, weights: Floats, odds: Floats, settings: TeacherSettings) -> tuple[Floats, Floats]:
    """Return labels and weights where the teacher speaks on what the texts' set has no label for."""
    silent = (labels == 0) & (weights <= _SILENT * weights.max(1, keepdims=True))
    spoken = np.maximum(weights, settings.fill * weights.max(1, keepdims=True))
    return np.where(silent, odds, labels), np.where(silent, spoken, weights)


def _with_one(vectors: Floats) -> Floats:
    return np.concatenate((vectors, np.ones((len(vectors), 1), np.float32)), axis=1)


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_SAFE, _SAFE))), dtype=np.float32)
