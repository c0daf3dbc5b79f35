"""Headers of an event: CloudEvents 1.0, Kafka binding, binary mode.

Only the bare `traceparent` is sent: `ce_traceparent` would carry the start of a trace beside the last hop, and readers
confuse the two.
"""

from pipeline.domain.article import Event, EventType
from pipeline.domain.cluster import ClusterEvent
from pipeline.domain.record import Headers
from pipeline.wire.schemas import schema_id

__all__ = ["CONTENT_TYPE", "SCHEMA_OF", "cluster_headers", "headers"]

CONTENT_TYPE = b"application/json"

SCHEMA_OF: dict[EventType, str] = {
    "news.article.enriched.v1": "news.article.enriched.v1",
    "news.article.revised.v1": "news.article.enriched.v1",
    "news.article.retracted.v1": "news.article.enriched.v1",
    "news.article.duplicate.v1": "news.article.duplicate.v1",
    "news.cluster.changed.v1": "news.cluster.changed.v1",
}
"""Which schema describes the value of which event."""

_DATASCHEMA = {kind: schema_id(name).encode() for kind, name in SCHEMA_OF.items()}


def headers(event: Event, source: str) -> Headers:
    """Return the headers of an event; `source` is the URI reference of the stage that made it."""
    found = _attributes(event.type, event.id, source, event.article_id, event.time, event.revision)
    # An attribute without a value is left out: CloudEvents has no empty ones.
    if event.language:
        found.append(("ce_language", event.language.encode()))
    if event.subjects:
        found.append(("ce_subjects", ",".join(event.subjects).encode()))
    if event.publisher:
        found.append(("ce_publisher", event.publisher.encode()))
    if event.traceparent:
        found.append(("traceparent", event.traceparent.encode()))
    return tuple(found)


def cluster_headers(event: ClusterEvent, source: str) -> Headers:
    """Return the headers of a cluster's change; its version is its revision."""
    cluster = event.value
    return tuple(
        _attributes("news.cluster.changed.v1", event.id, source, cluster.cluster_id, event.time, cluster.version)
    )


def _attributes(
    kind: EventType, name: str, source: str, subject: str, time: str, revision: int
) -> list[tuple[str, bytes | None]]:
    return [
        ("content-type", CONTENT_TYPE),
        ("ce_specversion", b"1.0"),
        ("ce_id", name.encode()),
        ("ce_source", source.encode()),
        ("ce_type", kind.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time.encode()),
        ("ce_dataschema", _DATASCHEMA[kind]),
        ("ce_revision", b"%d" % revision),
    ]
