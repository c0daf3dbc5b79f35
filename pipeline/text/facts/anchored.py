"""Find the matches of a slow pattern by looking only around what each of them contains."""

import re
from collections.abc import Iterable, Iterator

__all__ = ["matches_around", "places_of"]


def places_of(part: str, text: str) -> Iterator[int]:
    """Yield the characters of a text at which a string begins, in order; occurrences may overlap."""
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def matches_around(
    pattern: re.Pattern[str], text: str, places: Iterable[int], reach: int, before: re.Pattern[str] | None = None
) -> Iterator[re.Match[str]]:
    """Yield the matches that `finditer` yields.

    Args:
        pattern: The pattern.
        text: The text.
        places: Characters of the text, in order. Every match has one of them within it.
        reach: How many characters before that a match begins at most.
        before: Characters that a match may have before its place, any number of them, if only some can stand there.
    """
    start = 0
    for place in places:
        first = max(start, place - reach)
        found = before.match(text[first:place][::-1]) if before is not None else None
        if found is not None:
            first = max(first, place - found.end())
        for begin in range(first, place + 1):
            match = pattern.match(text, begin)
            if match is not None:
                yield match
                start = match.end()
                break
        else:
            start = max(start, place + 1)
