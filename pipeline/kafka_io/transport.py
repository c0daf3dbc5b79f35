"""A faust transport that delivers each fetched chunk of a partition as one event.

docs/adr/0001 and 0002 give the reasons. faust keeps the application, the agents and the conductor. Its
acknowledgements, commits, gap tracking, table recovery and consumer thread are not used: the client runs on the main
event loop, CPU-bound work in another thread. `pipeline.kafka_io.patches` lists the internals that are overridden.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import aiokafka
from aiokafka.abc import ConsumerRebalanceListener
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from pipeline.domain.record import Record
from pipeline.errors import FatalError
from pipeline.kafka_io.chunks import Chunk, Lease, size_of

__all__ = ["BatchConsumer", "ConsumerDelegate", "Transport", "committed_offset"]

# An idle worker notices a stop, or a position moved by transaction markers, within this time. A fetch with data returns
# at once.
_IDLE_POLL_MS = 500
# The same while some partitions have enough records in flight: they may need more at any moment.
_BUSY_POLL_MS = 20
# The longest max.poll.interval.ms a broker accepts, 24 days: once it is exceeded, aiokafka never rejoins the group.
_MAX_POLL_INTERVAL_MS = 2**31 - 1


class ConsumerDelegate(Protocol):
    """What a `BatchConsumer` needs from the worker: leases, limits, and a way to end the process."""

    def consumer_arguments(self) -> dict[str, Any]:
        """Return keyword arguments of `AIOKafkaConsumer`: servers, group, sizes, time-outs, security."""
        ...

    async def open_leases(self, consumer: Any, partitions: list[Any]) -> list[Lease]:
        """Fence former owners, then read committed offsets.

        Args:
            consumer: The started `AIOKafkaConsumer`.
            partitions: The assigned `TopicPartition`s.

        Returns:
            One lease for each partition, in the same order. Any exception ends the process.
        """
        ...

    async def close_leases(self, leases: list[Lease]) -> None:
        """Let commits in progress finish, drop all other work, close the producers."""
        ...

    async def admit(self) -> None:
        """Wait until there is room for more work in flight."""
        ...

    def wants(self, lease: Lease) -> int:
        """Return how many more records of a partition may be fetched now; 0 while it has enough in flight."""
        ...

    def admitted(self, chunk: Chunk) -> None:
        """Count a fetched chunk as in flight."""
        ...

    def fail(self, exc: BaseException) -> None:
        """End the process because of an error after which it cannot go on safely."""
        ...

    def rebalancing(self, active: bool) -> None:
        """Receive the beginning (`active`) or end of a rebalance."""
        ...


async def committed_offset(consumer: Any, tp: Any) -> tuple[int | None, str]:
    """Return the group's committed offset of a partition, or None, and its metadata, which `committed()` leaves out."""
    found = (await consumer._coordinator.fetch_committed_offsets([tp])).get(tp)  # noqa: SLF001
    return (None, "") if found is None or found.offset < 0 else (int(found.offset), found.metadata or "")


