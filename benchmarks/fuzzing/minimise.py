"""Make the input of a finding smaller while it shows the same finding."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from benchmarks.fuzzing.values import Input

__all__ = ["minimise"]


def minimise(made: Input, shows: Callable[[Input], bool], tries: int) -> Input:
    """Return the smallest input found.

    Args:
        made: The input.
        shows: Whether an input shows the finding.
        tries: Most calls of `shows`.
    """
    left = tries
    part = max(1, len(made.value) // 2)
    while left > 0:
        for smaller in _smaller(made, part):
            left -= 1
            if shows(smaller):
                made = smaller
                break
            if left <= 0:
                break
        else:
            if part == 1:
                break
            part //= 2
            continue
        part = max(1, min(part, len(made.value) // 2))
    return made


def _smaller(made: Input, part: int) -> Iterator[Input]:
    """Yield the input without each header, and without each part of its value, the last first."""
    for place in range(len(made.headers)):
        yield replace(made, headers=made.headers[:place] + made.headers[place + 1 :])
    for start in range((len(made.value) - 1) // part * part, -1, -part):
        if start or len(made.value) > part:
            yield replace(made, value=made.value[:start] + made.value[start + part :])
