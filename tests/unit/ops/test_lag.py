"""What the offsets of a partition come to."""

import pytest

from pipeline.cli.status import lines
from pipeline.ops.lag import PartitionLag
from pipeline.ops.status import GroupStatus, LogStatus, Member, PipelineStatus, Unread


@pytest.mark.parametrize(
    ("committed", "start", "stable", "end", "records", "undecided", "expired"),
    [
        (3, 0, 10, 10, 7, 0, 0),
        (10, 0, 10, 297, 287, 287, 0),
        (None, 4, 9, 9, 5, 0, 0),
        (3, 8, 9, 12, 4, 3, 5),
        (12, 0, 10, 12, 0, 0, 0),
    ],
)
def test_everything_up_to_the_end_waits_also_behind_an_open_transaction(
    committed: int | None, start: int, stable: int, end: int, records: int, undecided: int, expired: int
) -> None:
    lag = PartitionLag(start=start, committed=committed, stable=stable, end=end)
    assert (lag.records, lag.undecided, lag.expired) == (records, undecided, expired)


def test_the_status_says_who_works_what_waits_and_how_long_it_is_kept() -> None:
    now = 1_795_168_800_000
    waiting = PartitionLag(start=5, committed=3, stable=8, end=10)
    done = PartitionLag(start=0, committed=10, stable=10, end=10)
    found = PipelineStatus(
        now,
        (
            GroupStatus(
                "news-classify", "classify", "Empty", (), (Unread("t", 0, waiting, now - 5_400_000, 7_200_000),)
            ),
            GroupStatus("news-ingest", "ingest", "Stable", (Member("w", "10.0.0.1", 12),), (Unread("r", 0, done),)),
        ),
        (LogStatus("sig", 0, 9, now - 1000, now), LogStatus("ver", 0, 0, None, None)),
        2,
    )
    assert lines(found) == [
        "news-classify: 5 records unread, 2 of them behind an open transaction, no workers",
        "  oldest unread record: 2026-11-20T08:30:00.000Z, 1 h 30 min ago",
        "  retention may delete it in 30 min",
        "  2 offsets expired before they were read",
        "news-ingest: 0 records unread, 1 workers",
        "  worker w at 10.0.0.1: 12 partitions",
        "sig: offsets 0 to 9, from 2026-11-20T09:59:59.000Z to 2026-11-20T10:00:00.000Z",
        "ver: empty",
        "version of the fold in force: 2",
    ]
