"""Train static vectors of subword pieces whose weighted sum over a text approximates the vector of a teacher.

First, one matrix maps the input embeddings of all pieces, weighted by rarity, into the space of the teacher. Then the
vectors of the pieces that occur in the training texts are refined. A sentence and its translations have the same
target, the teacher's vector of the English original: this transfers subjects from one language to another.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from pipeline_research.training.adam import SparseAdam

__all__ = ["StaticSettings", "learn_vectors", "quantised", "weighted"]

_SIF: Final = 1e-4  # smooth inverse frequency: a piece with this share of all pieces has half the weight
_STEPS: Final = 7  # a 4-bit integer is from -7 to 7


class StaticSettings(Struct, frozen=True):
    """Sizes and rates, chosen on held-out training texts."""

    dim: int = 256
    ridge: float = 3e-3
    epochs: int = 4
    batch: int = 512
    rate: float = 0.04
    seed: int = 5


def weighted(table: NDArray[np.float32], counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return embeddings without their mean, weighted by the rarity of their pieces.

    Args:
        table: Embeddings (pieces × width).
        counts: Frequencies of the pieces (pieces).
    """
    share = counts / counts.sum()
    centred = table - np.average(table, axis=0, weights=np.sqrt(share) + 1e-9)
    return np.asarray(centred * (_SIF / (_SIF + share))[:, None], dtype=np.float32)


def learn_vectors(
    start: NDArray[np.float32],
    pieces: Any,
    targets: NDArray[np.float32],
    settings: StaticSettings,
    log_line: Callable[[str], None],
) -> NDArray[np.float32]:
    """Return the learned vectors (pieces × dim).

    Args:
        start: Weighted embeddings (pieces × width).
        pieces: How often each text contains each piece, sparse (texts × pieces).
        targets: The teacher's vectors of the texts (texts × width of the teacher).
        settings: Sizes and rates.
        log_line: Called with lines about the progress.
    """
    wanted = _directions(targets, settings.dim)
    sums = np.asarray(pieces @ start)
    scale = np.linalg.norm(sums, axis=1).mean()
    inputs = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    gram = inputs.T @ inputs / len(inputs) + settings.ridge * np.eye(inputs.shape[1], dtype=np.float32) / len(start[0])
    matrix = np.linalg.solve(gram, inputs.T @ wanted / len(inputs))
    table = np.asarray(start @ matrix / scale, dtype=np.float32)
    log_line(f"static vectors: mapped, cosine {_cosine(pieces, table, wanted):.3f}")
    return _refined(table, pieces, wanted, settings, log_line)


def _directions(targets: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Return the targets without their mean, in their `dim` principal dimensions, normalised (texts × dim)."""
    centred = targets - targets.mean(0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    wanted = centred @ vectors[:, ::-1][:, :dim]
    return np.asarray(wanted / np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _cosine(pieces: Any, table: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    found = np.asarray(pieces @ table)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return float((found * wanted).sum(1).mean())


def _refined(
    table: NDArray[np.float32],
    pieces: Any,
    wanted: NDArray[np.float32],
    settings: StaticSettings,
    log_line: Callable[[str], None],
) -> NDArray[np.float32]:
    """Refine the vectors (pieces × dim) by maximising the cosine between the sum of each text and its target."""
    rng = np.random.default_rng(settings.seed)
    typical = float(np.sqrt((table**2).mean()))
    learned = SparseAdam(table / np.float32(typical))
    steps = settings.epochs * (len(wanted) // settings.batch)
    step = 0
    for epoch in range(settings.epochs):
        order, total = rng.permutation(len(wanted)), 0.0
        for first in range(0, len(order) - settings.batch + 1, settings.batch):
            rows = order[first : first + settings.batch]
            counts = pieces[rows]
            touched, places = np.unique(counts.indices, return_inverse=True)
            compact = sparse.csr_matrix((counts.data, places, counts.indptr), shape=(len(rows), touched.size))
            sums = np.asarray(compact @ learned.value[touched])
            length = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
            unit = sums / length
            cosine = (unit * wanted[rows]).sum(1, keepdims=True)
            total += float(cosine.sum())
            error = (cosine * unit - wanted[rows]) / length / len(rows)
            rate = settings.rate * (1 - step / steps)
            learned.update_rows(touched, np.asarray(compact.T @ error), rate)
            step += 1
        log_line(f"static vectors: epoch {epoch}, cosine {total / len(wanted):.3f}")
    return np.asarray(learned.value * np.float32(typical))


def quantised(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Quantise vectors (pieces × dim) to values from -7 to 7 and a factor from 1 to 255 for each row (pieces)."""
    # The peak is limited to 3 sigma: clipping loses less than coarser steps would.
    peak = np.minimum(np.maximum(np.abs(table).max(1), 1e-9), 3 * table.std(1) + 1e-9)
    factor = np.clip(np.rint(peak / np.quantile(peak, 0.999) * 255), 1, 255)
    codes = np.clip(np.rint(table / peak[:, None] * _STEPS), -_STEPS, _STEPS)
    return codes.astype(np.int8), factor.astype(np.uint8)
