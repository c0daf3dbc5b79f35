"""Which partitions have records that nobody works on, and since when: one that is stuck hides behind busy ones."""

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["PartitionBacklog", "PartitionBacklogs", "StalledPartitions"]


class PartitionBacklog(Struct, frozen=True):
    """What one partition still has for this worker.

    `busy` says that some of it was fetched, and waits for its turn or is worked on. Then commits of any partition are
    progress: they take turns, and a slow stage may keep a partition waiting for long.
    """

    records: int
    committed: int
    busy: bool


PartitionBacklogs = Mapping[tuple[str, int], PartitionBacklog]


class StalledPartitions:
    """Remembers since when partitions have been waiting untouched."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, int], tuple[int, float]] = {}

    def look(self, backlogs: PartitionBacklogs, now: float) -> float | None:
        """Return since when the worst of them has had records while nothing was fetched of it, and none committed."""
        before, self._since = self._since, {}
        for place, backlog in backlogs.items():
            if not backlog.records or backlog.busy:
                continue
            committed, since = before.get(place, (backlog.committed, now))
            self._since[place] = (backlog.committed, since if committed == backlog.committed else now)
        return min((since for _, since in self._since.values()), default=None)

    def forget(self) -> None:
        """Begin anew: partitions were handed over."""
        self._since = {}
