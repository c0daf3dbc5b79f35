"""Normalises many texts at once for hashing: NFKC, case folding, no control characters, single spaces.

Most characters are replaced by one character, whatever is around them. A table made with Python's `unicodedata` maps
those; a text with any other character is normalised by `unicodedata` itself, so both ways give the same result.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate, compress, pairwise
from operator import ne
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.signature.character_classes import CONTROL, classes_of, without_controls

__all__ = ["normalised"]

_BATCH_TEXTS: Final = 32
"""Texts handled together. Fewer cost more NumPy calls, more exceed the processor's cache; results are the same."""
_BREAK: Final = "\n"
_SPACE: Final = 0x20
_LIMIT: Final = 0x20000
"""Code points from here on are normalised by the rules."""
# An entry of the table is a code point and flags.
_POINT: Final = np.uint32((1 << 24) - 1)
_DROPPED: Final = np.uint32(1 << 24)
"""The character is removed."""
_MARK: Final = np.uint32(1 << 25)
"""A combining mark. NFKC sorts neighbouring marks, which the table cannot."""
_HARD: Final = np.uint32(1 << 26)
"""The character is replaced depending on its neighbours, or by several characters."""
_PAIRING: Final = np.uint32(1 << 27)
"""Itself, unless the character before it combines with it."""
_PLAIN: Final = np.uint32(1 << 28)
"""Itself, and no mark or composed character: what does not combine with it directly does not change beside it."""
_SYLLABLE_PARTS: Final = ((0x1161, 0x1176), (0x11A8, 0x11C3))
"""Ranges of the vowels and finals of Hangul, which Unicode composes by arithmetic instead of a table."""

_IDEOGRAPHS: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000))
"""Blocks of characters that stay what they are; looking at each of them would take a fifth of the time."""

Points = NDArray[Any]
Positions = NDArray[np.int64]


def normalised(texts: Sequence[str]) -> list[str]:
    """Return the normalised texts, in order."""
    plain = [place for place, text in enumerate(texts) if text.isascii()]
    others = [place for place, text in enumerate(texts) if not text.isascii()]
    results = [""] * len(texts)
    for places, fold in ((plain, _plain), (others, _mapped)):
        for start in range(0, len(places), _BATCH_TEXTS):
            chosen = places[start : start + _BATCH_TEXTS]
            for place, text in zip(chosen, fold([texts[place] for place in chosen]), strict=True):
                results[place] = text
    return results


def _by_rules(text: str) -> str:
    """Normalise one text with `unicodedata`."""
    text = unicodedata.normalize("NFKC", text)
    lower = text.casefold()
    if lower != text:  # saves half of the time for scripts without upper and lower case
        lower = unicodedata.normalize("NFKC", lower)
    return " ".join(without_controls(" ".join(lower.split())).split())


def _plain(texts: list[str]) -> list[str]:
    """Normalise texts of ASCII characters."""
    data, ends = _joined(texts)
    points = np.frombuffer(data.encode("ascii").translate(_ASCII), dtype=np.uint8)
    if (points == 0).any():
        points, ends = _kept(points, points != 0, ends)
    points, ends = _single_spaced(points, ends)
    return _cut(points.tobytes().decode("ascii"), ends)


def _mapped(texts: list[str]) -> list[str]:
    """Normalise texts by the table, or by the rules where the table is not sufficient."""
    results, hard, chars = _by_table(texts)
    several = _EXPANSIONS.keys() & chars
    expanded = {place: text for place in hard if (text := _expanded(texts[place], several)) != texts[place]}
    if expanded:
        again, still, _ = _by_table(list(expanded.values()))
        places = list(expanded)
        for place, text in zip(places, again, strict=True):
            results[place] = text
        hard = [place for place in hard if place not in expanded] + [places[number] for number in still]
    for place in hard:
        results[place] = _by_rules(texts[place])
    return results


