"""The size of units follows measured time: it converges, stays within its bounds, and recovers from outliers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.pace import Pace, PaceParams

TARGET = 0.5
MOST = 1000
SECS_PER_RECORD = st.floats(1e-6, 2.0)


def _work(pace: Pace, secs_per_record: float, units: int) -> list[int]:
    """Work through full units of a constant cost; return their sizes."""
    sizes = []
    for _ in range(units):
        sizes.append(pace.records)
        pace.measured(sizes[-1], sizes[-1] * secs_per_record)
    return sizes


@given(SECS_PER_RECORD)
def test_units_come_to_take_the_target_time(secs_per_record: float) -> None:
    pace = Pace(TARGET, MOST)
    _work(pace, secs_per_record, 20)
    fitting = min(MOST, max(1, int(TARGET / secs_per_record)))
    assert abs(pace.records - fitting) <= 1


@given(SECS_PER_RECORD, SECS_PER_RECORD)
def test_a_changed_cost_is_followed_in_both_directions(before: float, after: float) -> None:
    pace = Pace(TARGET, MOST)
    _work(pace, before, 20)
    _work(pace, after, 60)
    fitting = min(MOST, max(1, int(TARGET / after)))
    assert fitting / 1.1 - 1 <= pace.records <= fitting * 1.1 + 1


@given(st.lists(st.tuples(st.integers(0, 2000), st.floats(-1.0, 1e6)), max_size=60), st.integers(1, 5000))
def test_whatever_was_measured_the_limit_stays_within_its_bounds_and_steps(
    measured: list[tuple[int, float]], most: int
) -> None:
    pace, params = Pace(TARGET, most), PaceParams()
    for records, secs in measured:
        before = pace.records
        pace.measured(records, secs)
        assert 1 <= pace.records <= most
        assert pace.records <= params.growth * (before + 1)
        assert pace.records >= int(before / params.shrink)


@given(st.floats(1e-5, 0.02), st.floats(10.0, 1e4))
def test_one_outlier_neither_collapses_the_size_nor_is_remembered_for_long(
    secs_per_record: float, factor: float
) -> None:
    pace = Pace(TARGET, MOST)
    usual = _work(pace, secs_per_record, 20)[-1]
    pace.measured(usual, usual * secs_per_record * factor)
    assert pace.records >= int(usual / PaceParams().shrink)
    assert max(_work(pace, secs_per_record, 40)) >= usual * 0.9


def test_the_first_unit_is_small_and_a_cheap_stage_soon_gets_full_ones() -> None:
    pace = Pace(TARGET, MOST)
    assert _work(pace, 0.0001, 7) == [32, 64, 128, 256, 512, 1000, 1000]


def test_a_stage_that_becomes_slow_gets_small_units_at_once() -> None:
    pace = Pace(TARGET, MOST)
    _work(pace, 0.0002, 12)
    assert _work(pace, 0.05, 5)[1:] == pytest.approx([125, 15, 11, 10], abs=3)


def test_the_average_of_mixed_articles_counts() -> None:
    """Of a cascade, every fourth article costs 15 ms and the others 0.3."""
    pace = Pace(TARGET, MOST)
    for number in range(60):
        slow = pace.records // 4
        pace.measured(pace.records, slow * 0.015 + (pace.records - slow) * 0.0003 + 0.00001 * (number % 3))
    assert 100 <= pace.records <= 140


def test_time_too_short_to_be_measured_counts_as_no_time() -> None:
    pace = Pace(TARGET, MOST)
    for _ in range(10):
        pace.measured(pace.records, 0.0)
    assert pace.records == MOST


def test_units_without_records_tell_nothing() -> None:
    pace = Pace(TARGET, MOST)
    pace.measured(0, 100.0)
    assert pace.records == PaceParams().first_records
