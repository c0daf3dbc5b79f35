"""A faust transport that delivers a whole fetched chunk of a partition as one event.

Every override of faust's internals is in this module and `app`, of aiokafka's also in `fetched`, `record_batch` and
`transactions`; tests/unit/kafka_io/test_transport.py and its neighbours fail when an upgrade changes what they rely on.
Why it exists: docs/adr/0001 and 0002. Switched off: faust's acks, commits, gap tracking, table recovery and consumer
thread (the client lives on the main loop, CPU-bound work does not). Kept: application, agents, conductor.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import aiokafka
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import Service

from pipeline.domain.record import Record
from pipeline.errors import FatalError
from pipeline.kafka_io.chunks import Chunk, Lease, size_of

__all__ = ["BatchConsumer", "ConsumerHost", "Transport"]

_IDLE_POLL_MS = (
    200  # how soon an idle worker notices a stop or a moved position; a fetch returns at once when there is data
)
_NEVER_MS = (
    2**31 - 1
)  # longest max.poll.interval a broker takes: aiokafka refuses to rejoin for ever once it is exceeded


class ConsumerHost(Protocol):
    """What the application gives the transport: `app.host`."""

    def consumer_arguments(self) -> dict[str, Any]:
        """Return keyword arguments of AIOKafkaConsumer: servers, group, sizes, timeouts, security."""
        ...

    async def open_leases(self, consumer: Any, partitions: list[Any]) -> list[Lease]:
        """Fence former owners, then read committed offsets; raise to end the process."""
        ...

    async def close_leases(self, leases: list[Lease]) -> None:
        """Let commits under way finish, drop the rest, close the producers."""
        ...

    async def admit(self) -> None:
        """Wait until there is room for more work in flight."""
        ...

    def admitted(self, chunk: Chunk) -> None:
        """Count a chunk as in flight."""
        ...

    def fail(self, exc: BaseException) -> None:
        """End the process: something happened that cannot be survived safely."""
        ...

    def rebalancing(self, active: bool) -> None:
        """Note that a rebalance began or ended."""
        ...


class BatchConsumer(FaustConsumer, ConsumerRebalanceListener):  # type: ignore[misc]
    """Fetches from the group's partitions and delivers chunks to faust's conductor."""

    consumer_stopped_errors = (aiokafka.errors.ConsumerStoppedError,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take faust's arguments; the application must have a `host`."""
        super().__init__(*args, **kwargs)
        self.host: ConsumerHost = self.app.host
        self.leases: dict[Any, Lease] = {}
        self._client: Any = None

    # -- life cycle

    async def on_start(self) -> None:
        """Connect."""
        self._client = aiokafka.AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_poll_interval_ms=_NEVER_MS,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            **self.host.consumer_arguments(),
        )
        await self._client.start()

    async def on_stop(self) -> None:
        """Finish what is committing, drop the rest, leave the group."""
        leases, self.leases = list(self.leases.values()), {}
        await self.host.close_leases(leases)
        if self._client is not None:
            await self._client.stop()

    @Service.task  # type: ignore[untyped-decorator]
    async def _fetch(self) -> None:
        try:
            while not self.should_stop:
                await self.host.admit()
                await self._fetch_once()
        except asyncio.CancelledError:
            raise
        except aiokafka.errors.OffsetOutOfRangeError as exc:
            places = ", ".join(f"{tp.topic}-{tp.partition} at {offset}" for tp, offset in exc.args[0].items())
            self.host.fail(FatalError(f"not in the log: {places}; retention passed it, or the topic was made anew"))
        except self.consumer_stopped_errors:
            if not self.should_stop:
                self.host.fail(FatalError("the consumer stopped by itself"))
        except Exception as exc:  # noqa: BLE001  whatever it is, a worker that does not fetch must not stay up
            self.host.fail(exc)

    async def _fetch_once(self) -> None:
        if not self.leases or self.should_stop:
            # What getmany does first: without it, a worker without partitions would never hear that its group failed.
            check_errors = getattr(self._client._coordinator, "check_errors", None)  # noqa: SLF001
            if check_errors is not None:
                check_errors()
            await asyncio.sleep(_IDLE_POLL_MS / 1000)
            return
        try:
            fetched = await self._client.getmany(
                timeout_ms=_IDLE_POLL_MS, max_records=self.app.conf.broker_max_poll_records
            )
        except aiokafka.errors.NoOffsetForPartitionError:
            # aiokafka looks for a committed offset once it is assigned; our seek has said meanwhile where to begin.
            return
        # No await from here to the last chunk made: no rebalance slips in, so records and leases belong together.
        # All leases, not only what was fetched: where nothing but transaction markers came, the position has moved too.
        chunks = [chunk for tp in self.leases if (chunk := self._chunk(tp, fetched.get(tp, []))) is not None]
        for chunk in chunks:
            self.host.admitted(chunk)
        for chunk in chunks:
            await self._deliver(chunk)

    def _chunk(self, tp: Any, records: list[Record]) -> Chunk | None:
        lease = self.leases[tp]
        end = self._client._subscription.subscription.assignment.state_value(tp)._position  # noqa: SLF001 sync, unlike position()
        if end is None or (not records and end <= lease.fetched):
            return None
        start, lease.fetched = lease.fetched, end
        return Chunk(lease=lease, records=records, start=start, end=end, size_bytes=size_of(records))

    async def _deliver(self, chunk: Chunk) -> None:
        lease = chunk.lease
        tp = TP(lease.topic, lease.partition)
        await self.callback(
            ConsumerMessage(
                lease.topic,
                lease.partition,
                chunk.end - 1,
                0.0,
                0,
                [],
                None,
                chunk,
                None,
                0,
                0,
                tp,
                generation_id=self.app.consumer_generation_id,
            )
        )

    # -- rebalance, called by aiokafka while it joins the group

    async def on_partitions_revoked(self, _revoked: Iterable[Any]) -> None:
        """Stop working on every partition: the protocol is eager."""
        self.host.rebalancing(active=True)
        leases, self.leases = list(self.leases.values()), {}
        try:
            await self.host.close_leases(leases)
        except Exception as exc:  # noqa: BLE001  aiokafka would log it and go on
            self.host.fail(exc)

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Fence former owners, read where they stopped, go on from there."""
        partitions = sorted(assigned)
        try:
            leases = await self.host.open_leases(self._client, partitions)
            await self.app.topics.on_partitions_assigned({TP(tp.topic, tp.partition) for tp in partitions})
            # No await from here on: a fetch must not come between the seeks and the leases.
            for tp, lease in zip(partitions, leases, strict=True):
                self._client.seek(tp, lease.fetched)
            self.leases = dict(zip(partitions, leases, strict=True))
            self.app.flow_control.resume()
            self.host.rebalancing(active=False)
        except Exception as exc:  # noqa: BLE001  aiokafka would log it, and leave the worker idle for ever
            self.host.fail(exc)

    # -- faust's own bookkeeping, which the runner replaces

    def ack(self, message: Any) -> bool:
        """Ignore: offsets are committed by the runner with the outputs they belong to."""
        message.acked = True
        return True

    async def commit(self, *_: Any, **__: Any) -> bool:
        """Ignore, like `ack`."""
        return False

    async def wait_empty(self) -> None:
        """Ignore: `on_stop` waits for commits under way."""

    async def perform_seek(self) -> None:
        """Ignore: positions are set on assignment."""

    # -- the rest of the abstract interface

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Join the group."""
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
        """Ignore: positions are set on assignment."""
        return {}

    async def seek_wait(self, _partitions: Mapping[Any, int]) -> None:
        """Refuse: nothing but an assignment moves a position."""
        raise FatalError("the position of a partition is set by its assignment alone")

    async def _seek(self, _partition: Any, _offset: int) -> None:
        raise FatalError("the position of a partition is set by its assignment alone")

    async def _commit(self, *_: Any, **__: Any) -> bool:
        return False

    async def _getmany(self, *_: Any, **__: Any) -> dict[Any, list[Any]]:
        return {}

    def _new_topicpartition(self, topic: str, partition: int) -> Any:
        return TP(topic, partition)

    def _to_message(self, tp: Any, record: Any) -> Any:
        raise NotImplementedError("chunks are made by _chunk")

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """Refuse: outputs are partitioned by the runner."""
        raise NotImplementedError("outputs are partitioned by the runner")

    async def create_topic(self, *_: Any, **__: Any) -> None:
        """Refuse: topics are provisioned before workers start."""
        raise NotImplementedError("topics are provisioned before workers start")


class Transport(driver.Transport):  # type: ignore[misc]
    """The `kafka+batch://` transport."""

    Consumer = BatchConsumer
