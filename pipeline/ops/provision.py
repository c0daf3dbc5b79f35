"""Make the topics of a cluster match the catalogue: report differences, create missing topics, change settings.

A second run changes nothing. Topics are never deleted. Partitions are never added either: the partition of a record
follows from its key and their number, so later revisions of an article would go to another partition.
"""

import time
from collections.abc import Iterable
from typing import Any, Literal

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, for_code
from msgspec import Struct

from pipeline.errors import ConfigError, TransientError
from pipeline.wire.catalogue import Catalogue, TopicSpec

__all__ = ["Action", "AppliedChanges", "TopicChange", "apply", "effective_settings", "plan"]

Action = Literal["create", "alter", "refuse", "keep"]

_WAIT_MS = 30_000  # limit for new topics to have leaders, which takes a second on an idle cluster
_SETTLE_SECS = 5.0  # limit for changed settings to reach the brokers, which takes tens of milliseconds
_POLL_SECS = 0.1
_ALREADY_EXISTS = 36  # Kafka's error code when another `apply` has just created the topic


class TopicChange(Struct, frozen=True, kw_only=True):
    """One difference between the catalogue and a cluster.

    `apply` makes changes that are `create` or `alter`, stops at `refuse`, and only reports `keep`. `settings` are the
    topic settings to set, `current` their present values.
    """

    action: Action
    topic: str
    partitions: int
    replication_factor: int
    settings: dict[str, str] = {}
    current: dict[str, str | None] = {}
    reason: str = ""

    def describe(self) -> str:
        """Return the change as one line for people."""
        if self.action == "create":
            return f"create {self.topic}: {self.partitions} partitions, {self.replication_factor} replicas"
        if self.action == "alter":
            pairs = (f"{name} {self.current.get(name)} → {value}" for name, value in self.settings.items())
            return f"alter {self.topic}: {', '.join(pairs)}"
        return f"{self.action} {self.topic}: {self.reason}"


class AppliedChanges(Struct, frozen=True, kw_only=True):
    """What `apply` changed, and notes about differences that remain."""

    changes: tuple[TopicChange, ...]
    notes: tuple[str, ...] = ()


def plan(admin: KafkaAdminClient, catalogue: Catalogue) -> list[TopicChange]:
    """Compare the cluster with the catalogue, in the catalogue's order."""
    existing = _described(admin, [spec.name for spec in catalogue.topics])
    settings = effective_settings(admin, existing)
    changes: list[TopicChange] = []
    for spec in catalogue.topics:
        found = existing.get(spec.name)
        if found is None:
            changes.append(_change("create", spec, catalogue, settings=catalogue.configs(spec)))
        else:
            changes.extend(_differences(spec, catalogue, found, settings.get(spec.name, {})))
    return changes


def apply(admin: KafkaAdminClient, catalogue: Catalogue, *, wait_ms: int = _WAIT_MS) -> AppliedChanges:
    """Make the changes of `plan`, wait until new topics have leaders, and check that settings were taken.

    Raises:
        ConfigError: A topic has another number of partitions, which is checked before anything is changed, or the
            cluster refuses a topic or a setting.
        TransientError: The cluster did not answer, or new topics did not become ready in time.
    """
    changes = plan(admin, catalogue)
    refused = [change.reason for change in changes if change.action == "refuse"]
    if refused:
        raise ConfigError(_first_of(refused))
    created = [change for change in changes if change.action == "create"]
    altered = [change for change in changes if change.action == "alter"]
    try:
        _create(admin, created)
        _alter(admin, altered)
        if created:
            admin.wait_for_topics([change.topic for change in created], timeout_ms=wait_ms)
    except KafkaError as error:
        raise TransientError(f"not all topics were set up, try again: {error}") from error
    kept = [change.describe() for change in changes if change.action == "keep"]
    return AppliedChanges(changes=(*created, *altered), notes=(*kept, *_not_taken(admin, [*created, *altered])))


def _change(action: Action, spec: TopicSpec, catalogue: Catalogue, **details: Any) -> TopicChange:
    return TopicChange(
        action=action,
        topic=spec.name,
        partitions=catalogue.partitions(spec),
        replication_factor=catalogue.replication_factor,
        **details,
    )


