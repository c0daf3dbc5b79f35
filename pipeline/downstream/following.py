"""The loop of a downstream service: read, apply, store with the positions, report the positions."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from pipeline.domain.record import Place, Record
from pipeline.downstream.effects import Effects
from pipeline.errors import TransientError
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.logging import get_logger
from pipeline.observability.progress import Progress

__all__ = ["FollowParams", "Following", "Reader"]

log = get_logger(__name__)


class FollowParams(Struct, frozen=True, kw_only=True):
    """Sizes and intervals of the loop."""

    max_records: int = 500
    """Most records of one step. Chosen: some MiB of articles, and well under a second of work."""
    store_secs: float = 1.0
    """Applied records are stored after this time; it is part of the delay until they are visible."""
    store_records: int = 20_000
    """Applied records are stored at this number at the latest, which bounds what a killed process does again."""
    idle_secs: float = 300.0
    """Positions are stored after this time even if nothing was applied: they show that nothing was missed until now."""
    lag_secs: float = 2.0
    """Interval of the measurement of the lag."""


_PARAMS: Final = FollowParams()


class Reader(Protocol):
    """A source of records, as `TopicFollower` is."""

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        """Return the first offset of each partition, and the offset after its last stable record.

        Raises:
            TransientError: The brokers do not answer.
        """
        ...

    async def since(self, time_ms: int) -> Mapping[Place, int]:
        """Return the offset of the first record of each partition at or after a time, or the one after its last.

        Raises:
            TransientError: The brokers do not answer.
        """
        ...

    def seek(self, place: Place, offset: int) -> None:
        """Set the position of the next read of a partition."""
        ...

    async def read(self, max_records: int) -> list[Record]:
        """Return the next records."""
        ...

    async def positions(self) -> dict[Place, int]:
        """Return the offset of the next record of each partition."""
        ...

    async def report(self, positions: Mapping[Place, int]) -> None:
        """Show positions to operators."""
        ...


class Following:
    """Takes the records of a reader to a service's effects, until it is told to stop."""

    def __init__(
        self,
        reader: Reader,
        effects: Effects,
        progress: Progress,
        metrics: DownstreamMetrics,
        params: FollowParams = _PARAMS,
        clock: Callable[[], float] = time.monotonic,
        begins_at_ms: int | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            reader: Where records come from.
            effects: What becomes of them.
            progress: The progress of the process, for health checks and watchdog.
            metrics: The metrics of the process.
            params: Sizes and intervals.
            clock: Returns seconds that never decrease.
            begins_at_ms: Partitions without a stored position are read from the records of this time on, epoch
                milliseconds; from their start if it is None.
        """
        self._reader = reader
        self._effects = effects
        self._progress = progress
        self._metrics = metrics
        self._params = params
        self._clock = clock
        self._begins_at_ms = begins_at_ms
        self._stopping = asyncio.Event()
        self._goal: dict[Place, int] = {}
        self._stored_at = self._lag_at = clock()
        self._unstored = 0
        self._is_behind = True

    def stop(self) -> None:
        """End `run` after the records in hand are stored."""
        self._stopping.set()

    async def run(self, identities: Mapping[str, bytes]) -> None:
        """Follow the topics.

        Args:
            identities: The identity of each topic, as `Effects.restore` takes them.

        Raises:
            TransientError: The brokers do not answer at the start.
            FatalError: The state cannot be stored.
        """
        await self._begin(await asyncio.to_thread(self._effects.restore, identities))
        while not self._stopping.is_set():
            records = await self._reader.read(self._params.max_records)
            if records:
                await self._apply(records)
            await self._note_catching_up()
            if self._is_due():
                await self._store()
            await self._measure_lag()
        if self._unstored:
            await self._store()

    async def _begin(self, stored: Mapping[Place, int]) -> None:
        bounds = await self._reader.bounds()
        lost = [place for place, offset in stored.items() if place in bounds and not _is_within(offset, bounds[place])]
        if lost:
            log.warning("state_discarded", reason="records after the stored position are gone", partitions=len(lost))
            await asyncio.to_thread(self._effects.restart)
            stored = {}
        first = {place: start for place, (start, _) in bounds.items()}
        if self._begins_at_ms is not None and not stored.keys() >= bounds.keys():
            first = {**first, **await self._reader.since(self._begins_at_ms)}
        for place in bounds:
            self._reader.seek(place, stored.get(place, first[place]))
        self._goal = {place: end for place, (_, end) in bounds.items()}
        self._progress.rebalance_ended(len(bounds))
        self._progress.state("running")
        resumed = sum(place in stored for place in bounds)
        log.info("following", partitions=len(bounds), resumed=resumed)

    async def _apply(self, records: Sequence[Record]) -> None:
        self._progress.taken()
        skipped = await asyncio.to_thread(self._effects.apply, records)
        self._unstored += len(records)
        counter = self._metrics.of("downstream_records_total")
        counter.labels("skipped").inc(skipped)
        counter.labels("applied").inc(len(records) - skipped)
        if skipped:
            log.warning("records_skipped", records=skipped, topic=records[0].topic, offset=records[0].offset)

    def _is_due(self) -> bool:
        waited = self._clock() - self._stored_at
        longest = self._params.store_secs if self._unstored or self._effects.is_waiting else self._params.idle_secs
        return waited >= longest or self._unstored >= self._params.store_records

    async def _store(self) -> None:
        positions = await self._reader.positions()
        await asyncio.to_thread(self._effects.store, positions, caught_up=not self._is_behind)
        self._unstored = 0
        self._stored_at = self._clock()
        self._progress.committed(self._progress.status.in_flight)
        self._progress.fold_advanced(caught_up=not self._is_behind)
        await self._reader.report(positions)

    async def _note_catching_up(self) -> None:
        """Once the ends that the partitions had at the start are reached, the service is ready."""
        if not self._is_behind:
            return
        positions = await self._reader.positions()
        if all(positions[place] >= end for place, end in self._goal.items()):
            self._is_behind = False
            await self._store()
            log.info("caught_up")

    async def _measure_lag(self) -> None:
        now = self._clock()
        if now - self._lag_at < self._params.lag_secs:
            return
        self._lag_at = now
        try:
            positions, bounds = await self._reader.positions(), await self._reader.bounds()
        except TransientError:  # without brokers, queries are answered from what is there
            self._progress.lag(None)
            return
        lag = sum(max(0, end - positions[place]) for place, (_, end) in bounds.items())
        self._metrics.of("downstream_lag_records").set(lag)
        self._progress.lag(lag)


def _is_within(offset: int, bounds: tuple[int, int]) -> bool:
    first, end = bounds
    return first <= offset <= end