class BatchConsumer(FaustConsumer, ConsumerRebalanceListener):  # type: ignore[misc]
    """Fetches from the assigned partitions and delivers chunks to faust's conductor."""

    consumer_stopped_errors = (aiokafka.errors.ConsumerStoppedError,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of faust's class; the application is a `NewsApp`."""
        super().__init__(*args, **kwargs)
        self.delegate: ConsumerDelegate = self.app.delegate
        self.leases: dict[Any, Lease] = {}
        self._client: Any = None

    # -- life cycle

    async def on_start(self) -> None:
        """Create the client and connect it."""
        self._client = aiokafka.AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
            **self.delegate.consumer_arguments(),
        )
        await self._client.start()

    async def on_stop(self) -> None:
        """Let commits in progress finish, drop all other work, leave the group."""
        leases, self.leases = list(self.leases.values()), {}
        await self.delegate.close_leases(leases)
        if self._client is not None:
            await self._client.stop()

    @Service.task  # type: ignore[untyped-decorator]
    async def _fetch(self) -> None:
        try:
            while not self.should_stop:
                await self.delegate.admit()
                await self._fetch_once()
        except asyncio.CancelledError:
            raise
        except aiokafka.errors.OffsetOutOfRangeError as exc:
            places = ", ".join(f"{tp.topic}-{tp.partition} at {offset}" for tp, offset in exc.args[0].items())
            self.delegate.fail(
                FatalError(f"offset out of range: {places}; retention deleted it, or the topic was created again")
            )
        except self.consumer_stopped_errors:
            if not self.should_stop:
                self.delegate.fail(FatalError("the consumer stopped without being asked to"))
        except Exception as exc:  # noqa: BLE001  a worker that cannot fetch must end, whatever the error
            self.delegate.fail(exc)

    async def _fetch_once(self) -> None:
        if not self.leases or self.should_stop:
            # As getmany does: otherwise a worker without partitions would not notice that its membership failed.
            check_errors = getattr(self._client._coordinator, "check_errors", None)  # noqa: SLF001
            if check_errors is not None:
                check_errors()
            await asyncio.sleep(_IDLE_POLL_MS / 1000)
            return
        try:
            fetched = await self._poll()
        except aiokafka.errors.NoOffsetForPartitionError:
            # After an assignment aiokafka looks for a committed offset, and raises even if our seek came meanwhile.
            return
        # No await until the last chunk is made: no rebalance can come between, so records and leases match.
        # For all leases, not only those with records: transaction markers alone move the position too.
        chunks = [chunk for tp in self.leases if (chunk := self._chunk(tp, fetched.get(tp, []))) is not None]
        for chunk in chunks:
            self.delegate.admitted(chunk)
        for chunk in chunks:
            await self._deliver(chunk)

    async def _poll(self) -> dict[Any, list[Record]]:
        """Return the next records of partitions that want some, of those without any in flight before the others."""
        wanted = {tp: wants for tp, lease in self.leases.items() if (wants := self.delegate.wants(lease))}
        if not wanted:
            await asyncio.sleep(_BUSY_POLL_MS / 1000)
            return {}
        most = min(max(wanted.values()), self.app.conf.broker_max_poll_records)
        hungry = [tp for tp in wanted if not self.leases[tp].busy]
        fetched: dict[Any, list[Record]] = {}
        if 0 < len(hungry) < len(wanted):
            fetched = await self._client.getmany(*hungry, timeout_ms=0, max_records=most)
        if not fetched:
            pause = _IDLE_POLL_MS if len(wanted) == len(self.leases) else _BUSY_POLL_MS
            fetched = await self._client.getmany(*wanted, timeout_ms=pause, max_records=most)
        return fetched

    def _chunk(self, tp: Any, records: list[Record]) -> Chunk | None:
        lease = self.leases[tp]
        end = self._client._subscription.subscription.assignment.state_value(tp)._position  # noqa: SLF001  position() would wait
        if end is None or (not records and end <= lease.fetched):
            return None
        start, lease.fetched, lease.fetched_at = lease.fetched, end, time.monotonic()
        return Chunk(lease=lease, records=records, start=start, end=end, size_bytes=size_of(records))

    async def _deliver(self, chunk: Chunk) -> None:
        tp = TP(chunk.lease.topic, chunk.lease.partition)
        message = ConsumerMessage(
            *tp, chunk.end - 1, 0.0, 0, [], None, chunk, None, 0, 0, tp, generation_id=self.app.consumer_generation_id
        )
        await self.callback(message)

    # -- rebalance callbacks, awaited by aiokafka while it joins the group

    async def on_partitions_revoked(self, _revoked: Iterable[Any]) -> None:
        """Stop all work: with the eager protocol every partition is revoked."""
        self.delegate.rebalancing(active=True)
        leases, self.leases = list(self.leases.values()), {}
        try:
            await self.delegate.close_leases(leases)
        except Exception as exc:  # noqa: BLE001  aiokafka would log it and go on
            self.delegate.fail(exc)

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Open leases and start fetching at their committed offsets."""
        partitions = sorted(assigned)
        try:
            leases = await self.delegate.open_leases(self._client, partitions)
            await self.app.topics.on_partitions_assigned({TP(tp.topic, tp.partition) for tp in partitions})
            # No await from here on: a fetch must not happen between the seeks and the assignment of the leases.
            for tp, lease in zip(partitions, leases, strict=True):
                self._client.seek(tp, lease.fetched)
            self.leases = dict(zip(partitions, leases, strict=True))
            self.app.flow_control.resume()
            self.delegate.rebalancing(active=False)
        except Exception as exc:  # noqa: BLE001  aiokafka would log it, and the worker would stay idle
            self.delegate.fail(exc)

    # -- faust's bookkeeping of acknowledgements and offsets, which the runner replaces

    def ack(self, message: Any) -> bool:
        """Do nothing: the runner commits offsets together with their outputs."""
        message.acked = True
        return True

    async def commit(self, *_: Any, **__: Any) -> bool:
        """Do nothing, as `ack`."""
        return False

    async def wait_empty(self) -> None:
        """Do nothing: `on_stop` waits for commits in progress."""

    async def perform_seek(self) -> None:
        """Do nothing: an assignment sets positions."""

    # -- the rest of faust's abstract interface

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group for these topics."""
        self._client.subscribe(topics=sorted(topics), listener=self)

    def assignment(self) -> set[Any]:
        """Return the assigned partitions."""
        return set(self.leases)

    def highwater(self, tp: Any) -> int:
        """Return the end of a partition as last seen by a fetch."""
        return int(self._client.highwater(tp) or 0)

    async def highwaters(self, *partitions: Any) -> Mapping[Any, int]:
        """Return the ends of partitions."""
        return dict(await self._client.end_offsets(list(partitions)))

    async def earliest_offsets(self, *partitions: Any) -> Mapping[Any, int]:
        """Return the starts of partitions."""
        return dict(await self._client.beginning_offsets(list(partitions)))

    async def position(self, tp: Any) -> int | None:
        """Return the next offset to fetch."""
        return int(await self._client.position(tp))

    def topic_partitions(self, topic: str) -> int | None:
        """Return the partition count of a topic."""
        partitions = self._client.partitions_for_topic(topic)
        return len(partitions) if partitions else None

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Do nothing: an assignment sets positions."""
        return {}

    async def seek_wait(self, _partitions: Mapping[Any, int]) -> None:
        """Raise: only an assignment sets positions."""
        raise FatalError("only an assignment sets the position of a partition")

    async def _seek(self, _partition: Any, _offset: int) -> None:
        raise FatalError("only an assignment sets the position of a partition")

    async def _commit(self, *_: Any, **__: Any) -> bool:
        return False

    async def _getmany(self, *_: Any, **__: Any) -> dict[Any, list[Any]]:
        return {}

    def _new_topicpartition(self, topic: str, partition: int) -> Any:
        return TP(topic, partition)

    def _to_message(self, tp: Any, record: Any) -> Any:
        raise NotImplementedError("_chunk makes chunks")

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """Raise: the runner partitions outputs."""
        raise NotImplementedError("the runner partitions outputs")

    async def create_topic(self, *_: Any, **__: Any) -> None:
        """Raise: topics are provisioned before workers start."""
        raise NotImplementedError("topics are provisioned before workers start")


class Transport(driver.Transport):  # type: ignore[misc]
    """The transport of the URL scheme `kafka+batch`, registered in `pyproject.toml`."""

    Consumer = BatchConsumer