def _differences(
    spec: TopicSpec, catalogue: Catalogue, found: dict[str, Any], settings: dict[str, str | None]
) -> Iterable[TopicChange]:
    """Compare one topic that exists."""
    wanted, count = catalogue.partitions(spec), len(found["partitions"])
    if count != wanted:
        yield _partitions_differ(spec, catalogue, count)
    replicas = len(found["partitions"][0]["replica_nodes"]) if count else 0
    if replicas != catalogue.replication_factor:
        reason = f"has {replicas} replicas, not {catalogue.replication_factor}; kafka-reassign-partitions changes that"
        yield _change("keep", spec, catalogue, reason=reason)
    # The embedded broker reports no settings for topics that were created without any: there is nothing to compare.
    different = {
        name: value for name, value in catalogue.configs(spec).items() if settings and settings.get(name) != value
    }
    if different:
        yield _change(
            "alter", spec, catalogue, settings=different, current={name: settings.get(name) for name in different}
        )


def _partitions_differ(spec: TopicSpec, catalogue: Catalogue, count: int) -> TopicChange:
    wanted = catalogue.partitions(spec)
    if spec.kind == "dead_letter":  # the partition of a dead letter has no meaning
        return _change("keep", spec, catalogue, reason=f"has {count} partitions, not {wanted}, which is harmless")
    why = {
        "article": "the revisions of an article would be in two partitions. Drain the pipeline and grow all article "
        "topics together, or give the present number with --partitions",
        "log": "only one partition has a total order",
        "state": "the states of a key would be in two partitions",
    }[spec.kind]
    return _change(
        "refuse", spec, catalogue, reason=f"{spec.name} has {count} partitions, the catalogue has {wanted}: {why}"
    )


def _described(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, Any]]:
    """Return the metadata of the topics that exist, by name."""
    try:
        wanted = set(names) & set(admin.list_topics())
        return {topic["name"]: topic for topic in admin.describe_topics(sorted(wanted))} if wanted else {}
    except KafkaError as error:
        raise TransientError(f"the cluster did not list its topics: {error}") from error


def effective_settings(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Return the effective settings of topics by name, defaults included; empty if the broker does not report them.

    Raises:
        TransientError: The cluster did not answer.
    """
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    try:
        found = admin.describe_configs(resources, config_filter="all").get("topic", {})
    except KafkaError as error:
        raise TransientError(f"the cluster did not describe its topics: {error}") from error
    return {topic: {name: entry["value"] for name, entry in entries.items()} for topic, entries in found.items()}


def _create(admin: KafkaAdminClient, changes: list[TopicChange]) -> None:
    """Create all missing topics in one request."""
    if not changes:
        return
    answer = admin.create_topics(
        {
            change.topic: {
                "num_partitions": change.partitions,
                "replication_factor": change.replication_factor,
                "configs": change.settings,
            }
            for change in changes
        },
        raise_errors=False,
    )
    problems = [
        f"{topic['name']}: {topic.get('error_message') or for_code(topic['error_code']).__name__}"
        for topic in answer["topics"]
        if topic["error_code"] not in (0, _ALREADY_EXISTS)
    ]
    if problems:
        raise ConfigError(f"the cluster did not create {_first_of(problems)}")


def _alter(admin: KafkaAdminClient, changes: list[TopicChange]) -> None:
    """Set the settings that differ; settings that the catalogue does not contain are not touched."""
    if not changes:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, change.topic, dict(change.settings)) for change in changes]
    answer = admin.alter_configs(resources, raise_on_unknown=False).get("topic", {})
    problems = [f"{topic}: {result}" for topic, result in answer.items() if result != "OK"]
    if problems:
        raise ConfigError(f"the cluster did not change {_first_of(problems)}")


def _first_of(problems: list[str]) -> str:
    """Return the first problem and the number of the others, which are usually the same."""
    return problems[0] if len(problems) == 1 else f"{problems[0]} (and {len(problems) - 1} more)"


def _not_taken(admin: KafkaAdminClient, changes: list[TopicChange]) -> list[str]:
    """Report settings that the broker accepted and does not have: it ignores them, or somebody else changes them.

    Brokers apply a change shortly after the controller has answered, so this polls for a while.
    """
    deadline = time.monotonic() + _SETTLE_SECS
    lost = _lost(admin, changes)
    while lost and time.monotonic() < deadline:
        time.sleep(_POLL_SECS)
        lost = _lost(admin, changes)
    return [f"the broker ignores these topic settings: {', '.join(lost)}"] if lost else []


def _lost(admin: KafkaAdminClient, changes: list[TopicChange]) -> list[str]:
    reported = effective_settings(admin, [change.topic for change in changes])
    return sorted(
        {
            name
            for change in changes
            for name, value in change.settings.items()
            if reported.get(change.topic, {}).get(name) != value
        }
    )
