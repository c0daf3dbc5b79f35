"""The raw topic as sources write it: its sizes and partitions, and records that are ready to be sent."""

from typing import Final

from msgspec import Struct

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Headers
from pipeline.errors import PipelineError
from pipeline.kafka_io.client_arguments import connection_arguments, producer_arguments
from pipeline.kafka_io.producers import ProducerFactory
from pipeline.kafka_io.topic_check import required_partitions
from pipeline.settings import Settings
from pipeline.text.params import IngestParams
from pipeline.wire.catalogue import REQUEST_OVERHEAD_BYTES, load_catalogue, topic_prefix
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord, record_bytes
from pipeline.wire.partitioner import murmur2
from pipeline.wire.principals import PRINCIPAL
from pipeline.wire.raw import decode_raw

__all__ = ["PRINCIPAL", "RawTopic", "RefusedRecordError"]

_PARAMS: Final = IngestParams()


class RefusedRecordError(PipelineError):
    """A record is not sent, because `ingest` would reject it. `reason` is a reason of dead letters."""

    def __init__(self, reason: str, detail: str) -> None:
        """Take the reason, and what is wrong in words that quote nothing of the article."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class RawTopic(Struct, frozen=True, kw_only=True):
    """The raw topic of an environment and lane.

    Attributes:
        name: Its name on the cluster.
        partitions: How many it has there.
        max_message_bytes: Size of the largest record batch that it accepts.
        producers: Makes producers that can send such a batch.
    """

    name: str
    partitions: int
    max_message_bytes: int
    producers: ProducerFactory

    @classmethod
    async def find(cls, settings: Settings) -> "RawTopic":
        """Ask the cluster for the topic.

        Raises:
            ConfigError: The topic is missing, or the settings of the connection do not fit.
            TransientError: The cluster cannot be reached.
        """
        catalogue = load_catalogue(topic_prefix(settings.kafka.topic_prefix, settings.lane))
        spec = catalogue.topic(catalogue.stage("ingest").reads)
        connection = connection_arguments(settings)
        counts = await required_partitions(connection, (spec.name,))
        arguments = producer_arguments(settings, connection, spec.max_message_bytes + REQUEST_OVERHEAD_BYTES)
        return cls(
            name=spec.name,
            partitions=counts[spec.name],
            max_message_bytes=spec.max_message_bytes,
            producers=ProducerFactory(arguments, settings.transaction_timeout_ms),
        )

    def record(self, value: bytes, headers: Headers, timestamp_ms: int) -> OutputRecord:
        """Return a raw record, keyed by its article.

        Args:
            value: JSON, or a body with the headers that `docs/producers.md` names.
            headers: Its headers, `PRINCIPAL` among them.
            timestamp_ms: Now, in epoch milliseconds; the broker replaces it with the time of arrival.

        Raises:
            RefusedRecordError: `ingest` would reject it, or it is too large for the topic.
        """
        article = decode_raw(value, headers, _PARAMS)
        if isinstance(article, Reject):
            raise RefusedRecordError(article.reason, article.detail)
        key = article.article_id.encode() if article.article_id is not None else None
        size = BATCH_OVERHEAD_BYTES + record_bytes(key, value, headers)
        if size > self.max_message_bytes:
            raise RefusedRecordError("too_large", f"{size} bytes, limit {self.max_message_bytes}")
        return OutputRecord(self.name, key, value, headers, timestamp_ms)

    def partition(self, record: OutputRecord) -> int:
        """Return the partition of a record: that of its key, as Kafka's default partitioner chooses it."""
        return (murmur2(record.key or b"") & 0x7FFFFFFF) % self.partitions
