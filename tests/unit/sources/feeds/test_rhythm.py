"""The rhythm of a feed follows its items and stays within its bounds."""

import pytest

from pipeline.sources.feeds.rhythm import RhythmParams, arrivals_after, interval_after_failure, next_interval

PARAMS = RhythmParams()
NOW = 1_772_600_000.0
HOUR = 3600.0


def every(gap: float, count: int = 20, last: float = 0.0) -> list[float]:
    return [NOW - last - gap * (count - 1 - n) for n in range(count)]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (10.0, PARAMS.shortest),
        (600.0, 300.0),
        (4 * HOUR, 2 * HOUR),
        (40 * HOUR, 20 * HOUR),
        (200 * HOUR, PARAMS.longest),
    ],
)
def test_half_of_the_usual_gap(gap: float, expected: float) -> None:
    assert next_interval(every(gap), NOW) == pytest.approx(expected)


def test_a_feed_that_falls_silent_is_asked_less_and_less() -> None:
    intervals = [next_interval(every(60.0, last=silence), NOW) for silence in (0.0, HOUR, 24 * HOUR, 240 * HOUR)]
    assert intervals == sorted(intervals)
    assert intervals[0] == PARAMS.shortest
    assert intervals[-1] == PARAMS.longest


def test_what_the_feed_asks_for_is_believed_up_to_an_hour() -> None:
    assert next_interval(every(60.0), NOW, asked=1800.0) == 1800.0
    assert next_interval(every(60.0), NOW, asked=1e9) == HOUR
    assert next_interval([], NOW) == PARAMS.untried


def test_times_that_cannot_be_are_now_and_old_ones_say_nothing() -> None:
    assert arrivals_after([], [NOW + 1e6, None], NOW) == [NOW, NOW]
    assert arrivals_after([], [NOW - 1e9], NOW) == []
    assert len(arrivals_after(every(60.0), every(30.0), NOW)) == PARAMS.kept


def test_failures_back_off_to_a_day_and_heed_retry_after() -> None:
    waits = [interval_after_failure(failures, None) for failures in range(1, 30)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (PARAMS.failure, PARAMS.longest)
    assert interval_after_failure(1, 7200.0) == 7200.0
    assert interval_after_failure(1, 1e9) == PARAMS.longest
