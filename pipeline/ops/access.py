"""Access control of a cluster, made from the catalogue: a principal per service and per kind of user.

Principals get only what their work needs. Rights that brokers imply are left out: reading or writing a topic implies
describing it, and writing any topic implies producing idempotently.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Literal

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, SecurityDisabledError
from msgspec import Struct

from pipeline.domain.stage import STAGES
from pipeline.errors import ConfigError, TransientError
from pipeline.wire.catalogue import ALERTS, CURRENT, DUPLICATES, MEMBERSHIPS, REPLAYS, SIGNATURES, VERDICTS, Catalogue

__all__ = ["Grant", "Operation", "Resource", "allow", "commands", "grants"]

Operation = Literal["Read", "Write", "Describe", "Create", "DescribeConfigs", "AlterConfigs"]
Resource = Literal["topic", "group", "transactional-id"]

_OPERATIONS = {
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
    "Describe": ACLOperation.DESCRIBE,
    "Create": ACLOperation.CREATE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": ACLOperation.ALTER_CONFIGS,
}
_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
_SETTLE_SECS = 10.0  # limit for new grants to reach the brokers, which takes tens of milliseconds
_POLL_SECS = 0.1
_READING: tuple[Operation, ...] = (
    "Read",
    "DescribeConfigs",
)  # a worker checks who sets the timestamps of what it reads
_PROVISIONING: tuple[Operation, ...] = ("Create", "DescribeConfigs", "AlterConfigs")


class Grant(Struct, frozen=True, order=True):
    """One operation that one principal may do on a resource; with `prefixed`, on all whose names begin with `name`."""

    principal: str
    resource: Resource
    operation: Operation
    name: str
    prefixed: bool = False


def grants(
    catalogue: Catalogue,
    services: Sequence[Sequence[str]],
    group: Callable[[str], str],
    principal: Callable[[str], str],
    copied: Sequence[str] = (),
) -> list[Grant]:
    """Return the grants of all services, fetchers, operators, erasers, monitor, search and alerts, sorted.

    Args:
        catalogue: The topics of an environment and lane.
        services: The stages of each service.
        group: Returns the consumer group of a service by its first stage, or of a command.
        principal: Returns the principal of a service by its first stage, of "fetcher", "operator", "eraser",
            "monitor", "search" and "alert".
        copied: Names on the cluster of the topics that fetchers copy, as `source kafka` does.

    Raises:
        ConfigError: Two services begin with the same stage, so they would share a consumer group.
    """
    firsts = [stages[0] for stages in services]
    if len(set(firsts)) != len(firsts):
        raise ConfigError("two services begin with the same stage")
    found: set[Grant] = set()
    for stages in services:
        found |= _of_service(catalogue, stages, group(stages[0]), principal(stages[0]))
    found |= _of_fetcher(catalogue, group, principal("fetcher"), copied)
    found |= _of_monitor(catalogue, group, principal("monitor"))
    found |= _of_search(catalogue, group, principal("search"))
    found |= _of_alert(catalogue, group, principal("alert"))
    found |= _of_operator(catalogue, group, principal("operator"))
    return sorted(found | _of_eraser(catalogue, group, principal("eraser")))


def commands(wanted: Iterable[Grant]) -> list[str]:
    """Return grants as command lines of Kafka's own tool, grants that differ only in their name in one line."""
    lines = []
    for (who, resource, operation, prefixed), same in groupby(
        sorted(wanted, key=_kind), key=lambda grant: (grant.principal, grant.resource, grant.operation, grant.prefixed)
    ):
        names = " ".join(f"--{resource} {grant.name}" for grant in same)
        pattern = " --resource-pattern-type prefixed" if prefixed else ""
        lines.append(f"kafka-acls.sh --add --allow-principal {who} --operation {operation}{pattern} {names}")
    return lines


