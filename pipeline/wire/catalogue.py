"""The catalogue of topics, read from schemas/topics.yaml: names, partitions, sizes, settings."""

import functools
from collections.abc import Sequence
from typing import Literal

import msgspec
import yaml
from msgspec import Struct

from pipeline.domain.stage import StageName
from pipeline.errors import ConfigError
from pipeline.wire.schemas import schema_dir

__all__ = [
    "ALERTS",
    "CURRENT",
    "DUPLICATES",
    "MEMBERSHIPS",
    "REPLAYS",
    "REQUEST_OVERHEAD_BYTES",
    "SIGNATURES",
    "SKETCHES",
    "STORIES",
    "VERDICTS",
    "Catalogue",
    "StageTopics",
    "TopicKind",
    "TopicSpec",
    "load_catalogue",
    "topic_prefix",
]

SIGNATURES = "news.signatures.v1"
VERDICTS = "news.verdicts.v1"
DUPLICATES = "news.articles.duplicates.v1"
CURRENT = "news.articles.current.v1"
ALERTS = "news.alerts.v1"
REPLAYS = "news.replays.v1"
SKETCHES = "news.sketches.v1"
STORIES = "news.stories.v1"
MEMBERSHIPS = "news.memberships.v1"

REQUEST_OVERHEAD_BYTES = 64 * 1024
"""Room for what a produce request contains besides one batch: names, batch header."""

TopicKind = Literal["article", "log", "state", "dead_letter"]

_HOUR_MS = 3_600_000
_LONGEST_NAME = 249  # characters; Kafka's limit of topic names


class TopicSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic.

    `partitions` None means `Catalogue.article_partitions`. A compacted topic keeps the latest record of each key.
    `retention_hours` limits the age of all records; None means no limit. Of a compacted topic, `compacted_within_hours`
    limits how long an outdated record can be read, and `null_hours` is how long a null value can be read at least.
    """

    name: str
    kind: TopicKind
    description: str
    owner: str
    key: Literal["article_id", "cluster_id", "story_id", "original", "place", "query_id"]
    timestamp_type: Literal["CreateTime", "LogAppendTime"]
    max_message_bytes: int
    schema: str | None = None
    partitions: int | None = None
    compacted: bool = False
    retention_hours: int | None = None
    compacted_within_hours: int | None = None
    null_hours: int | None = None

    @property
    def cleanup(self) -> tuple[str, ...]:
        """The values of Kafka's `cleanup.policy`."""
        compact = ("compact",) if self.compacted else ()
        return compact if self.retention_hours is None else (*compact, "delete")


