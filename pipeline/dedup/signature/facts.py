"""Packs the facts of an article into few bytes, so that the fold can compare versions and copies without their texts.

Words become hashes of one byte, sets of names and numbers become bits, and the words of the body become counts by
class. That is 62 bytes without any words, and about 85 with a headline and a standfirst of usual length.
"""

import re
import struct
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.changes import ArticleFacts

__all__ = ["CLASSES", "NAME_BITS", "NUMBER_BITS", "NUMERIC_FROM", "Facts", "pack_facts", "unpack_facts"]

# All sizes are part of the format of signatures.
CLASSES: Final = 20
"""Classes by which the words of a body are counted."""
NAME_BITS: Final = 80
NUMBER_BITS: Final = 40
NUMERIC_FROM: Final = 240
"""Numbers have one-byte hashes from here on, other words lower ones."""
_MOST_LISTED: Final = (32, 40, 12, 12, 6, 6)
"""Words of headline and standfirst, dates, words of authors, corrections and updates that are kept."""
_FIXED: Final = struct.Struct(f"<IIIIHBBBBB{CLASSES}s{NAME_BITS // 8}s{NUMBER_BITS // 8}s6B")
_WITHDRAWN: Final = 1
_STUB: Final = 2
_MOST: Final = 255
_SIGNS: Final = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Scripts without spaces, each character of which is a word here."""
_MARKS: Final = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
"""Marks that belong to letters, and with them whole scripts whose vowels are marks."""
_WORD: Final = re.compile(rf"[{_SIGNS}]|(?:[{_MARKS}]|[^\W{_SIGNS}])+")
_SUPPORTED: Final = re.compile(rf"[{_SIGNS}]{{2}}|(?:[{_MARKS}]|[^\W{_SIGNS}]){{4,}}")
"""The parts of a headline that are looked for in the body: two characters, or words of four letters or more."""


class Facts(NamedTuple):
    """The facts of one article version as the fold sees them; lists are sorted bytes, one for each member."""

    text_hash: int
    """Hash of the body's words in order."""
    words_hash: int
    """Hash of the multiset of the body's words."""
    headline_hash: int
    """Hash of the headline's words in order; 0 without a headline."""
    names_hash: int
    words: int
    """Number of words of the body, at most 65,535."""
    headline_negations: int
    body_negations: int
    support: int
    """How many of the headline's longer words occur in the body, in 255ths; 255 when it has none."""
    flags: int
    name_count: int
    classes: bytes
    """Number of words of each class, modulo 256."""
    name_bits: int
    number_bits: int
    headline: bytes
    standfirst: bytes
    dates: bytes
    authors: bytes
    corrections: bytes
    updates: bytes

    @property
    def is_withdrawn(self) -> bool:
        """Whether the article states that it has been withdrawn."""
        return bool(self.flags & _WITHDRAWN)

    @property
    def is_stub(self) -> bool:
        """Whether the text is only a part of the article, such as the one before a paywall."""
        return bool(self.flags & _STUB)


def pack_facts(
    facts: ArticleFacts, headline: str, standfirst: str, body: str, words: tuple[NDArray[np.uint64], NDArray[np.bool_]]
) -> bytes:
    """Return the facts of an article as bytes.

    Args:
        facts: The facts.
        headline: Its headline, normalised.
        standfirst: Its standfirst, normalised.
        body: Its body, normalised.
        words: Hashes of all words of the body, and whether each is a number; of shape (words,) both.
    """
    hashes, numeric = words
    title = _WORD.findall(headline)
    names = set(_WORD.findall(" ".join(facts.names)))
    numbers = _bits(set(hashes[numeric].tolist()), NUMBER_BITS)
    numbers |= _bits(_crcs([word for word in title if word[0].isdigit()]), NUMBER_BITS)
    classes = np.bincount((hashes >> np.uint64(32)) % np.uint64(CLASSES), minlength=CLASSES)
    members: tuple[Collection[str], ...] = (
        title, _WORD.findall(standfirst), facts.dates, facts.authors, facts.corrections, facts.updates,
    )  # fmt: skip
    lists = [_hashes(values)[:most] for values, most in zip(members, _MOST_LISTED, strict=True)]
    fixed = _FIXED.pack(
        int.from_bytes(blake2b(hashes.tobytes(), digest_size=4).digest(), "little"),
        int(hashes.sum(dtype=np.uint64)) >> 32,
        _digest(title),
        _digest(sorted(names)),
        min(len(hashes), (1 << 16) - 1),
        min(facts.headline_negations, _MOST),
        min(facts.body_negations, _MOST),
        _support(headline, body),
        (_WITHDRAWN if facts.is_withdrawn else 0) | (_STUB if facts.is_stub else 0),
        min(len(names), _MOST),
        classes.astype(np.uint8).tobytes(),
        _bits(_crcs(names), NAME_BITS).to_bytes(NAME_BITS // 8, "little"),
        numbers.to_bytes(NUMBER_BITS // 8, "little"),
        *map(len, lists),
    )
    return fixed + b"".join(lists)


def unpack_facts(data: bytes) -> Facts | None:
    """Return the facts that `pack_facts` packed, or None if there are none or they are damaged."""
    if len(data) < _FIXED.size:
        return None
    *numbers, classes, names, digits, a, b, c, d, e, f = _FIXED.unpack_from(data)
    sizes = (a, b, c, d, e, f)
    if len(data) != _FIXED.size + sum(sizes):
        return None
    lists, at = [], _FIXED.size
    for size in sizes:
        lists.append(data[at : at + size])
        at += size
    bits = int.from_bytes(names, "little"), int.from_bytes(digits, "little")
    return Facts._make((*numbers, classes, *bits, *lists))


def _support(headline: str, body: str) -> int:
    wanted = _SUPPORTED.findall(headline)
    return _MOST * sum(map(body.__contains__, wanted)) // len(wanted) if wanted else _MOST


def _crcs(words: Iterable[str]) -> list[int]:
    return [crc32(word.encode("utf-8", "surrogatepass")) for word in words]


def _hashes(words: Collection[str]) -> bytes:
    """Return the sorted one-byte hashes of words."""
    if not words:
        return b""
    numbers = _MOST + 1 - NUMERIC_FROM
    return bytes(
        sorted(
            [
                NUMERIC_FROM + crc % numbers if word[:1].isdigit() else crc % NUMERIC_FROM
                for word, crc in zip(words, _crcs(words), strict=True)
            ]
        )
    )


def _bits(hashes: Iterable[int], width: int) -> int:
    """Return a number with the bit of each hash set."""
    bits = 0
    for value in hashes:
        bits |= 1 << value % width
    return bits


def _digest(words: Sequence[str]) -> int:
    """Return a hash of four bytes; 0 of nothing."""
    if not words:
        return 0
    data = "\n".join(words).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=4, person=b"news-facts").digest(), "little")
