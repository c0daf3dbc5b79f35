"""The state of a whole pipeline as the brokers know it: groups and what they have not read, and the two dedup logs.

No worker is asked, so that a fleet that is dead, or never came up, shows as such before retention deletes its input.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError
from msgspec import Struct

from pipeline.domain.signature import Activate
from pipeline.domain.stage import StageName
from pipeline.errors import ContractError, TransientError
from pipeline.kafka_io.security import kafka_python_security
from pipeline.ops.lag import LagProbe, PartitionLag
from pipeline.ops.offsets import end_offsets, first_offsets
from pipeline.settings import Settings
from pipeline.wire.catalogue import SIGNATURES, VERDICTS, Catalogue
from pipeline.wire.codec import decode_log_record, decode_verdict_record

__all__ = ["GroupStatus", "LogStatus", "Member", "PipelineStatus", "StatusProbe", "Unread"]

_FIRST_RECORD_SECS = 5.0  # longest wait for the first unread records of all partitions
_POLL_MS = 500
_FETCH_BYTES = 64 * 1024  # a broker sends at least one batch; no more is needed
_CONFIGS_SECS = 300.0  # retention is changed rarely
_VERDICTS_BACK = 20  # offsets before the end of the verdict log among which there is a record besides markers
_LOG_SECS = 10.0  # longest reading at the end of a log


class Member(Struct, frozen=True):
    """A worker in a group: what it calls itself, from which host, and how many partitions it has (0: on standby)."""

    client_id: str
    host: str
    partitions: int


class Unread(Struct, frozen=True):
    """What a group has not read of one partition; times are in milliseconds, None where there is none or no limit."""

    topic: str
    partition: int
    lag: PartitionLag
    oldest_ms: int | None = None
    retention_ms: int | None = None

    def retention_left_secs(self, now_ms: int) -> float | None:
        """Return the time until retention may delete the oldest unread record; None where nothing can be deleted."""
        if self.oldest_ms is None or self.retention_ms is None:
            return None
        return (self.oldest_ms + self.retention_ms - now_ms) / 1000


class GroupStatus(Struct, frozen=True):
    """One consumer group that has committed offsets, by the first stage of its service."""

    group: str
    stage: StageName
    state: str
    members: tuple[Member, ...]
    unread: tuple[Unread, ...]

    @property
    def lag_records(self) -> int:
        """Records that the group has not read, of all partitions."""
        return sum(one.lag.records for one in self.unread)

    @property
    def oldest_ms(self) -> int | None:
        """When its oldest unread record was appended."""
        return min((one.oldest_ms for one in self.unread if one.oldest_ms is not None), default=None)


class LogStatus(Struct, frozen=True):
    """One of the two logs of deduplication; times are epoch milliseconds, None while it is empty."""

    topic: str
    start: int
    end: int
    first_ms: int | None
    last_ms: int | None


class PipelineStatus(Struct, frozen=True):
    """Everything at one moment. `fold_version` is the one in force, None while the logs do not say."""

    at_ms: int
    groups: tuple[GroupStatus, ...]
    logs: tuple[LogStatus, ...]
    fold_version: int | None


class StatusProbe:
    """Asks the brokers, repeatedly, with clients of its own."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        """Prepare; the first `measure` connects."""
        self._settings = settings
        self._catalogue = catalogue
        self._lag = LagProbe(settings.kafka)
        self._client: Any = None
        self._oldest: dict[tuple[str, int, int], int] = {}
        self._retention: dict[str, int | None] = {}
        self._configs_at = float("-inf")

    def measure(self) -> PipelineStatus:
        """Return the state now.

        Raises:
            TransientError: The cluster did not answer; the next call connects again.
        """
        try:
            return self._measure()
        except KafkaError as error:
            self.close()
            raise TransientError(f"the cluster did not answer: {type(error).__name__}") from error
        except TransientError:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect; `measure` connects again."""
        self._lag.close()
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _measure(self) -> PipelineStatus:
        sources: dict[StageName, str] = {stage: self._catalogue.stage(stage).reads for stage in get_args(StageName)}
        lags: dict[StageName, Mapping[tuple[str, int], PartitionLag]] = {}
        for stage, topic in sources.items():
            found = self._lag.of(self._settings.group(stage), [topic])
            if any(lag.committed is not None for lag in found.values()):
                lags[stage] = found
        self._read_retention({sources[stage] for stage in lags})
        oldest = self._oldest_unread([place for found in lags.values() for place in _unread(found)])
        described = self._members([self._settings.group(stage) for stage in lags])
        groups = tuple(
            GroupStatus(
                group=self._settings.group(stage),
                stage=stage,
                state=described[self._settings.group(stage)][0],
                members=described[self._settings.group(stage)][1],
                unread=tuple(
                    Unread(topic, number, lag, oldest.get((topic, number, lag.next)), self._retention.get(topic))
                    for (topic, number), lag in sorted(found.items())
                ),
            )
            for stage, found in lags.items()
        )
        logs = tuple(self._log(self._catalogue.full_name(name)) for name in (SIGNATURES, VERDICTS))
        return PipelineStatus(time.time_ns() // 1_000_000, groups, logs, self._fold_version(*logs))

    def _members(self, groups: list[str]) -> dict[str, tuple[str, tuple[Member, ...]]]:
        """Return state and members of each group."""
        found = self._lag.admin().describe_groups(groups) if groups else {}
        return {
            name: (
                str(found.get(name, {}).get("group_state", "Dead")),
                tuple(sorted((_member(one) for one in found.get(name, {}).get("members", ())), key=_busiest)),
            )
            for name in groups
        }

    def _consumer(self) -> Any:
        if self._client is None:
            self._client = KafkaConsumer(
                bootstrap_servers=list(self._settings.kafka.servers),
                client_id=f"{self._settings.kafka.client_id}-status",
                group_id=None,
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=_FETCH_BYTES,
                **kafka_python_security(self._settings.kafka),
            )
        return self._client

    def _oldest_unread(self, places: Iterable[tuple[str, int, int]]) -> dict[tuple[str, int, int], int]:
        """Return the times of the records at (topic, partition, offset), or of the next ones; in epoch milliseconds.

        Offsets that hold nothing but markers of transactions have no time: nothing is unread there.
        """
        wanted = set(places)
        self._oldest = {place: at for place, at in self._oldest.items() if place in wanted}
        missing = {TopicPartition(topic, number): offset for topic, number, offset in wanted - self._oldest.keys()}
        if missing:
            for tp, record in self._first_records(missing, _FIRST_RECORD_SECS).items():
                self._oldest[tp.topic, tp.partition, missing[tp]] = record.timestamp
        return self._oldest

    def _first_records(self, starts: Mapping[TopicPartition, int], seconds: float) -> dict[TopicPartition, Any]:
        client = self._consumer()
        client.assign(list(starts))
        for tp, offset in starts.items():
            client.seek(tp, offset)
        ends = end_offsets(client, list(starts))
        found: dict[TopicPartition, Any] = {}
        deadline = time.monotonic() + seconds
        while len(found) < len(starts) and time.monotonic() < deadline:
            for tp, records in client.poll(timeout_ms=_POLL_MS).items():
                found.setdefault(tp, records[0])
            if all(tp in found or client.position(tp) >= ends[tp] for tp in starts):
                break
        return found

    def _read_retention(self, topics: Iterable[str]) -> None:
        names = set(topics)
        if time.monotonic() - self._configs_at < _CONFIGS_SECS and names <= self._retention.keys():
            return
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in sorted(names)]
        if resources:
            found = self._lag.admin().describe_configs(resources, config_filter="all").get("topic", {})
            self._retention = {topic: _retention_ms(entries) for topic, entries in found.items()}
        self._configs_at = time.monotonic()

    def _log(self, topic: str) -> LogStatus:
        client = self._consumer()
        tp = TopicPartition(topic, 0)
        start, end = first_offsets(client, [tp])[tp], end_offsets(client, [tp])[tp]
        first = self._first_records({tp: start}, _FIRST_RECORD_SECS).get(tp) if end > start else None
        last = self._tail(tp, start, end)
        return LogStatus(topic, start, end, first and first.timestamp, last[-1].timestamp if last else None)

    def _tail(self, tp: TopicPartition, start: int, end: int) -> list[Any]:
        """Return the last records of a log, oldest first."""
        return self._records(tp, max(start, end - _VERDICTS_BACK), end)

    def _records(self, tp: TopicPartition, start: int, end: int) -> list[Any]:
        client = self._consumer()
        client.assign([tp])
        client.seek(tp, start)
        found: list[Any] = []
        deadline = time.monotonic() + _LOG_SECS
        while client.position(tp) < end and time.monotonic() < deadline:
            for records in client.poll(timeout_ms=_POLL_MS).values():
                found += records
        return found

    def _fold_version(self, signatures: LogStatus, verdicts: LogStatus) -> int | None:
        """Return the version in force: that of the last activation after the last verdict, or else of that verdict."""
        version: int | None = None
        since_ms = None
        for record in self._tail(TopicPartition(verdicts.topic, 0), verdicts.start, verdicts.end):
            try:
                version = decode_verdict_record(record.value or b"").verdict.fold_version
            except ContractError:
                continue
            since_ms = record.timestamp
        tp = TopicPartition(signatures.topic, 0)
        start: int | None = signatures.start
        if since_ms is not None:
            at = self._consumer().offsets_for_times({tp: since_ms}).get(tp)
            start = at.offset if at is not None else None
        if start is not None:
            for record in self._records(tp, start, signatures.end):
                try:
                    read = decode_log_record(record.value or b"")
                except ContractError:
                    continue
                if isinstance(read, Activate):
                    version = read.fold_version
        return version


def _member(found: Mapping[str, Any]) -> Member:
    assigned = (found.get("member_assignment") or {}).get("assigned_partitions", ())
    count = sum(len(topic["partitions"]) for topic in assigned)
    return Member(str(found["client_id"]), str(found["client_host"]).lstrip("/"), count)


def _busiest(member: Member) -> tuple[int, str, str]:
    return -member.partitions, member.client_id, member.host


def _unread(lags: Mapping[tuple[str, int], PartitionLag]) -> list[tuple[str, int, int]]:
    return [(topic, number, lag.next) for (topic, number), lag in lags.items() if lag.records]


def _retention_ms(entries: Mapping[str, Mapping[str, Any]]) -> int | None:
    """Return after how many milliseconds a topic deletes records; None if it keeps them."""
    policy = str(entries.get("cleanup.policy", {}).get("value", "delete"))
    limit = int(entries.get("retention.ms", {}).get("value") or -1)
    return limit if "delete" in policy and limit >= 0 else None