class StageTopics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The topics that one stage reads and writes. `reads` and `emits` connect the stages of the chain."""

    reads: str
    emits: str
    dead_letters: str
    also_reads: tuple[str, ...] = ()
    also_writes: tuple[str, ...] = ()

    @property
    def all_reads(self) -> tuple[str, ...]:
        """All topics that the stage reads as a service of its own."""
        return (self.reads, *self.also_reads)

    @property
    def all_writes(self) -> tuple[str, ...]:
        """All topics that the stage writes as a service of its own."""
        return (self.emits, *self.also_writes, self.dead_letters)


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All topics of one lane on one cluster. Names in the catalogue have the prefix; arguments `name` may omit it."""

    replication_factor: int
    min_in_sync_replicas: int
    article_partitions: int
    stages: dict[str, StageTopics]
    topics: tuple[TopicSpec, ...]
    prefix: str = ""

    def full_name(self, name: str) -> str:
        """Return a topic's name on the cluster, given its name in topics.yaml."""
        return f"{self.prefix}{name}"

    def topic(self, name: str) -> TopicSpec:
        """Return a topic by its name, with or without the prefix.

        Raises:
            ConfigError: No topic has that name.
        """
        for candidate in (name, self.full_name(name)):
            for spec in self.topics:
                if spec.name == candidate:
                    return spec
        raise ConfigError(f"topic {name!r} is not in the catalogue")

    def stage(self, stage: str) -> StageTopics:
        """Return the topics of a stage, with their names on the cluster.

        Raises:
            ConfigError: No stage has that name.
        """
        found = self.stages.get(stage)
        if found is None:
            raise ConfigError(f"stage {stage!r} is not in the catalogue")
        return found

    def outputs(self, stages: Sequence[str]) -> frozenset[str]:
        """Return the topics that a service of consecutive stages writes: not those between its stages."""
        topics = [self.stage(stage) for stage in stages]
        own = (name for stage in topics for name in (*stage.also_writes, stage.dead_letters))
        return frozenset({topics[-1].emits, *own})

    def partitions(self, spec: TopicSpec) -> int:
        """Return the number of partitions of a topic."""
        return spec.partitions if spec.partitions is not None else self.article_partitions

    def configs(self, spec: TopicSpec) -> dict[str, str]:
        """Return the topic settings that the broker must have."""
        configs = {
            "cleanup.policy": ",".join(spec.cleanup),
            "max.message.bytes": str(spec.max_message_bytes),
            "message.timestamp.type": spec.timestamp_type,
            "min.insync.replicas": str(self.min_in_sync_replicas),
            "unclean.leader.election.enable": "false",
        }
        for name, hours in (
            ("retention.ms", spec.retention_hours),
            ("max.compaction.lag.ms", spec.compacted_within_hours),
            ("delete.retention.ms", spec.null_hours),
        ):
            if hours is not None:
                configs[name] = str(hours * _HOUR_MS)
        if spec.kind == "log":
            configs["retention.bytes"] = "-1"  # no limit: under load, one would shorten the deduplication window
        return configs

    def max_request_size(self, stages: Sequence[StageName]) -> int:
        """Return the largest request of a producer of a service with these stages, in bytes.

        Consumers need no such limit, because brokers return a record whole that exceeds the fetch size.
        """
        writes = (topic for stage in stages for topic in self.stage(stage).all_writes)
        return max(self.topic(name).max_message_bytes for name in writes) + REQUEST_OVERHEAD_BYTES

    def with_prefix(self, prefix: str) -> "Catalogue":
        """Return the same topics with names that begin with `prefix`.

        Raises:
            ConfigError: The catalogue has a prefix already.
        """
        if self.prefix:
            raise ConfigError("the catalogue has a prefix already")
        return msgspec.structs.replace(
            self,
            prefix=prefix,
            topics=tuple(msgspec.structs.replace(spec, name=prefix + spec.name) for spec in self.topics),
            stages={name: _prefixed(topics, prefix) for name, topics in self.stages.items()},
        )

    def sized(self, *, article_partitions: int | None = None, replication_factor: int | None = None) -> "Catalogue":
        """Return the catalogue for another cluster; `min_in_sync_replicas` is at most the replication factor."""
        copies = self.replication_factor if replication_factor is None else replication_factor
        return msgspec.structs.replace(
            self,
            article_partitions=self.article_partitions if article_partitions is None else article_partitions,
            replication_factor=copies,
            min_in_sync_replicas=min(self.min_in_sync_replicas, copies),
        )


def _prefixed(topics: StageTopics, prefix: str) -> StageTopics:
    return StageTopics(
        reads=prefix + topics.reads,
        emits=prefix + topics.emits,
        dead_letters=prefix + topics.dead_letters,
        also_reads=tuple(prefix + name for name in topics.also_reads),
        also_writes=tuple(prefix + name for name in topics.also_writes),
    )


def topic_prefix(environment: str = "", lane: str = "") -> str:
    """Return the prefix of topic names for an environment and a lane."""
    return f"{environment}{lane}." if lane else environment


@functools.cache
def _read() -> Catalogue:
    """Read and check the file; the result is cached, because the file is part of the installation."""
    text = schema_dir().joinpath("topics.yaml").read_text(encoding="utf-8")
    try:
        catalogue = msgspec.convert(yaml.safe_load(text), Catalogue)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise ConfigError(f"topics.yaml: {error}") from error
    _check(catalogue)
    return catalogue


def _check(catalogue: Catalogue) -> None:
    """Raise ConfigError for topics that are listed twice, never cleaned up, or named by a stage and not listed."""
    names = [spec.name for spec in catalogue.topics]
    endless = [spec.name for spec in catalogue.topics if not spec.cleanup]
    if endless:
        raise ConfigError(f"topics.yaml: topics need `compacted` or `retention_hours`: {', '.join(endless)}")
    if len(names) != len(set(names)):
        raise ConfigError("topics.yaml: a topic is listed twice")
    for stage, topics in catalogue.stages.items():
        unknown = {*topics.all_reads, *topics.all_writes} - set(names)
        if unknown:
            raise ConfigError(f"topics.yaml: stage {stage} names unknown topics: {', '.join(sorted(unknown))}")


def load_catalogue(prefix: str = "") -> Catalogue:
    """Return the catalogue of this installation, with names that begin with `prefix`.

    Raises:
        ConfigError: schemas/topics.yaml is not valid, or a name is too long.
    """
    catalogue = _read().with_prefix(prefix)
    for spec in catalogue.topics:
        if len(spec.name) > _LONGEST_NAME:
            raise ConfigError(f"topic name longer than {_LONGEST_NAME} characters: {spec.name}")
    return catalogue
