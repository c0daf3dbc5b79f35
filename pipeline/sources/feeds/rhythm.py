"""How often a feed is asked: as often as it usually has something new, between two minutes and a day. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

__all__ = ["RhythmParams", "arrivals_after", "interval_after_failure", "next_interval"]


class RhythmParams(Struct, frozen=True, kw_only=True):
    """When a feed is asked again. Times in seconds."""

    shortest: float = 120.0
    """Two minutes, also for feeds that change with every request."""
    longest: float = 86_400.0
    """A day, so that a feed that wakes up is noticed."""
    untried: float = 3600.0
    """Of a feed whose items say nothing about its rhythm."""
    kept: int = 20
    """Latest arrivals from which the rhythm is computed. Chosen: a day of a busy feed, a month of a quiet one."""
    share: float = 0.5
    """Of the time that usually passes between two arrivals: then an item waits a quarter of that time on average."""
    silent_share: float = 0.1
    """Of the time since the last arrival: a feed that falls silent is asked less and less often."""
    failure: float = 300.0
    """After the first failure; it doubles with each further one, up to a day."""
    oldest: float = 30 * 86_400.0
    """An older time of publication says nothing about the rhythm of today."""


_PARAMS: Final = RhythmParams()


def arrivals_after(
    known: Sequence[float], new: Iterable[float | None], now: float, params: RhythmParams = _PARAMS
) -> list[float]:
    """Return the latest arrivals, oldest first, after a poll.

    Args:
        known: Those before, in epoch seconds.
        new: For each new item, when it says that it was published; None where it says nothing readable.
        now: When the poll was made. An item without a time, or with one in the future, arrived now.
        params: How many are kept.
    """
    times = [now if time is None or time > now else time for time in new]
    found = sorted([*known, *(time for time in times if time >= now - params.oldest)])
    return found[-params.kept :]


def next_interval(
    arrivals: Sequence[float], now: float, asked: float | None = None, params: RhythmParams = _PARAMS
) -> float:
    """Return the seconds until the next poll.

    Args:
        arrivals: The latest arrivals, oldest first, in epoch seconds.
        now: The present time.
        asked: How long the feed or its server asks to be left alone; believed up to an hour.
        params: Bounds.
    """
    if not arrivals:
        wanted = params.untried
    else:
        gap = (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1) if len(arrivals) > 1 else params.untried
        wanted = max(params.share * gap, params.silent_share * (now - arrivals[-1]))
    wanted = max(wanted, min(asked or 0.0, params.untried))
    return min(max(wanted, params.shortest), params.longest)


def interval_after_failure(failures: int, retry_after: float | None, params: RhythmParams = _PARAMS) -> float:
    """Return the seconds until the next attempt.

    Args:
        failures: Failures in a row, this one included.
        retry_after: What the server asks for; believed up to a day.
        params: Bounds.
    """
    backoff = min(params.failure * 2 ** float(min(failures - 1, 20)), params.longest)
    return min(max(backoff, retry_after or 0.0), params.longest)
