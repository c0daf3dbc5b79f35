"""Learn the static vector of every subword piece, so that their weighted sum over a text points where a teacher's does.

The pieces' input embeddings, weighted by rarity, are first mapped into the teacher's space by one matrix, which serves
every piece; then the vectors of the pieces that training saw are learned one by one. A sentence and its translations
have one target, the teacher's vector of the English one: this is what carries a subject from language to language.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from pipeline_research.training.adam import SparseAdam

__all__ = ["StaticSettings", "learn_vectors", "quantised", "weighted"]

_SIF: Final = 1e-4  # of a piece's share of all pieces; common pieces say little
_STEPS: Final = 7  # of a 4-bit whole number, either side


class StaticSettings(Struct, frozen=True):
    """Sizes and rates, chosen on held-out training texts."""

    dim: int = 256
    ridge: float = 3e-3
    epochs: int = 4
    batch: int = 512
    rate: float = 0.04
    seed: int = 5


def weighted(table: NDArray[np.float32], counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the embeddings without their mean, each times the weight of its piece's rarity."""
    share = counts / counts.sum()
    centred = table - np.average(table, axis=0, weights=np.sqrt(share) + 1e-9)
    return np.asarray(centred * (_SIF / (_SIF + share))[:, None], dtype=np.float32)


def learn_vectors(
    start: NDArray[np.float32],
    pieces: Any,
    targets: NDArray[np.float32],
    settings: StaticSettings,
    say: Callable[[str], None],
) -> NDArray[np.float32]:
    """Return the learned vectors (pieces × dim).

    Args:
        start: Weighted embeddings (pieces × width).
        pieces: How often each text has each piece, sparse (texts × pieces).
        targets: What the teacher says of each text (texts × teacher's width).
        settings: Sizes and rates.
        say: Told of the progress.
    """
    wanted = _directions(targets, settings.dim)
    sums = np.asarray(pieces @ start)
    scale = np.linalg.norm(sums, axis=1).mean()
    inputs = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    gram = inputs.T @ inputs / len(inputs) + settings.ridge * np.eye(inputs.shape[1], dtype=np.float32) / len(start[0])
    matrix = np.linalg.solve(gram, inputs.T @ wanted / len(inputs))
    table = np.asarray(start @ matrix / scale, dtype=np.float32)
    say(f"static vectors: mapped, cosine {_cosine(pieces, table, wanted):.3f}")
    return _refined(table, pieces, wanted, settings, say)


def _directions(targets: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Return the targets without their mean, in their principal dimensions, of length one."""
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
    say: Callable[[str], None],
) -> NDArray[np.float32]:
    """Raise the cosine between each text's sum and its target, piece by piece."""
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
        say(f"static vectors: epoch {epoch}, cosine {total / len(wanted):.3f}")
    return np.asarray(learned.value * np.float32(typical))


def quantised(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Return 4-bit rows (-7 to 7) and each row's factor (1 to 255)."""
    # 3 sigma instead of the peak: what is cut off matters less than the finer steps.
    peak = np.minimum(np.maximum(np.abs(table).max(1), 1e-9), 3 * table.std(1) + 1e-9)
    factor = np.clip(np.rint(peak / np.quantile(peak, 0.999) * 255), 1, 255)
    codes = np.clip(np.rint(table / peak[:, None] * _STEPS), -_STEPS, _STEPS)
    return codes.astype(np.int8), factor.astype(np.uint8)
