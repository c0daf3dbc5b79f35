"""The second language detector: hashed character n-grams, their mean vector, one linear layer.

Trained by `news-pipeline train language`. Each text is computed by itself, so a result cannot depend on the batch.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["NGRAM_PARAMS", "NgramModel", "NgramParams", "buckets"]


class NgramParams(Struct, frozen=True):
    """What the features are; a model must be used with the `longest` it was trained with."""

    longest: int = 4  # characters of the longest n-gram
    max_chars: int = 300  # characters read


NGRAM_PARAMS: Final = NgramParams()
"""The values in use."""

# Code points from here on share the last entry of the table of lower-case letters.
_LIMIT: Final = 0x10000
_SPACE: Final = 0x20
# Multipliers of FNV-1 and of Fibonacci hashing; part of the format of the weights.
_MULTIPLIER: Final = np.uint32(0x01000193)
_SPREAD: Final = np.uint32(0x9E3779B1)


def _lowered() -> NDArray[np.uint32]:
    """Return code point → its lower-case letter, or a space for what is no letter (65,536)."""
    chars = [chr(point) for point in range(_LIMIT)]
    lower = map(str.lower, chars)
    table = np.fromiter(
        (ord(low if len(low) == 1 else char) for low, char in zip(lower, chars, strict=True)), np.uint32
    )
    for first, last in ((0xD800, 0xE000), (0x2000, 0x2100), (0x3000, 0x3005)):  # halves of pairs, marks of text
        table[first:last] = _SPACE
    for is_no_letter in (str.isspace, str.isdigit):
        table[np.fromiter(map(is_no_letter, chars), np.bool_)] = _SPACE
    table[[point for point in range(128) if not chars[point].isalpha()]] = _SPACE
    table[ord("'")] = ord("'")
    return table


_LOWERED: Final = _lowered()


def buckets(
    points: NDArray[np.uint32], bits: int, longest: int = NGRAM_PARAMS.longest, *, shortest: int = 1
) -> NDArray[np.uint32]:
    """Return the bucket of every n-gram of `shortest` to `longest` characters, lower-cased, one space between words.

    Args:
        points: The text's code points (characters).
        bits: There are 2**bits buckets.
        longest: Characters of the longest n-gram.
        shortest: Characters of the shortest n-gram.

    Returns:
        Bucket numbers, one for each n-gram, repeated ones included; the shortest n-grams first.
    """
    chars = np.full(points.size + 2, _SPACE, dtype=np.uint32)
    _LOWERED.take(points, mode="clip", out=chars[1:-1])
    spaces = chars == _SPACE
    keep = np.ones(chars.size, dtype=bool)
    np.logical_and(spaces[1:], spaces[:-1], out=keep[1:])
    np.logical_not(keep[1:], out=keep[1:])
    chars = chars[keep]
    hashes = chars.copy()
    found = []
    for length in range(1, min(longest, chars.size) + 1):
        if length > 1:
            hashes = hashes[:-1] * _MULTIPLIER + chars[length - 1 :]
        if length < shortest:
            continue
        mixed = (hashes + np.uint32(length)) * _SPREAD
        found.append((mixed ^ (mixed >> np.uint32(15))) * _SPREAD >> np.uint32(32 - bits))
    return np.concatenate(found) if found else np.empty(0, np.uint32)


class NgramModel(Struct, frozen=True):
    """Weights of the second detector."""

    labels: tuple[str, ...]
    table: NDArray[np.float32]
    """Buckets × dimensions; whole numbers, so that their sum does not depend on the order."""
    weights: NDArray[np.float32]
    """Labels × dimensions."""
    bias: NDArray[np.float32]
    """One per label."""
    bits: int
    """Logarithm of the number of buckets."""
    params: NgramParams = NGRAM_PARAMS

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "NgramModel":
        """Build the model from the arrays of language.npz: `ngram_labels`, `_table`, `_weights` and `_bias`."""
        # float32 holds the 8-bit numbers and any sum of them exactly, and adds them up four times as fast.
        table = np.asarray(arrays["ngram_table"]).astype(np.float32)
        return cls(
            labels=tuple(str(label) for label in arrays["ngram_labels"]),
            table=table,
            weights=np.asarray(arrays["ngram_weights"], dtype=np.float32),
            bias=np.asarray(arrays["ngram_bias"], dtype=np.float32),
            bits=int(table.shape[0]).bit_length() - 1,
        )

    def rank(self, points: NDArray[np.uint32], count: int) -> list[tuple[str, float]]:
        """Return the `count` most probable labels with their probability, the best first; `points` are code points."""
        found = buckets(points[: self.params.max_chars], self.bits, self.params.longest)
        mean = self.table.take(found, axis=0).sum(axis=0) / np.float32(found.size)
        logits = (self.weights * mean).sum(axis=1) + self.bias
        odds = np.exp((logits - logits.max()).astype(np.float64))
        odds /= odds.sum()
        best = np.argsort(-odds, kind="stable")[:count]
        return [(self.labels[i], float(odds[i])) for i in best.tolist()]
