"""A partition of which nothing is fetched counts as stalled, however busy others are; a busy one does not."""

import pytest

from pipeline.observability.stalled_partitions import PartitionBacklog, StalledPartitions

STUCK, OTHER = ("t", 0), ("t", 1)


def idle(records: int, committed: int = 7) -> PartitionBacklog:
    return PartitionBacklog(records, committed, busy=False)


def test_a_partition_with_lag_is_stalled_since_it_was_first_observed() -> None:
    stalled = StalledPartitions()
    assert stalled.observe({STUCK: idle(3), OTHER: idle(0)}, 10.0) == 10.0
    assert stalled.observe({STUCK: idle(5), OTHER: PartitionBacklog(900, 100, busy=True)}, 20.0) == 10.0
    assert stalled.observe({STUCK: idle(9), OTHER: PartitionBacklog(900, 200, busy=True)}, 30.0) == 10.0


@pytest.mark.parametrize(
    "touched",
    [
        pytest.param(idle(5, committed=8), id="committed"),
        pytest.param(PartitionBacklog(5, 7, busy=True), id="is busy"),
        pytest.param(idle(0), id="no lag"),
    ],
)
def test_a_commit_work_or_no_lag_ends_a_stall(touched: PartitionBacklog) -> None:
    stalled = StalledPartitions()
    stalled.observe({STUCK: idle(5)}, 10.0)
    stalled.observe({STUCK: touched}, 20.0)
    assert stalled.observe({STUCK: idle(5, touched.committed)}, 30.0) in (20.0, 30.0)


def test_the_partition_stalled_longest_counts() -> None:
    stalled = StalledPartitions()
    stalled.observe({STUCK: idle(5)}, 10.0)
    assert stalled.observe({STUCK: idle(5), OTHER: idle(5)}, 20.0) == 10.0
    assert stalled.observe({OTHER: idle(5)}, 30.0) == 20.0
    assert stalled.observe({}, 40.0) is None


def test_a_new_assignment_forgets_stalls() -> None:
    stalled = StalledPartitions()
    stalled.observe({STUCK: idle(5)}, 10.0)
    stalled.forget()
    assert stalled.observe({STUCK: idle(5)}, 20.0) == 20.0