def allow(admin: KafkaAdminClient, wanted: Sequence[Grant]) -> tuple[list[Grant], list[str]]:
    """Create the missing grants, and wait until the brokers apply them.

    No access rule is removed.

    Returns:
        The grants that were created, and descriptions of the other rules of the same principals on the cluster.

    Raises:
        ConfigError: The cluster has no authorizer, or refuses a grant.
        TransientError: The cluster did not answer.
    """
    by_acl = {_acl(grant): grant for grant in wanted}
    principals = {grant.principal for grant in wanted}
    try:
        there = _described(admin, principals)
        missing = [acl for acl in by_acl if acl not in there]
        failed = admin.create_acls(missing)["failed"] if missing else []
        if failed:
            raise ConfigError(f"the cluster refused {len(failed)} of {len(missing)} grants")
        _wait_for(admin, principals, set(missing))
    except SecurityDisabledError as error:
        raise ConfigError("the cluster has no authorizer, so all clients have full access") from error
    except KafkaError as error:
        raise TransientError(f"not all access rules were created, try again: {type(error).__name__}") from error
    return [by_acl[acl] for acl in missing], sorted(map(_describe, there - by_acl.keys()))


def _of_service(catalogue: Catalogue, stages: Sequence[str], group: str, who: str) -> set[Grant]:
    topics = [catalogue.stage(stage) for stage in stages]
    source = topics[0].reads
    reads = {source, *(name for stage in topics for name in stage.also_reads)}
    writes = catalogue.outputs(stages)
    # Nothing is written to the topics between its stages; a worker only checks their partitions.
    between = {name for stage in topics for name in (stage.reads, stage.emits)} - reads - writes
    return {
        *(Grant(who, "topic", operation, name) for name in reads for operation in _READING),
        *(Grant(who, "topic", "Write", name) for name in writes),
        *(Grant(who, "topic", "Describe", name) for name in between),
        Grant(who, "group", "Read", group),
        Grant(who, "transactional-id", "Write", f"{group}-{source}-", prefixed=True),
    }


def _of_fetcher(catalogue: Catalogue, group: Callable[[str], str], who: str, copied: Sequence[str]) -> set[Grant]:
    """Return the grants that every `source` needs; feeds and copies store in a group of their own what was sent."""
    groups = [group("source-feeds"), *(group(f"source-kafka-{topic}") for topic in copied)]
    return {
        Grant(who, "topic", "Write", catalogue.stage("ingest").reads),
        *(Grant(who, "topic", "Read", topic) for topic in copied),
        *(Grant(who, "group", "Read", name) for name in groups),
        *(Grant(who, "transactional-id", "Write", name) for name in groups),
    }


def _of_operator(catalogue: Catalogue, group: Callable[[str], str], who: str) -> set[Grant]:
    """Return the grants that `topics`, `dlq`, `dedupe` and `replay` need."""
    stages = catalogue.stages.values()
    raw, ledger = catalogue.stage("ingest").reads, catalogue.full_name(REPLAYS)
    signatures, verdicts = catalogue.full_name(SIGNATURES), catalogue.full_name(VERDICTS)
    reads = {raw, ledger, signatures, verdicts, *(topics.dead_letters for topics in stages)}
    # Dead letters are sent back to topics of articles only: write access to the verdict log allows forged verdicts.
    writes = {ledger, signatures, *(catalogue.stage(stage).reads for stage in STAGES)}
    return {
        *(Grant(who, "topic", operation, spec.name) for spec in catalogue.topics for operation in _PROVISIONING),
        *(Grant(who, "topic", "Describe", spec.name) for spec in catalogue.topics),
        *(Grant(who, "topic", "Read", name) for name in reads),
        *(Grant(who, "topic", "Write", name) for name in writes),
        Grant(who, "group", "Read", group("replay")),
        *(Grant(who, "transactional-id", "Write", group(command)) for command in ("replay", "dlq-replay")),
    }


