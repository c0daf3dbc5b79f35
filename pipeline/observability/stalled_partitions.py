"""Detection of stalled partitions: a partition that is never fetched is invisible in sums over busy ones."""

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["PartitionBacklog", "PartitionBacklogs", "StalledPartitions"]


class PartitionBacklog(Struct, frozen=True):
    """The work that one assigned partition still has.

    Attributes:
        records: Its lag: the end of the log minus `committed`.
        committed: The group's committed offset.
        busy: Whether fetched records of it wait for their turn or are being processed. Such a partition is not stalled:
            partitions take turns, and a slow stage may keep one waiting for long.
        undecided: Offsets behind the first open transaction, not in `records`: readers of committed records wait.
    """

    records: int
    committed: int
    busy: bool
    undecided: int = 0


PartitionBacklogs = Mapping[tuple[str, int], PartitionBacklog]
"""By topic and number of the partition."""


class StalledPartitions:
    """Remembers since when each stalled partition has had lag, with nothing fetched and nothing committed."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, int], tuple[int, float]] = {}

    def observe(self, backlogs: PartitionBacklogs, now: float) -> float | None:
        """Return since when the worst stalled partition has been stalled, or None without one.

        Args:
            backlogs: All assigned partitions.
            now: Present time in seconds; any clock that never goes back.
        """
        before, self._since = self._since, {}
        for place, backlog in backlogs.items():
            if not backlog.records or backlog.busy:
                continue
            committed, since = before.get(place, (backlog.committed, now))
            self._since[place] = (backlog.committed, since if committed == backlog.committed else now)
        return min((since for _, since in self._since.values()), default=None)

    def forget(self) -> None:
        """Forget everything, because partitions were reassigned."""
        self._since = {}
