"""Encode values as records to be sent, and check their size, which aiokafka's batches do not."""

from msgspec import Struct

from pipeline.domain.article import Article, Event
from pipeline.domain.cluster import ClusterEvent
from pipeline.domain.outcome import Drop
from pipeline.domain.record import Headers
from pipeline.domain.signature import LogRecord
from pipeline.domain.sketch import Sketch
from pipeline.domain.stage import StageName
from pipeline.domain.standing import standing_after
from pipeline.domain.story import StoryEvent, StoryMembership
from pipeline.domain.times import to_epoch_ms
from pipeline.domain.verdict import VerdictRecord
from pipeline.wire.catalogue import (
    CURRENT,
    DUPLICATES,
    MEMBERSHIPS,
    SIGNATURES,
    SKETCHES,
    STORIES,
    VERDICTS,
    Catalogue,
)
from pipeline.wire.cloudevents import CONTENT_TYPE, cluster_headers, headers, membership_headers, story_headers
from pipeline.wire.codec import encode

__all__ = ["BATCH_OVERHEAD_BYTES", "Encoder", "OutputRecord", "Oversize", "record_bytes"]

BATCH_OVERHEAD_BYTES = 61
"""Header of a record batch, format v2. A topic's `max.message.bytes` limits whole batches."""

_RECORD_OVERHEAD_BYTES = 36  # upper bound: length, attributes, deltas and counts as variable-length integers
_HEADER_OVERHEAD_BYTES = 10  # two lengths
_JSON_HEADERS: Headers = (("content-type", CONTENT_TYPE),)


class OutputRecord(Struct, frozen=True):
    """A record to be sent, without its partition, which the service chooses."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


class Oversize(Struct, frozen=True):
    """A record that is too large for its topic; sizes in bytes."""

    topic: str
    size: int
    limit: int

    @property
    def detail(self) -> str:
        """The detail of a dead letter."""
        return f"{self.size} bytes for {self.topic}, limit {self.limit}"


def record_bytes(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Return an upper bound of the bytes of a record in an uncompressed batch, without the batch header."""
    size = _RECORD_OVERHEAD_BYTES + len(key or b"") + len(value or b"")
    return size + (_JSON_HEADERS_BYTES if headers is _JSON_HEADERS else _headers_bytes(headers))


def _headers_bytes(headers: Headers) -> int:
    size = 0
    for name, content in headers:
        # Our names are ASCII; in headers of others, a character takes up to four bytes.
        size += _HEADER_OVERHEAD_BYTES + (len(name) if name.isascii() else 4 * len(name)) + len(content or b"")
    return size


_JSON_HEADERS_BYTES = _headers_bytes(_JSON_HEADERS)  # computed once: nearly all articles between stages have them


class Encoder:
    """Encodes the outputs of stages. Equal values give equal bytes; the timestamp is when the article was ingested.

    In topics with LogAppendTime, the broker replaces that timestamp.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._emits = {stage: topics.emits for stage, topics in catalogue.stages.items()}
        self._limits = {spec.name: spec.max_message_bytes for spec in catalogue.topics}
        self._signatures = catalogue.full_name(SIGNATURES)
        self._verdicts = catalogue.full_name(VERDICTS)
        self._duplicates = catalogue.full_name(DUPLICATES)
        self._current = catalogue.full_name(CURRENT)
        self._sketches = catalogue.full_name(SKETCHES)
        self._stories = catalogue.full_name(STORIES)
        self._memberships = catalogue.full_name(MEMBERSHIPS)

    def emit(self, stage: StageName, value: Article | Event) -> OutputRecord | Oversize:
        """Return the record of a value that a stage emits."""
        topic = self._emits[stage]
        if isinstance(value, Event):
            return self._event(topic, stage, value)
        return self._fitting(
            topic,
            value.id.encode(),
            encode(value),
            _internal_headers(value.provenance.traceparent),
            value.signature.ingested_at_ms,
        )

    def drop(self, stage: StageName, drop: Drop) -> OutputRecord | Oversize:
        """Return the record of an article that a stage holds back."""
        return self._event(self._duplicates, stage, drop.event)

    def current(self, event: Event, record: OutputRecord) -> OutputRecord | None:
        """Return the record of the state that an event leaves its article in, or None if it changes nothing.

        Args:
            event: The event.
            record: The record of the event; key, headers and, if the article stands, the value are the same.
        """
        standing = standing_after(event)
        if standing == "as_before":
            return None
        value = record.value if standing == "stands" else None
        return OutputRecord(self._current, record.key, value, record.headers, record.timestamp_ms)

    def verdict(self, record: VerdictRecord) -> OutputRecord | Oversize:
        """Return a record of the verdict log."""
        key = record.verdict.article_id.encode()
        return self._fitting(self._verdicts, key, encode(record), _JSON_HEADERS, record.ingested_at_ms)

    def cluster(self, event: ClusterEvent) -> OutputRecord | Oversize:
        """Return the record of a change of a cluster."""
        return self._fitting(
            self._emits["cluster"],
            event.value.cluster_id.encode(),
            encode(event.value),
            cluster_headers(event, "/news-pipeline/cluster"),
            to_epoch_ms(event.time),
        )

    def sketch(self, sketch: Sketch) -> OutputRecord | Oversize:
        """Return a record of the log of sketches."""
        key = sketch.article_id.encode()
        return self._fitting(self._sketches, key, encode(sketch), _JSON_HEADERS, sketch.ingested_at_ms)

    def story(self, event: StoryEvent) -> OutputRecord | Oversize:
        """Return the record of a change of a story."""
        return self._fitting(
            self._stories,
            event.value.story_id.encode(),
            encode(event.value),
            story_headers(event, "/news-pipeline/story"),
            to_epoch_ms(event.time),
        )

    def membership(self, membership: StoryMembership, lane: str, pipeline_version: str) -> OutputRecord | Oversize:
        """Return the record of the membership of an article."""
        return self._fitting(
            self._memberships,
            membership.article_id.encode(),
            encode(membership),
            membership_headers(membership, lane, pipeline_version, "/news-pipeline/story"),
            to_epoch_ms(membership.ingested_at),
        )

    def log_record(self, record: LogRecord, appended_at_ms: int) -> OutputRecord | Oversize:
        """Return a record of the signature log. Control records have no key."""
        article = getattr(record, "article_id", None)
        key = article.encode() if article is not None else None
        return self._fitting(self._signatures, key, encode(record), _JSON_HEADERS, appended_at_ms)

    def _event(self, topic: str, stage: StageName, event: Event) -> OutputRecord | Oversize:
        value = encode(event.value)
        return self._fitting(
            topic,
            event.article_id.encode(),
            value,
            headers(event, f"/news-pipeline/{stage}"),
            to_epoch_ms(event.time),
        )

    def _fitting(
        self, topic: str, key: bytes | None, value: bytes, headers: Headers, timestamp_ms: int
    ) -> OutputRecord | Oversize:
        size = BATCH_OVERHEAD_BYTES + record_bytes(key, value, headers)
        limit = self._limits[topic]
        if size > limit:
            return Oversize(topic, size, limit)
        return OutputRecord(topic, key, value, headers, timestamp_ms)


def _internal_headers(traceparent: str | None) -> Headers:
    """Return the headers of an article between stages."""
    if traceparent is None:
        return _JSON_HEADERS
    return (*_JSON_HEADERS, ("traceparent", traceparent.encode()))