def _of_monitor(catalogue: Catalogue, group: Callable[[str], str], who: str) -> set[Grant]:
    """Return the grants that `status` and `monitor` need: all that is read by stages or published, and their groups."""
    stages = catalogue.stages.items()
    logs = {catalogue.full_name(name) for name in (SIGNATURES, VERDICTS)}
    published = {catalogue.stage("publish").emits, catalogue.full_name(DUPLICATES)}
    reads = logs | published | {topics.reads for _, topics in stages}
    return {
        *(Grant(who, "topic", operation, name) for name in reads for operation in ("Read", "DescribeConfigs")),
        *(Grant(who, "group", "Describe", group(stage)) for stage, _ in stages),
    }


def _of_search(catalogue: Catalogue, group: Callable[[str], str], who: str) -> set[Grant]:
    """Return the grants that `search` needs; its positions are committed to its group, which nobody joins."""
    reads = catalogue.full_name(CURRENT), catalogue.stage("cluster").emits
    return {*(Grant(who, "topic", "Read", name) for name in reads), Grant(who, "group", "Read", group("search"))}


def _of_alert(catalogue: Catalogue, group: Callable[[str], str], who: str) -> set[Grant]:
    """Return the grants that `alert` needs; it reads what it wrote, so that it repeats nothing after a crash."""
    alerts = catalogue.full_name(ALERTS)
    reads = alerts, catalogue.stage("publish").emits, catalogue.full_name(MEMBERSHIPS)
    return {
        *(Grant(who, "topic", "Read", name) for name in reads),
        Grant(who, "topic", "Write", alerts),
        Grant(who, "group", "Read", group("alert")),
        Grant(who, "transactional-id", "Write", f"{group('alert')}-", prefixed=True),
    }


def _of_eraser(catalogue: Catalogue, group: Callable[[str], str], who: str) -> set[Grant]:
    """Return the grants that `erase` and `retract` need: they read what is published, which operators do not."""
    writes = catalogue.stage("ingest").reads, catalogue.full_name(CURRENT)
    return {
        *(Grant(who, "topic", "Read", spec.name) for spec in catalogue.topics),
        *(Grant(who, "topic", "Write", name) for name in writes),
        *(Grant(who, "transactional-id", "Write", group(command)) for command in ("erase", "retract")),
    }


def _kind(grant: Grant) -> tuple[str, str, str, bool, str]:
    return (grant.principal, grant.resource, grant.operation, grant.prefixed, grant.name)


def _acl(grant: Grant) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if grant.prefixed else ACLResourcePatternType.LITERAL
    return ACL(
        grant.principal,
        "*",
        _OPERATIONS[grant.operation],
        ACLPermissionType.ALLOW,
        ResourcePattern(_RESOURCES[grant.resource], grant.name, pattern),
    )


def _described(admin: KafkaAdminClient, principals: Iterable[str]) -> set[ACL]:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found: set[ACL] = set()
    for who in principals:
        acls, _ = admin.describe_acls(ACLFilter(who, None, ACLOperation.ANY, ACLPermissionType.ANY, anything))
        found.update(acls)
    return found


def _wait_for(admin: KafkaAdminClient, principals: Iterable[str], granted: set[ACL]) -> None:
    """Wait until the brokers apply what the controller has accepted, so that a worker can be started at once."""
    deadline = time.monotonic() + _SETTLE_SECS
    while not granted <= _described(admin, principals):
        if time.monotonic() > deadline:
            raise TransientError(f"the brokers did not apply the new grants within {_SETTLE_SECS:.0f} s, try again")
        time.sleep(_POLL_SECS)


def _describe(acl: Any) -> str:
    where = acl.resource_pattern
    name = f"{where.resource_name}*" if where.pattern_type is ACLResourcePatternType.PREFIXED else where.resource_name
    what = f"{acl.permission_type.name.lower()} {acl.operation.name.lower()}"
    return f"{acl.principal} {what} {where.resource_type.name.lower()} {name}"
