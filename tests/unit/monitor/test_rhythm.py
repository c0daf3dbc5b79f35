"""A silence is measured against the name's own rhythm: by hour of the week, and by the pauses it has had."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.monitor.rhythm import HOUR_MS, Rhythm, RhythmParams, Span

PARAMS = RhythmParams()
MONDAY = 4 * 24 * HOUR_MS  # 1970-01-05
DAY = 24 * HOUR_MS


def by_day(days: int, an_hour: float, *, hours: range = range(8, 20), seed: int = 1, start: int = MONDAY) -> Rhythm:
    """A source that sends at random, at a constant rate, at some hours of each day."""
    chance = random.Random(seed)
    rhythm = Rhythm.begin(start)
    for day in range(days):
        for hour in hours:
            times = sorted(chance.random() for _ in range(round(an_hour)))
            for at in times:
                rhythm.arrived(start + day * DAY + int((hour + at) * HOUR_MS), PARAMS)
    return rhythm


def at(day: int, hour: float, start: int = MONDAY) -> int:
    return start + day * DAY + int(hour * HOUR_MS)


def test_a_night_is_no_silence_and_a_morning_without_articles_is() -> None:
    rhythm = by_day(21, 10)
    assert rhythm.silence(at(21, 7.9), PARAMS) == pytest.approx(0.0, abs=1.0)
    assert (rhythm.silence(at(21, 7.9), PARAMS) or 0) < 1 < (rhythm.silence(at(21, 12), PARAMS) or 0)


def test_a_source_of_three_articles_a_day_is_missed_within_days() -> None:
    rhythm = by_day(28, 1, hours=range(9, 12))
    assert (rhythm.silence(at(28, 23), PARAMS) or 0) < 1
    assert (rhythm.silence(at(32, 23), PARAMS) or 0) > 1


def test_a_weekend_that_is_always_empty_is_no_silence() -> None:
    chance = random.Random(2)
    rhythm = Rhythm.begin(MONDAY)
    for day in range(35):
        for _ in range(40 if day % 7 < 5 else 0):
            rhythm.arrived(max(rhythm.last_ms, at(day, 8 + 10 * chance.random())), PARAMS)
    assert (rhythm.silence(at(35, 0) - 1, PARAMS) or 0) < 1, "Sunday night"
    assert (rhythm.silence(at(36, 0), PARAMS) or 0) > 1, "Monday night"


def test_nothing_is_known_of_a_new_name() -> None:
    rhythm = by_day(1, 10)
    assert rhythm.silence(at(1, 18), PARAMS) is None
    few = by_day(10, 1, hours=range(9, 10))
    assert few.articles < PARAMS.known_articles
    assert few.silence(at(20, 18), PARAMS) is None


def test_bursts_and_pauses_of_the_past_are_normal() -> None:
    """A source that sends twenty at once each sixth hour: its usual pause would be fifteen missed of a steady one."""
    rhythm = Rhythm.begin(MONDAY)
    for burst in range(4 * 21):
        for second in range(20):
            rhythm.arrived(MONDAY + burst * 6 * HOUR_MS + (burst % 3) * HOUR_MS + second * 1000, PARAMS)
    assert rhythm.missed(rhythm.last_ms + 6 * HOUR_MS, PARAMS) > PARAMS.least_missed
    assert (rhythm.silence(rhythm.last_ms + 6 * HOUR_MS, PARAMS) or 0) < 1
    assert (rhythm.silence(rhythm.last_ms + 24 * HOUR_MS, PARAMS) or 0) > 1


def test_an_outage_does_not_make_the_next_one_normal() -> None:
    rhythm = by_day(21, 10, hours=range(24))
    before = rhythm.allowed(PARAMS)
    rhythm.arrived(at(24, 0), PARAMS)
    assert rhythm.burst <= 2 * before
    assert (rhythm.silence(at(25, 0), PARAMS) or 0) > 1, "a day is still far more than normal"


def test_a_name_is_forgotten_after_weeks() -> None:
    rhythm = by_day(2, 10)
    assert not rhythm.is_forgotten(at(20, 0), PARAMS)
    assert rhythm.is_forgotten(at(60, 0), PARAMS)


@given(st.lists(st.integers(0, 100 * HOUR_MS), min_size=1, max_size=60), st.integers(0, 2000 * HOUR_MS))
def test_whatever_arrives_in_whatever_order_the_numbers_stay_sound(times: list[int], later: int) -> None:
    rhythm = Rhythm.begin(MONDAY)
    for time in times:
        rhythm.arrived(MONDAY + time, PARAMS)
    now = rhythm.last_ms + later
    assert rhythm.articles == len(times)
    assert 0 < rhythm.weight <= len(times) + 1e-9
    missed = rhythm.missed(now, PARAMS)
    assert 0 <= rhythm.missed(now - later // 2, PARAMS) <= missed + 1e-6, "it only grows"
    assert rhythm.allowed(PARAMS) >= PARAMS.least_missed


def test_means_follow_recent_values_quickly_and_usual_ones_slowly() -> None:
    span = Span()
    for _ in range(2000):
        span.add(0.9, PARAMS)
    for _ in range(60):
        span.add(0.4, PARAMS)
    assert span.recent == pytest.approx(0.4, abs=0.1)
    assert span.usual == pytest.approx(0.9, abs=0.05)
