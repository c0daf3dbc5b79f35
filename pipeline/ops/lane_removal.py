"""Everything that a lane leaves on a cluster, its topics and consumer groups, found and deleted."""

from collections.abc import Sequence

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from msgspec import Struct

from pipeline.errors import ConfigError, TransientError
from pipeline.settings import Settings
from pipeline.wire.catalogue import Catalogue

__all__ = ["LaneRemains", "delete_remains", "find_remains"]


class LaneRemains(Struct, frozen=True):
    """The topics and consumer groups of a lane that exist."""

    topics: tuple[str, ...]
    groups: tuple[str, ...]


def find_remains(admin: KafkaAdminClient, settings: Settings, catalogue: Catalogue) -> LaneRemains:
    """Return what a lane left.

    Args:
        admin: Connected to the cluster.
        settings: Of the lane.
        catalogue: Of the lane.

    Raises:
        ConfigError: The settings are those of live traffic, or a worker or command of the lane still runs.
        TransientError: The cluster did not answer.
    """
    if not settings.lane:
        raise ConfigError("only the topics of a lane can be deleted")
    ours = {settings.group(name) for name in (*catalogue.stages, "replay")}
    try:
        topics = {spec.name for spec in catalogue.topics} & set(admin.list_topics())
        groups = sorted(ours & {group["group_id"] for group in admin.list_groups()})
        members = {group: admin.describe_groups([group])[group]["members"] for group in groups}
    except KafkaError as error:
        raise TransientError(f"the cluster did not list its topics and groups: {error}") from error
    busy = [group for group, found in members.items() if found]
    if busy:
        raise ConfigError(f"group {busy[0]} has members: stop the workers of lane {settings.lane} first")
    return LaneRemains(tuple(sorted(topics)), tuple(groups))


def delete_remains(admin: KafkaAdminClient, remains: LaneRemains) -> None:
    """Delete the groups, then the topics, so that an interrupted deletion can be repeated.

    Raises:
        ConfigError: The cluster refuses.
        TransientError: The cluster did not answer.
    """
    try:
        if remains.groups:
            _raise_first(admin.delete_groups(list(remains.groups)))
        if remains.topics:
            admin.delete_topics(list(remains.topics))
    except KafkaError as error:
        kind = TransientError if error.retriable else ConfigError
        raise kind(f"not everything was deleted: {type(error).__name__}: {error}") from error


def _raise_first(results: dict[str, object]) -> None:
    failed: Sequence[str] = [f"{group}: {result}" for group, result in results.items() if result != "OK"]
    if failed:
        raise ConfigError(f"the cluster did not delete group {failed[0]}")
