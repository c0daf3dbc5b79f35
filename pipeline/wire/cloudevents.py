"""Headers of events: CloudEvents 1.0, Kafka binding, binary mode.

The trace context is sent only as the bare header `traceparent`. `ce_traceparent` has another meaning (the start of the
trace), and readers confuse the two.
"""

from pipeline.domain.article import Event, EventType
from pipeline.domain.cluster import ClusterEvent
from pipeline.domain.ids import ArticleId, event_id
from pipeline.domain.record import Headers
from pipeline.domain.story import StoryEvent, StoryMembership
from pipeline.wire.schemas import schema_id

__all__ = [
    "CONTENT_TYPE",
    "SCHEMA_OF",
    "cluster_headers",
    "headers",
    "membership_headers",
    "story_headers",
    "withdrawal_headers",
]

CONTENT_TYPE = b"application/json"

SCHEMA_OF: dict[EventType, str] = {
    "news.article.enriched.v1": "news.article.enriched.v1",
    "news.article.revised.v1": "news.article.enriched.v1",
    "news.article.retracted.v1": "news.article.enriched.v1",
    "news.article.duplicate.v1": "news.article.duplicate.v1",
    "news.cluster.changed.v1": "news.cluster.changed.v1",
    "news.story.changed.v1": "news.story.changed.v1",
    "news.membership.changed.v1": "news.membership.changed.v1",
}
"""Type of an event → name of the schema of its value."""

_DATASCHEMA = {kind: schema_id(name).encode() for kind, name in SCHEMA_OF.items()}


def headers(event: Event, source: str) -> Headers:
    """Return the headers of an event.

    Args:
        event: The event.
        source: URI reference of the stage that made it.
    """
    found = _attributes(event.type, event.id, source, event.article_id, event.time, event.revision)
    found.append(("ce_observedat", event.observed_at.encode()))
    # Attributes without a value are omitted: CloudEvents does not allow empty ones.
    if event.lane:
        found.append(("ce_lane", event.lane.encode()))
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
    """Return the headers of a change of a cluster; `ce_revision` is the version of the cluster."""
    cluster = event.value
    return tuple(
        _attributes("news.cluster.changed.v1", event.id, source, cluster.cluster_id, event.time, cluster.version)
    )


def story_headers(event: StoryEvent, source: str) -> Headers:
    """Return the headers of a change of a story; `ce_revision` is the version of the story."""
    story = event.value
    return tuple(_attributes("news.story.changed.v1", event.id, source, story.story_id, event.time, story.version))


def membership_headers(membership: StoryMembership, lane: str, pipeline_version: str, source: str) -> Headers:
    """Return the headers of the membership of an article; `ce_revision` is its version.

    Args:
        membership: The membership.
        lane: The lane; empty for live traffic.
        pipeline_version: The release, which is part of the event's id.
        source: URI reference of the stage that made it.
    """
    kind: EventType = "news.membership.changed.v1"
    article, version = membership.article_id, membership.version
    name = event_id(lane, article, version, kind, pipeline_version)
    return tuple(_attributes(kind, name, source, article, membership.ingested_at, version))


def withdrawal_headers(article: ArticleId, revision: int, time: str, lane: str) -> Headers:
    """Return the headers of a null value by which an operator ends the state of an article.

    Args:
        article: The article.
        revision: One more than the highest that is known.
        time: When it is ended, RFC 3339.
        lane: The lane; empty for live traffic.
    """
    kind: EventType = "news.article.retracted.v1"
    name = event_id(lane, article, revision, f"{kind}@{time}", "operator")
    found = _attributes(kind, name, "/news-pipeline/erase", article, time, revision)
    return (*found, ("ce_observedat", time.encode()), *([("ce_lane", lane.encode())] if lane else []))


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