def _by_table(texts: list[str]) -> tuple[list[str], list[int], set[str]]:
    """Return the texts normalised by the table.

    Returns:
        The texts; the positions of those for which the table is not sufficient; and the characters that it cannot
        replace, of all texts.
    """
    data, ends = _joined(texts)
    originals = np.frombuffer(data.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    entries = _TABLE.take(originals, mode="clip")
    present = np.bitwise_or.reduce(entries)
    hard = _hard(entries, ends) if present & (_HARD | _MARK | _PAIRING) else []
    chars = set(map(chr, originals[entries & _HARD > 0].tolist())) if present & _HARD else set()
    points = entries & _POINT
    if present & _DROPPED:
        points, ends = _kept(points, entries & _DROPPED == 0, ends)
    points, ends = _single_spaced(points, ends)
    return _cut(points.astype("<u4").tobytes().decode("utf-32-le"), ends), hard, chars


def _expanded(text: str, several: Iterable[str]) -> str:
    """Replace the characters that stand for several, whatever is around them, such as an ellipsis."""
    for char in several:
        text = text.replace(char, _EXPANSIONS[char])
    return text


def _joined(texts: list[str]) -> tuple[str, Positions]:
    """Return the texts with a line break before each and after the last, and the positions of the breaks."""
    ends = np.fromiter(accumulate((len(text) + 1 for text in texts), initial=0), np.int64, len(texts) + 1)
    return _BREAK.join(["", *texts, ""]), ends


def _hard(entries: NDArray[np.uint32], ends: Positions) -> list[int]:
    """Return the positions of the texts that must be normalised by the rules.

    Args:
        entries: Table entries of all characters of the joined texts.
        ends: Positions of the breaks.
    """
    marks = entries & _MARK > 0
    hard = entries & _HARD > 0
    hard[1:] |= marks[1:] & marks[:-1]
    pairing = np.flatnonzero(entries & _PAIRING)
    before = entries[pairing - 1]  # there is one, as a break is the first character
    hard[pairing] |= (before & _PLAIN == 0) | _combine(before & _POINT, entries[pairing] & _POINT)
    places: list[int] = (np.unique(np.searchsorted(ends, np.flatnonzero(hard))) - 1).tolist()
    return places


def _combine(before: Points, after: Points) -> NDArray[np.bool_]:
    """Return whether characters combine with those before them."""
    wanted = _pair_numbers(before, after)
    found: NDArray[np.bool_] = _PAIRS.take(np.searchsorted(_PAIRS, wanted), mode="clip") == wanted
    return found


def _pair_numbers(before: Points, after: Points) -> NDArray[np.uint64]:
    return before.astype(np.uint64) << np.uint64(32) | after


def _single_spaced(points: Points, ends: Positions) -> tuple[Points, Positions]:
    """Return the characters and positions of breaks without the spaces that follow a space or a break."""
    spaces = points == _SPACE
    again = spaces[1:] & spaces[:-1]
    if not again.any():
        return points, ends
    return _kept(points, np.concatenate(([True], ~again)), ends)


def _kept(points: Points, chosen: NDArray[np.bool_], ends: Positions) -> tuple[Points, Positions]:
    """Return the chosen characters and the new positions of the breaks."""
    places = np.flatnonzero(chosen)
    return points[places], np.searchsorted(places, ends)


def _cut(joined: str, ends: Positions) -> list[str]:
    """Return the texts between the breaks; breaks are spaces by now, and one after another space has been dropped."""
    return [joined[start:end].strip(" ") for start, end in pairwise(ends.tolist())]


def _made_ascii() -> bytes:
    table = bytearray(chr(point).lower().encode()[0] for point in range(128))
    for point, kind in enumerate(classes_of(np.arange(128, dtype=np.uint32)).tolist()):
        if chr(point).isspace():
            table[point] = _SPACE
        elif kind == CONTROL:
            table[point] = 0
    return bytes(table) + bytes(128)


def _made_table() -> tuple[NDArray[np.uint32], dict[str, str]]:
    """Return how the code points are normalised.

    Returns:
        The table entry of each code point below _LIMIT, and a last one for all code points from there on; and what
        replaces each character that becomes several, none of which depends on its neighbours. The table marks any
        neighbour on which the result could depend.
    """
    everything = _all_characters()
    for block in _IDEOGRAPHS:
        everything = everything.replace("".join(map(chr, block)), "")
    originals = list(everything.replace(_BREAK, ""))
    first = unicodedata.normalize("NFKC", _BREAK.join(originals)).split(_BREAK)
    last = unicodedata.normalize("NFKC", _BREAK.join(first).casefold()).split(_BREAK)
    composing = {second for _, second in _COMPOSED}
    syllables = {chr(point) for start, end in _SYLLABLE_PARTS for point in range(start, end)}
    table = np.full(_LIMIT + 1, _HARD, dtype=np.uint32)
    table[ord(_BREAK)] = _SPACE
    plain, others = _sorted_out(originals, first, last, composing | syllables)
    for points in (plain, *(np.array(block, dtype=np.uint32) for block in _IDEOGRAPHS)):
        table[points] = points | _PLAIN
    several: dict[str, str] = {}
    for original, middle, char in others:
        marks = any(map(unicodedata.combining, middle + char))
        is_free = composing.isdisjoint(middle + char) and syllables.isdisjoint(middle + char)
        is_same = original == middle == char and original not in syllables and not unicodedata.decomposition(original)
        if is_same or (len(middle) == len(char) == 1 and is_free):
            entry = _SPACE if char.isspace() else ord(char)
            entry |= (int(_MARK) if marks else int(_PLAIN) if is_same else 0) | (0 if is_free else int(_PAIRING))
            table[ord(original)] = entry
        elif char and ((is_free and not marks) or _ends_in_mark(middle, char, composing)):
            several[original] = char
    points = table & _POINT
    dropped = (classes_of(points) == CONTROL) & (table & _HARD == 0)
    table[dropped] |= _DROPPED
    kept = {
        original: chars
        for original, chars in several.items()
        if all(table[ord(char)] & (_POINT | _HARD | _DROPPED) == ord(char) for char in chars)
    }
    return table, kept


def _all_characters() -> str:
    """Return the characters below _LIMIT in order; halves of surrogate pairs are none."""
    return np.arange(_LIMIT, dtype="<u4").tobytes().decode("utf-32-le", "ignore")


def _sorted_out(
    originals: Sequence[str], first: Sequence[str], last: Sequence[str], joining: AbstractSet[str]
) -> tuple[NDArray[np.uint32], list[tuple[str, str, str]]]:
    """Return the code points of most characters, which stay what they are, and what becomes of each of the others.

    They have no decomposition, are no marks and no spaces, and do not combine with what is before them.
    """
    unusual = np.zeros(len(originals), np.bool_)
    for found in (
        map(ne, originals, first),
        map(ne, first, last),
        map(unicodedata.combining, originals),
        map(unicodedata.decomposition, originals),
        map(str.isspace, originals),
        map(joining.__contains__, originals),
    ):
        unusual |= np.fromiter(map(bool, found), np.bool_, len(originals))
    plain = "".join(compress(originals, ~unusual))
    others = list(zip(*(compress(texts, unusual) for texts in (originals, first, last)), strict=True))
    return np.frombuffer(plain.encode("utf-32-le"), dtype="<u4"), others


def _ends_in_mark(middle: str, char: str, composing: set[str]) -> bool:
    """Return whether a character becomes a letter and its mark, so that only another mark behind it may matter."""
    starts = char[0] not in composing and not unicodedata.combining(char[0])
    return starts and len(middle) == 1 and unicodedata.combining(char[-1]) > 0


def _composed_pairs() -> list[tuple[str, str]]:
    """Return the pairs of characters that NFKC may combine, but for the parts of Hangul."""
    decomposed = map(str.split, filter(None, map(unicodedata.decomposition, _all_characters())))
    pairs = [parts for parts in decomposed if len(parts) > 1 and not parts[0].startswith("<")]
    return [(chr(int(first, 16)), chr(int(second, 16))) for first, second in pairs]


def _made_pairs() -> NDArray[np.uint64]:
    before, after = np.array([(ord(first), ord(second)) for first, second in _COMPOSED], dtype=np.uint64).T
    return np.sort(_pair_numbers(before, after))


_ASCII: Final = _made_ascii()
_COMPOSED: Final = _composed_pairs()
_TABLE, _EXPANSIONS = _made_table()
_PAIRS: Final = _made_pairs()
"""The pairs of characters that combine, in ascending order."""
