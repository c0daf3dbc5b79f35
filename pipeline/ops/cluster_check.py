"""What a cluster has of what services need: versions, transactions, rights, topics and their settings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ACLOperation
from kafka.errors import GroupAuthorizationFailedError, KafkaError
from kafka.protocol.api_key import ApiKey
from msgspec import Struct

from pipeline.errors import TransientError
from pipeline.ops import provision
from pipeline.settings import Settings
from pipeline.wire.catalogue import Catalogue

__all__ = ["Finding", "check_cluster"]

# Requests by what needs them, and the release of Apache Kafka that introduced them.
_ALWAYS: Mapping[str, tuple[ApiKey, str]] = {
    "idempotent producers": (ApiKey.InitProducerId, "0.11"),
    "settings of topics": (ApiKey.DescribeConfigs, "0.11"),
}
_EXACTLY_ONCE: Mapping[str, tuple[ApiKey, str]] = {
    "transactions": (ApiKey.TxnOffsetCommit, "0.11"),
    "the state of transactions": (ApiKey.DescribeTransactions, "3.0"),
}
_TOPIC_IDS = 12  # version of Metadata requests that has them: Kafka 3.1
_NOT_TOLD = -(2**31)  # instead of the permitted operations
# Settings without which a service does not work, or not as promised; of the others a difference is only worth a look.
_NEEDED = frozenset({"message.timestamp.type", "max.message.bytes", "cleanup.policy"})


class Finding(Struct, frozen=True):
    """One thing that was compared: what it is about, whether it is as needed, and what was found."""

    subject: str
    verdict: Literal["ok", "look", "wrong"]
    found: str


def check_cluster(
    admin: KafkaAdminClient, settings: Settings, catalogue: Catalogue, stages: Sequence[str]
) -> Iterator[Finding]:
    """Compare a cluster with what services of these stages need. Nothing is written.

    Raises:
        TransientError: The cluster did not answer.
    """
    try:
        yield from _versions(admin, settings)
        described = {topic["name"]: topic for topic in admin.describe_topics()}
        sized, findings = _partitions(catalogue, described, stages)
        yield from findings
        yield from _rights(admin, settings, sized, described, stages)
        yield from _settings(admin, sized, described, stages)
    except KafkaError as error:
        raise TransientError(f"the cluster did not answer: {type(error).__name__}: {error}") from error


def _versions(admin: KafkaAdminClient, settings: Settings) -> Iterator[Finding]:
    cluster = admin.describe_cluster()
    brokers = cluster["brokers"]
    yield Finding("brokers", "ok", f"{len(brokers)}, of cluster {cluster['cluster_id']}")
    known = admin.api_versions()
    needed = {**_ALWAYS, **(_EXACTLY_ONCE if settings.guarantee == "exactly_once" else {})}
    for what, (key, release) in needed.items():
        if key in known:
            yield Finding(what, "ok", "")
        else:
            hint = "; NEWS_GUARANTEE=at_least_once does without" if what not in _ALWAYS else ""
            yield Finding(what, "wrong", f"missing; Apache Kafka has them from {release}{hint}")
    if known.get(ApiKey.Metadata, (0, 0))[1] < _TOPIC_IDS:
        yield Finding("ids of topics", "look", "missing: a topic that is created again is not noticed")


def _partitions(
    catalogue: Catalogue, described: Mapping[str, Any], stages: Sequence[str]
) -> tuple[Catalogue, list[Finding]]:
    """Return the catalogue with the partitions found, and what is wrong with them."""
    names = _names(catalogue, stages)
    missing = [name for name in names if name not in described]
    counts = {name: len(described[name]["partitions"]) for name in names if name in described}
    findings = [Finding(f"topic {name}", "wrong", "missing: `news-pipeline topics apply`") for name in missing]
    articles = {name: count for name, count in counts.items() if catalogue.topic(name).partitions is None}
    different = sorted(set(articles.values()))
    if len(different) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in sorted(articles.items()))
        findings.append(Finding("partitions", "wrong", f"article topics must have the same number: {listed}"))
    for name, count in counts.items():
        if catalogue.topic(name).kind == "log" and count != 1:
            findings.append(Finding(f"topic {name}", "wrong", f"{count} partitions; a log needs exactly one"))
    if not findings:
        findings = [
            Finding("topics", "ok", f"{len(counts)}; {different[0] if different else 1} partitions of articles")
        ]
    return catalogue.sized(article_partitions=different[-1] if different else None), findings


def _rights(
    admin: KafkaAdminClient,
    settings: Settings,
    catalogue: Catalogue,
    described: Mapping[str, Any],
    stages: Sequence[str],
) -> Iterator[Finding]:
    """Compare what this principal may do. A cluster without access control permits everything."""
    topics = [catalogue.stage(stage) for stage in stages]
    wanted = [
        *((name, ACLOperation.READ) for name in sorted({name for one in topics for name in one.all_reads})),
        *((name, ACLOperation.WRITE) for name in sorted({name for one in topics for name in one.all_writes})),
    ]
    refused = []
    for name, operation in wanted:
        permitted = described.get(name, {}).get("topic_authorized_operations", _NOT_TOLD)
        if permitted != _NOT_TOLD and not permitted >> operation & 1:
            refused.append(f"{operation.name.lower()} {name}")
    groups = [settings.group(stage) for stage in stages if _begins(catalogue, stage, stages)]
    refused += [f"join group {group}" for group in groups if not _may_join(admin, group)]
    if refused:
        for what in refused:
            yield Finding("rights", "wrong", f"this principal may not {what}: `news-pipeline topics acls`")
    else:
        yield Finding("rights", "ok", "topics and groups; those on transactional ids show when a worker starts")


def _may_join(admin: KafkaAdminClient, group: str) -> bool:
    """Return whether this principal may join a group, as far as the cluster tells."""
    try:
        found = admin.describe_groups([group], include_authorized_operations=True)[group]
    except GroupAuthorizationFailedError:  # it may not even ask for the group's coordinator
        return False
    error, permitted = found["error"] or "", found.get("authorized_operations")
    return "Authorization" not in error and (bool(error) or not permitted or ACLOperation.READ.name in permitted)


def _begins(catalogue: Catalogue, stage: str, stages: Sequence[str]) -> bool:
    """Return whether a stage is the first of a service that runs all of these stages that follow each other."""
    return catalogue.stage(stage).reads not in {catalogue.stage(other).emits for other in stages}


def _settings(
    admin: KafkaAdminClient, catalogue: Catalogue, described: Mapping[str, Any], stages: Sequence[str]
) -> Iterator[Finding]:
    names = _names(catalogue, stages)
    used = msgspec.structs.replace(catalogue, topics=tuple(catalogue.topic(name) for name in names))
    changes = [one for one in provision.plan(admin, used) if one.action != "create"]
    for change in changes:
        if change.action == "alter":
            for name, value in change.settings.items():
                verdict: Literal["look", "wrong"] = "wrong" if name in _NEEDED else "look"
                yield Finding(f"topic {change.topic}", verdict, f"{name} is {change.current.get(name)}, not {value}")
        elif change.action == "keep":
            yield Finding(f"topic {change.topic}", "look", change.reason)
    there = [name for name in names if name in described]
    unread = [name for name, settings in provision.effective_settings(admin, there).items() if not settings]
    if unread:
        yield Finding(
            "settings of topics",
            "look",
            f"this principal may not read those of {len(unread)} topics: ask as an operator",
        )
    elif not changes:
        yield Finding("settings of topics", "ok", "as in the catalogue: timestamps, sizes, retention, replicas")


def _names(catalogue: Catalogue, stages: Sequence[str]) -> list[str]:
    found = {
        name for stage in stages for name in (*catalogue.stage(stage).all_reads, *catalogue.stage(stage).all_writes)
    }
    return [spec.name for spec in catalogue.topics if spec.name in found]
