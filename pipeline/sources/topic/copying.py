"""Copies another topic into the raw topic: records and the offsets read in one transaction, so each exactly once."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.ops.clients import consumer
from pipeline.ops.resending import Resender, ResentRecord, resender
from pipeline.ops.topic_reader import partitions_of
from pipeline.sources.any_record import any_record
from pipeline.sources.raw_topic import RawTopic
from pipeline.sources.service import SourceContext
from pipeline.sources.shapes.errors import ShapeError
from pipeline.sources.shapes.names import Shape
from pipeline.sources.shapes.reading import read_shape

__all__ = ["CopyParams", "TopicCopying"]

log = get_logger(__name__)

_POLL_MS: Final = 300


class CopyParams(Struct, frozen=True, kw_only=True):
    """How much is copied at once. Set by hand."""

    unit_records: int = 200
    """Records of one transaction, which costs some milliseconds however small it is."""


class TopicCopying:
    """The work of `source kafka`. A second process of the same topic and environment takes over from the first."""

    def __init__(self, topic: str, shape: Shape, params: CopyParams | None = None) -> None:
        """Read nothing yet.

        Args:
            topic: Name of the topic to copy, as it is on the cluster.
            shape: The shape of its values.
            params: Limits.
        """
        self._topic = topic
        self._shape = shape
        self._params = params or CopyParams()

    async def __call__(self, context: SourceContext) -> None:
        """Copy until SIGTERM.

        Raises:
            ConfigError: The topic is not on the cluster.
            NoTransactionsError: The broker has no transactions, and the settings require them.
            TransientError: The cluster cannot be reached, refused records, or another process has taken over.
        """
        await asyncio.to_thread(self._run, context)

    def _run(self, context: SourceContext) -> None:
        settings = context.settings
        name = f"source-kafka-{self._topic}"
        group = settings.group(name)
        largest = context.topic.max_message_bytes
        with (
            consumer(settings.kafka, enable_auto_commit=False, group_id=group, auto_offset_reset="earliest") as client,
            resender(settings, name, largest) as sender,  # fences a former process, which commits nothing from now on
        ):
            unit = _Unit(self._topic, self._shape, context.topic, context.metrics)
            _seek(client, partitions_of(client, [self._topic]))
            context.ready()
            while not context.stop.is_set():
                fetched = client.poll(timeout_ms=_POLL_MS, max_records=self._params.unit_records)
                context.metrics.succeeded()
                records = [record for of_partition in fetched.values() for record in of_partition]
                if not records:
                    continue
                context.progress.taken()
                copies = unit.copies(records)
                _send(sender, client, group, copies, records)
                context.progress.committed()
                context.metrics.acknowledged(len(copies))


class _Unit:
    """Turns records of the other topic into raw records."""

    def __init__(self, topic: str, shape: Shape, raw: RawTopic, metrics: SourceMetrics) -> None:
        self._principal = f"kafka:{topic}"
        self._shape = shape
        self._raw = raw
        self._metrics = metrics

    def copies(self, records: Iterable[Any]) -> list[ResentRecord]:
        """Return the raw records of what was fetched, in its order."""
        return [copy for record in records for copy in self._copies(record)]

    def _copies(self, record: Any) -> list[ResentRecord]:
        headers = tuple(record.headers or ())
        try:
            values = [record.value] if record.value is None else read_shape(self._shape, record.value)
        except ShapeError as error:
            # It is sent as it is: `ingest` makes a dead letter of it, with its bytes.
            self._metrics.failed("shape")
            log.warning("not_of_the_shape", partition=record.partition, offset=record.offset, detail=str(error))
            values = [record.value]
        now_ms = time.time_ns() // 1_000_000
        made = [any_record(self._raw, value, headers, self._principal, now_ms) for value in values]
        return [ResentRecord(self._raw.name, self._raw.partition(one), one.key, one.value, one.headers) for one in made]


def _seek(client: Any, places: list[TopicPartition]) -> None:
    """Go on from the committed offsets; from the start of a partition without one."""
    client.assign(places)
    for place in places:
        committed = client.committed(place)
        if committed is None:
            client.seek_to_beginning(place)
        else:
            client.seek(place, committed)


def _send(sender: Resender, client: Any, group: str, copies: list[ResentRecord], records: list[Any]) -> None:
    """Send copies, and note the offsets of what they were made of in the same transaction."""
    positions = _positions(records)

    def note() -> None:
        if sender.transactional:
            sender.producer.send_offsets_to_transaction(positions, group)
        else:
            client.commit(positions)

    sender.send(copies, note)


def _positions(records: list[Any]) -> Mapping[TopicPartition, OffsetAndMetadata]:
    return {
        TopicPartition(record.topic, record.partition): OffsetAndMetadata(record.offset + 1, "", -1)
        for record in records
    }
