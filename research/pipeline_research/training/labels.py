"""Labels of training texts and their weights, and the labels that a teacher gives to texts without labels."""

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
_SILENT: Final = 0.1  # weight of an absent label that its set does not use: weak evidence that it does not apply
_RAREST: Final = (0.5, 4.0)  # limits of the weight by which frequent classes count less and rare ones more
_SAFE: Final = 30.0  # logits are clipped here, so that exp does not overflow
_HEADLINE: Final = (30, 160)  # fewest and most characters of a first line that is used as a headline


class TeacherSettings(Struct, frozen=True):
    """How the teacher's head is trained, and the weights of its answers."""

    steps: int = 300
    rate: float = 8.0
    decay: float = 2e-3  # large, because the rare classes have few texts
    sharpness: float = 1.6  # factor of its logits, which this decay makes too small
    softness: float = 4.0  # divisor of the standardised vectors, so that one rate suits all
    fill: float = 0.4  # weight of its answer about a class that the set of a labelled text does not use
    weight: float = 1.0  # weight of its answer about an unlabelled text; labels have about 1
    translation_weight: float = 0.3  # weight of its answer about an original when it is used for a translation


def targets(texts: Sequence[Text]) -> tuple[Floats, Floats]:
    """Return the labels (0 or 1) and the weights of texts, both (texts × classes)."""
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
    """Return the first lines of articles as separate texts, so that the model is trained on short texts too."""
    short = []
    for item in texts:
        first, _, rest = item.text.partition("\n")
        if rest and not item.is_term and _HEADLINE[0] <= len(first) <= _HEADLINE[1]:
            short.append(Text(item.source, item.language, first, item.codes, item.test))
    return short


def taught(known: Floats, labels: Floats, weights: Floats, texts: Floats, settings: TeacherSettings) -> Floats:
    """Train the teacher's head, and return its probabilities (texts × classes), independent for each class.

    Args:
        known: The teacher's vectors of labelled texts (known × width).
        labels: Their labels (known × classes).
        weights: The weights of the labels (known × classes).
        texts: The teacher's vectors of the texts to classify (texts × width).
        settings: How the head is trained.
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
    """Return labels and weights in which the teacher fills the classes that the set of a text does not use.

    Args:
        labels: Labels of the texts (texts × classes).
        weights: Their weights (texts × classes).
        odds: The teacher's probabilities (texts × classes).
        settings: The weight of the teacher's answers.
    """
    silent = (labels == 0) & (weights <= _SILENT * weights.max(1, keepdims=True))
    spoken = np.maximum(weights, settings.fill * weights.max(1, keepdims=True))
    return np.where(silent, odds, labels), np.where(silent, spoken, weights)


def _with_one(vectors: Floats) -> Floats:
    return np.concatenate((vectors, np.ones((len(vectors), 1), np.float32)), axis=1)


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_SAFE, _SAFE))), dtype=np.float32)
