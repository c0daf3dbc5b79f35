"""Commits of units, for the leases that this worker holds at the moment."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pipeline.errors import FatalError
from pipeline.kafka_io.chunks import Lease
from pipeline.kafka_io.commits import Commits
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.unit import Unit

__all__ = ["Committer"]

_COMMIT_MARGIN_SECS = 30.0
"""Added to the transaction's own time-out, after which the broker has aborted it and waiting is pointless."""


class Committer:
    """Commits for the current leases, each commit bounded in time."""

    def __init__(self, commits: Commits, transaction_timeout_ms: int) -> None:
        """Take the way to commit, and the time after which the broker aborts a transaction."""
        self._leases: tuple[Lease, ...] = ()
        self._commits = commits
        self._timeout_secs = transaction_timeout_ms / 1000 + _COMMIT_MARGIN_SECS

    @property
    def leases(self) -> tuple[Lease, ...]:
        """The current leases."""
        return self._leases

    async def take_over(self, consumer: Any, tp: Any) -> tuple[Any, int | None]:
        """Fence the former owner of a partition; return its new producer and the group's committed offset."""
        return await self._commits.take_over(consumer, tp)

    async def begin(self, leases: Sequence[Lease]) -> None:
        """Commit for these leases from now on, beginning with the offsets of those that have none on record.

        Without that commit, the next owner would choose an offset again and skip what came meanwhile.

        Raises:
            FatalError: The offsets could not be committed in time.
        """
        self._leases = tuple(leases)
        for lease in leases:
            self._commits.connected(lease)
        try:
            async with asyncio.timeout(self._timeout_secs):
                await asyncio.gather(*(self._commit_start(lease) for lease in leases if lease.initial))
        except TimeoutError as exc:
            raise FatalError("the start of a group could not be committed in time") from exc

    def end(self) -> None:
        """Commit for no lease any more: the partitions were handed over."""
        self._leases = ()

    def abandon(self) -> None:
        """Make sure that nothing more is committed: the process is about to end."""
        for lease in self._leases:
            lease.revoked = True

    async def commit(self, unit: Unit, output: Output) -> None:
        """Commit a unit's outputs and its source offset.

        Raises:
            FatalError: The commit did not end in time.
        """
        try:
            async with asyncio.timeout(self._timeout_secs):
                await self._commits.commit(unit.lease, unit.end, output.records)
        except TimeoutError as exc:
            raise FatalError("a commit did not end in time") from exc

    async def reassert(self) -> None:
        """Make sure that the last commits of idle partitions hold, in case a broker has failed since.

        Raises:
            FatalError: That did not end in time.
        """
        for lease in self._leases:
            try:
                async with asyncio.timeout(self._timeout_secs):
                    await self._commits.reassert(lease)
            except TimeoutError as exc:
                raise FatalError("a commit could not be reasserted in time") from exc

    async def _commit_start(self, lease: Lease) -> None:
        async with lease.commit_lock:
            await self._commits.commit(lease, lease.committed)
