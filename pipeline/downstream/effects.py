"""What a downstream service does with records, and where it keeps that."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from pipeline.domain.record import Place, Record

__all__ = ["Effects"]


class Effects(Protocol):
    """The state of a service. Positions are stored with what was made of the records before them, or not at all.

    So a process that was killed continues with the first record that has no effect yet: none is missed, none counts
    twice. All methods run outside the event loop, one at a time;
    `is_waiting` is asked in between.
    """

    @property
    def is_waiting(self) -> bool:
        """Whether something is to be stored soon even if no record comes, because what was applied waits for a time."""
        ...

    def restore(self, identities: Mapping[str, bytes]) -> Mapping[Place, int]:
        """Return the stored positions, from which reading goes on; partitions without one are read from their start.

        Args:
            identities: An identity for each topic; one that was deleted and made again has another. Positions that were
                stored for another one mean nothing.
        """
        ...

    def restart(self) -> None:
        """Forget everything, because records after a stored position are gone from their topic."""
        ...

    def apply(self, records: Sequence[Record]) -> int:
        """Take over records, in order within each partition; return how many could not be read and were skipped."""
        ...

    def store(self, positions: Mapping[Place, int], *, caught_up: bool) -> None:
        """Make durable what has been applied, in one step with the positions after it.

        Args:
            positions: Offset of the next record, of each partition.
            caught_up: Whether the ends of all partitions have been reached since `restore`.

        Raises:
            FatalError: That is impossible, such as on a full disk. The process ends.
        """
        ...

    def close(self) -> None:
        """Release files and locks; what was not stored is lost."""
        ...
