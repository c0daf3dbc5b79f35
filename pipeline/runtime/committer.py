"""Commits of units, for the leases that this worker holds at the moment."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pipeline.errors import FatalError, SlowNetworkError
from pipeline.kafka_io.attempt_marks import AttemptMark
from pipeline.kafka_io.chunks import Lease, Taken
from pipeline.kafka_io.commits import Commits
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.unit import Unit
from pipeline.wire.output import OutputRecord

__all__ = ["Committer"]

_COMMIT_MARGIN_SECS = 30.0
"""Added to the transaction's own time-out, after which the broker has aborted it and waiting is pointless."""
_LEAST_BYTES_PER_SEC = 100_000
"""The time for a commit grows with its size as if the network carried no more: a tenth of a slow link."""
_HAND_OVER_SECS = 5.0
"""Longest wait for the marks of leases that end. Others wait for the partitions meanwhile."""


class Committer:
    """Commits for the current leases, each commit bounded in time."""

    def __init__(
        self, commits: Commits, transaction_timeout_ms: int, check: Callable[[float], Awaitable[None]]
    ) -> None:
        """Prepare for leases.

        Args:
            commits: The way to commit.
            transaction_timeout_ms: After this time the broker aborts a transaction.
            check: Awaited before a commit with the time of the last fetch; raises if the records may be of another log
                than the lease.
        """
        self._check = check
        self._leases: tuple[Lease, ...] = ()
        self._commits = commits
        self._timeout_secs = transaction_timeout_ms / 1000 + _COMMIT_MARGIN_SECS

    @property
    def leases(self) -> tuple[Lease, ...]:
        """The current leases."""
        return self._leases

    async def take_over(self, consumer: Any, tp: Any) -> Taken:
        """Fence the former owner of a partition; return its new producer and the committed offset with its mark."""
        return await self._commits.take_over(consumer, tp)

    async def begin(self, leases: Sequence[Lease]) -> None:
        """Commit for these leases from now on, beginning with their starts and marks.

        Without a start on record, the next owner would choose one again and skip what came meanwhile; without a mark,
        it would not notice the death of this worker.

        Raises:
            FatalError: The offsets could not be committed in time.
        """
        self._leases = tuple(leases)
        for lease in leases:
            self._commits.connected(lease)
        try:
            async with asyncio.timeout(self._timeout_secs):
                await asyncio.gather(*(self._begin(lease) for lease in leases))
        except TimeoutError as exc:
            raise FatalError("the start of a group could not be committed in time") from exc

    async def mark(self, lease: Lease, mark: AttemptMark) -> bool:
        """Commit a lease's offset again with another mark, before its next records are worked on.

        Returns:
            Whether it was written; not if the lease was revoked, or the group is rebalancing.

        Raises:
            FatalError: That did not end in time.
        """
        try:
            async with asyncio.timeout(self._timeout_secs), lease.commit_lock:
                return not lease.revoked and await self._mark(lease, mark)
        except TimeoutError as exc:
            raise FatalError("an attempt could not be marked in time") from exc

    async def hand_over(self, leases: Sequence[Lease]) -> None:
        """Note in the marks that these leases were not ended by a death; where that fails, the next owner supposes one.

        A lease whose last commit failed may be further than is known here: its offset must not be committed again.
        """
        certain = [lease for lease in leases if lease.mark.held and not lease.in_doubt]
        marks = [self._mark(lease, lease.mark.handed_over()) for lease in certain]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HAND_OVER_SECS):
                await asyncio.gather(*marks, return_exceptions=True)

    def end(self) -> None:
        """Commit for no lease any more: the partitions were handed over."""
        self._leases = ()

    async def close(self) -> None:
        """Close what was used for all leases."""
        await self._commits.close()

    def abandon(self) -> None:
        """Make sure that nothing more is committed: the process is about to end."""
        for lease in self._leases:
            lease.revoked = True

    async def commit(self, unit: Unit, output: Output) -> None:
        """Commit a unit's outputs and its source offset.

        Raises:
            SlowNetworkError: The outputs cannot be sent in time; nothing is committed, and the lease still holds.
            FatalError: The commit did not end in time.
        """
        await self._check(unit.lease.fetched_at)
        try:
            async with asyncio.timeout(self._timeout_secs + _bytes(output) / _LEAST_BYTES_PER_SEC):
                mark = unit.lease.mark.passed(unit.end, tried=bool(unit.records))
                await self._commit(unit.lease, unit.end, mark, output.records)
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

    async def _begin(self, lease: Lease) -> None:
        # A mark that cannot be written, because the group is rebalancing again, is no reason to stop: a worker that
        # kills itself again and again is noticed the next time.
        async with lease.commit_lock:
            if lease.initial:
                await self._commit(lease, lease.committed, lease.mark)
            else:
                await self._mark(lease, lease.mark)

    async def _mark(self, lease: Lease, mark: AttemptMark) -> bool:
        lease.in_doubt = True
        is_written = await self._commits.mark(lease, mark)
        lease.in_doubt = False
        if is_written:
            lease.mark = mark
        return is_written

    async def _commit(
        self, lease: Lease, offset: int, mark: AttemptMark, records: Sequence[tuple[OutputRecord, int]] = ()
    ) -> None:
        lease.in_doubt = True
        try:
            await self._commits.commit(lease, offset, mark, records)
        except SlowNetworkError:
            lease.in_doubt = False
            raise
        lease.in_doubt = False
        lease.mark = mark


def _bytes(output: Output) -> int:
    return sum([len(record.value or b"") for record, _ in output.records])
