"""The AsyncAPI 3.0 description of all topics, made from the catalogue; it refers to the schemas."""

from typing import Any, Literal, get_args

from pipeline.domain.article import EventType
from pipeline.wire.catalogue import Catalogue, TopicSpec
from pipeline.wire.cloudevents import SCHEMA_OF

__all__ = ["asyncapi_document"]

_BINDING = "0.5.0"
_HEADERS = "news.event-headers.v1"
_DESCRIPTION = (
    "Raw news articles go in at one end; clean, deduplicated, language-tagged, subject-classified events come out at "
    "the other. Consumers read news.articles.enriched.v1 with isolation.level read_committed: see docs/consumers.md."
)


def asyncapi_document(catalogue: Catalogue, version: str) -> dict[str, Any]:
    """Return the description of all topics; references are relative to the directory of schemas.

    Args:
        catalogue: The topics.
        version: The release of the pipeline.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "news-pipeline",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {spec.name: _channel(catalogue, spec) for spec in catalogue.topics},
        "operations": _operations(catalogue),
        "components": {"messages": _messages(catalogue)},
    }


def _channel(catalogue: Catalogue, spec: TopicSpec) -> dict[str, Any]:
    configs = catalogue.configs(spec)
    topic: dict[str, Any] = {"cleanup.policy": [*spec.cleanup], "max.message.bytes": spec.max_message_bytes}
    for name in ("retention.ms", "retention.bytes", "delete.retention.ms"):
        if name in configs:
            topic[name] = int(configs[name])
    return {
        "address": spec.name,
        "description": spec.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(spec)},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": catalogue.partitions(spec),
                "replicas": catalogue.replication_factor,
                "topicConfiguration": topic,
                "bindingVersion": _BINDING,
            }
        },
    }


def _message_names(spec: TopicSpec) -> list[str]:
    """Return the names of the messages of a topic: event types, or else the name of the schema."""
    if spec.schema is None:
        return []
    return [kind for kind, schema in SCHEMA_OF.items() if schema == spec.schema] or [spec.schema]


def _messages(catalogue: Catalogue) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for spec in catalogue.topics:
        for name in _message_names(spec):
            found.setdefault(name, _message(name, spec))
    return found


def _message(name: str, spec: TopicSpec) -> dict[str, Any]:
    key = {"type": "string", "description": f"{spec.key.replace('_', ' ')}, as UTF-8 text"}
    if spec.kind == "dead_letter":
        return {
            "name": name,
            "contentType": "application/octet-stream",
            "summary": "The original record; headers name the stage that rejected it and the reason.",
            "headers": {"$ref": f"./{spec.schema}.json"},
            "payload": {"description": "The value of the original record, in any format."},
            "bindings": {
                "kafka": {"key": {"description": "The key of the original record."}, "bindingVersion": _BINDING}
            },
        }
    message: dict[str, Any] = {
        "name": name,
        "contentType": "application/json",
        "payload": {"$ref": f"./{spec.schema}.json"},
        "bindings": {"kafka": {"key": key, "bindingVersion": _BINDING}},
    }
    if name in get_args(EventType):
        message["headers"] = {
            "allOf": [
                {"$ref": f"./{_HEADERS}.json"},
                {"type": "object", "properties": {"ce_type": {"type": "string", "const": name}}},
            ]
        }
    return message


def _operations(catalogue: Catalogue) -> dict[str, Any]:
    """Return which stage reads and writes which topic."""
    found: dict[str, Any] = {}
    for stage, topics in catalogue.stages.items():
        for name in topics.all_reads:
            group = None if name in topics.also_reads else f"news-{stage}"
            found[f"{stage}.reads.{name}"] = _operation("receive", stage, name, group)
        for name in topics.all_writes:
            found[f"{stage}.writes.{name}"] = _operation("send", stage, name, None)
    return found


def _operation(action: Literal["send", "receive"], stage: str, topic: str, group: str | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "tags": [{"name": stage}],
    }
    if group is not None:
        operation["bindings"] = {"kafka": {"groupId": {"type": "string", "const": group}, "bindingVersion": _BINDING}}
    return operation
