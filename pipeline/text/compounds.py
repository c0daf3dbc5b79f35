"""Join words that a text repeats side by side: names that no list has, and compounds that mean one thing."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

__all__ = ["CompoundParams", "join_compounds"]


class CompoundParams(Struct, frozen=True, kw_only=True):
    """When two words are parts of one, set by hand on news of the sets that the lists of words are made from."""

    min_count: int = 2
    """Occurrences of two words side by side."""
    often: int = 3
    """From so many on, the words may also stand without each other; rarer pairs never do."""
    min_share: float = 0.6
    """Of the occurrences of either word, those beside the other one, where they are together often."""
    min_letter_share: float = 0.6
    """Of the occurrences of the rarer one, where one of both is a single letter: most often a part of a name that no
    list has."""
    rounds: int = 3
    """Each joins two words: a name of four parts needs two rounds."""
    max_chars: int = 24
    """A longer compound is a repeated clause."""


_PARAMS: Final = CompoundParams()


def join_compounds(
    words: Sequence[str],
    *,
    is_barred: Callable[[str], bool],
    is_letter: Callable[[str], bool],
    params: CompoundParams = _PARAMS,
) -> list[str]:
    """Return words in order, those that belong together as one.

    Args:
        words: The words of a text, and barred ones where something stands between them.
        is_barred: Whether a word is part of no compound.
        is_letter: Whether a word is a single letter.
        params: When two words belong together.
    """
    joined = list(words)
    for _ in range(params.rounds):
        pairs = _compounds(joined, is_barred, is_letter, params)
        if not pairs:
            break
        joined = _join(joined, pairs)
    return joined


def _compounds(
    words: Sequence[str], is_barred: Callable[[str], bool], is_letter: Callable[[str], bool], params: CompoundParams
) -> Collection[tuple[str, str]]:
    beside = Counter(pairwise(words))
    repeated = [(pair, count) for pair, count in beside.items() if count >= params.min_count]
    counts = Counter(words)
    return {
        pair
        for pair, count in repeated
        if not any(map(is_barred, pair))
        and sum(map(len, pair)) <= params.max_chars
        and _belong_together(count, [counts[word] for word in pair], any(map(is_letter, pair)), params)
    }


def _belong_together(count: int, times: Sequence[int], has_letter: bool, params: CompoundParams) -> bool:
    if has_letter and count >= params.min_letter_share * min(times):
        return True
    return count >= (params.min_share if count >= params.often else 1.0) * max(times)


def _join(words: Sequence[str], pairs: Collection[tuple[str, str]]) -> list[str]:
    """Return words with pairs joined from the left; a word is joined once."""
    joined: list[str] = []
    done = 0
    for first in [place for place, pair in enumerate(pairwise(words)) if pair in pairs]:
        if first >= done:
            joined += words[done:first]
            joined.append(words[first] + words[first + 1])
            done = first + 2
    return joined + list(words[done:])
