"""Shingle hashes of many texts at once, from one array with the characters of all texts.

The hash of a word is a polynomial of its characters; the hash of a shingle combines those of its words. All arithmetic
is modulo 2^64, so results do not depend on the machine or the NumPy version.
"""

from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.dedup.params import SigningParams
from pipeline.dedup.signature.character_classes import DIGIT, LETTER, MARK, SIGN

__all__ = ["Shingles", "Tokens", "mix", "shingle", "tokenise"]

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

# Odd 64-bit constants with well-mixed bits. They belong to the signature format.
_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
"""Multiplied by the base this is 1, modulo 2^64: every odd number has such an inverse."""
_SEED: Final = np.uint64(0xD6E8FEB86659FD93)
_MIX_1: Final = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2: Final = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT: Final = np.uint64(33)
_ORDER: Final = tuple(
    np.uint64(value)
    for value in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3)
)
"""One odd factor for each place in a shingle, so that the order of words counts; the longest shingle has as many."""


class Tokens(Struct, frozen=True):
    """The words (or characters, in scripts without spaces) of all texts, in order, as arrays of shape (tokens,)."""

    hashes: Hashes
    """Hash of the first characters of a word, or of all digits of a number."""
    whole: Hashes
    """Hash of the whole word."""
    texts: Positions
    """The position of the text that each token belongs to."""
    numeric: NDArray[np.bool_]
    """Whether the token starts with a digit."""
    signs: NDArray[np.bool_]
    """Whether the token is a character of a script without spaces."""


class Shingles(Struct, frozen=True):
    """Hashes of overlapping runs of tokens. Both arrays have the shape (shingles,)."""

    hashes: Hashes
    texts: Positions
    """The position of the text that each shingle belongs to."""


def mix(values: Hashes) -> Hashes:
    """Return hashes in which every input bit affects all output bits (the finaliser of MurmurHash3)."""
    mixed = values ^ (values >> _SHIFT)
    mixed *= _MIX_1
    mixed ^= mixed >> _SHIFT
    mixed *= _MIX_2
    mixed ^= mixed >> _SHIFT
    return mixed


def tokenise(points: NDArray[Any], classes: NDArray[np.uint8], starts: Positions, params: SigningParams) -> Tokens:
    """Split texts into tokens and hash them.

    Args:
        points: Code points of all texts, with a character between texts that belongs to no word.
        classes: The class of each code point, of the same shape.
        starts: The position at which each text starts, of shape (texts,).
        params: How many characters of a word count.
    """
    marks = classes == MARK
    if marks.any():
        kept = np.flatnonzero(~marks)
        starts = np.searchsorted(kept, starts)
        points, classes = points[kept], classes[kept]
    first, lengths = _words(classes)
    kinds = classes[first]
    numeric = kinds == DIGIT
    counted = np.where(numeric, lengths, np.minimum(lengths, params.word_start))
    whole, hashes = _word_hashes(points, first, lengths, counted)
    counts = np.diff(np.append(np.searchsorted(first, starts), len(first)))
    return Tokens(
        hashes=mix(hashes),
        whole=mix(whole),
        texts=np.repeat(np.arange(len(starts)), counts),
        numeric=numeric,
        signs=kinds == SIGN,
    )


def _word_hashes(
    points: NDArray[Any], first: Positions, lengths: Positions, counted: Positions
) -> tuple[Hashes, Hashes]:
    """Return the polynomial of all characters of each word, and that of its first `counted` characters.

    A polynomial is the difference between two sums over the text, divided by the power of the word's place.
    """
    rising, falling = _scales(len(points))
    values = points + _SEED
    values *= rising
    sums = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum(values, out=sums[1:])
    before, divisors = sums[first], falling[first]
    return (sums[first + lengths] - before) * divisors, (sums[first + counted] - before) * divisors


def _powers(base: int, count: int) -> Hashes:
    """Return the first `count` powers of a number, starting with 1."""
    powers = np.full(count, np.uint64(base), dtype=np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)


_KEPT: Final = 1 << 17
"""Characters of an ordinary batch, for which powers are kept."""
_RISING: Final = _powers(_BASE, _KEPT)
_FALLING: Final = _powers(_INVERSE, _KEPT)


def _scales(count: int) -> tuple[Hashes, Hashes]:
    """Return the power of each of the first `count` places, and what divides by it."""
    if count > _KEPT:
        return _powers(_BASE, count), _powers(_INVERSE, count)
    return _RISING[:count], _FALLING[:count]


def _words(classes: NDArray[np.uint8]) -> tuple[Positions, Positions]:
    """Return the start and the number of characters of each token."""
    wordy = np.zeros(len(classes) + 2, dtype=np.bool_)
    np.greater_equal(classes, LETTER, out=wordy[1:-1])
    signs = classes == SIGN
    if not signs.any():
        edges = np.flatnonzero(wordy[1:] != wordy[:-1])
        return edges[::2], edges[1::2] - edges[::2]
    # Each character of a script without spaces is a token, and ends the word before it.
    alone = np.zeros(len(classes) + 2, dtype=np.bool_)
    alone[1:-1] = signs
    first = signs | (wordy[1:-1] & (~wordy[:-2] | alone[:-2]))
    last = signs | (wordy[1:-1] & (~wordy[2:] | alone[2:]))
    starts = np.flatnonzero(first)
    return starts, np.flatnonzero(last) + 1 - starts


def _runs(tokens: Tokens, length: int) -> Shingles:
    """Return all runs of this many tokens within one text."""
    count = len(tokens.hashes) - length + 1
    if count <= 0:
        return Shingles(hashes=tokens.hashes[:0], texts=tokens.texts[:0])
    hashes = tokens.hashes[:count] * _ORDER[0]
    for place in range(1, length):
        hashes += tokens.hashes[place : place + count] * _ORDER[place]
    inside = tokens.texts[:count] == tokens.texts[length - 1 :]
    return Shingles(hashes=mix(hashes[inside]), texts=tokens.texts[:count][inside])


def shingle(tokens: Tokens, texts: int, params: SigningParams) -> Shingles:
    """Return the shingles of all texts.

    A text is cut into runs of characters if more than half of its tokens are characters of scripts without spaces, and
    into runs of words otherwise.

    Args:
        tokens: The tokens of all texts.
        texts: The number of texts.
        params: The lengths of runs.
    """
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
