"""Shingle hashes of many texts at once, by prefix sums over one long array of characters.

A word's hash is the value of a polynomial in its characters, taken as a difference of prefix sums; a shingle's hash
combines those of its words. All arithmetic is modulo 2^64, so it is the same on every machine and NumPy.
"""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.characters import DIGIT, LETTER, MARK, SIGN
from pipeline.dedup.params import SigningParams

__all__ = ["Shingles", "Tokens", "mix", "shingle", "tokenise"]

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

_BASE: Final = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2^64
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_SEED: Final = np.uint64(0xD6E8FEB86659FD93)
_MIX_1: Final = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2: Final = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT: Final = np.uint64(33)
_ORDER: Final = tuple(
    np.uint64(value)
    for value in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3)
)
"""One odd factor for each place in a shingle, so that the order of words counts."""


class Tokens(Struct, frozen=True):
    """Words, or single characters of scripts without spaces, of all texts in order."""

    hashes: Hashes
    """Of a word's first characters, of all digits of a number."""
    texts: Positions
    """Which text each token belongs to."""
    numeric: NDArray[np.bool_]
    """Whether the token starts with a digit."""
    signs: NDArray[np.bool_]
    """Whether the token is a character of a script without spaces."""


class Shingles(Struct, frozen=True):
    """Hashes of overlapping runs of tokens, with the text each belongs to."""

    hashes: Hashes
    texts: Positions


def mix(values: Hashes) -> Hashes:
    """Spread every input bit over all output bits (the finaliser of MurmurHash3)."""
    mixed = values ^ (values >> _SHIFT)
    mixed *= _MIX_1
    mixed ^= mixed >> _SHIFT
    mixed *= _MIX_2
    mixed ^= mixed >> _SHIFT
    return mixed


def _made_powers(base: int, count: int) -> Hashes:
    powers = np.full(count, np.uint64(base), dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


_PREPARED: Final = 1 << 16  # characters of a usual batch
_POWERS: Final = _made_powers(_BASE, _PREPARED)
_INVERSES: Final = _made_powers(_INVERSE, _PREPARED)


def _powers(count: int) -> tuple[Hashes, Hashes]:
    """Return powers of the base and of its inverse."""
    if count <= _PREPARED:
        return _POWERS[:count], _INVERSES[:count]
    return _made_powers(_BASE, count), _made_powers(_INVERSE, count)


def tokenise(
    points: NDArray[np.uint32], classes: NDArray[np.uint8], starts: Positions, params: SigningParams
) -> Tokens:
    """Split texts into tokens and hash them. Text number i begins at starts[i]; something must stand between texts."""
    marks = classes == MARK
    if marks.any():
        kept = np.flatnonzero(~marks)
        starts = np.searchsorted(kept, starts)
        points, classes = points[kept], classes[kept]
    first, last = _words(classes)
    numeric = classes[first] == DIGIT
    last = np.where(numeric, last, np.minimum(last, first + (params.word_start - 1)))
    powers, inverses = _powers(len(points))
    prefix = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum((points + _SEED) * powers, out=prefix[1:])
    hashes = (prefix[last + 1] - prefix[first]) * inverses[first]
    counts = np.diff(np.append(np.searchsorted(first, starts), len(first)))
    return Tokens(
        hashes=mix(hashes),
        texts=np.repeat(np.arange(len(starts)), counts),
        numeric=numeric,
        signs=classes[first] == SIGN,
    )


def _words(classes: NDArray[np.uint8]) -> tuple[Positions, Positions]:
    """Return where each token starts and ends (its last character)."""
    wordy = np.zeros(len(classes) + 2, dtype=np.bool_)
    np.greater_equal(classes, LETTER, out=wordy[1:-1])
    first, last = wordy[1:-1] & ~wordy[:-2], wordy[1:-1] & ~wordy[2:]
    signs = classes == SIGN
    if signs.any():  # each is a token, and ends the word before it
        alone = np.zeros(len(classes) + 2, dtype=np.bool_)
        alone[1:-1] = signs
        first |= signs | (alone[:-2] & wordy[1:-1])
        last |= signs | (alone[2:] & wordy[1:-1])
    return np.flatnonzero(first), np.flatnonzero(last)


def _runs(tokens: Tokens, length: int) -> Shingles:
    count = len(tokens.hashes) - length + 1
    if count <= 0:
        return Shingles(hashes=tokens.hashes[:0], texts=tokens.texts[:0])
    hashes = tokens.hashes[:count] * _ORDER[0]
    for place in range(1, length):
        hashes += tokens.hashes[place : place + count] * _ORDER[place]
    inside = tokens.texts[:count] == tokens.texts[length - 1 :]
    return Shingles(hashes=mix(hashes[inside]), texts=tokens.texts[:count][inside])


def shingle(tokens: Tokens, texts: int, params: SigningParams) -> Shingles:
    """Return the shingles of all texts: runs of characters where most tokens are such, else runs of words."""
    sizes = np.bincount(tokens.texts, minlength=texts)
    spaceless = np.bincount(tokens.texts[tokens.signs], minlength=texts) * 2 > sizes
    words = _runs(tokens, params.word_shingle)
    if not spaceless.any():
        return words
    signs = _runs(tokens, params.sign_shingle)
    of_words, of_signs = ~spaceless[words.texts], spaceless[signs.texts]
    return Shingles(
        hashes=np.concatenate((words.hashes[of_words], signs.hashes[of_signs])),
        texts=np.concatenate((words.texts[of_words], signs.texts[of_signs])),
    )
