"""The lag of a consumer group, measured at the brokers.

A consumer computes its own lag at its last fetch, so that lag cannot reveal that it has stopped fetching. The probe has
a client of its own and can run in any thread.
"""

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from kafka import IsolationLevel, KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from msgspec import Struct

from pipeline.errors import TransientError
from pipeline.kafka_io.security import kafka_python_security
from pipeline.settings import KafkaSettings

__all__ = ["LagProbe", "PartitionLag", "total_lag"]

TIMEOUT_MS = 10_000


class PartitionLag(Struct, frozen=True):
    """Offsets of one partition: start of the log, committed by the group (None: never), end of the log.

    The end is the last stable offset, because records of an open transaction cannot be consumed. After the records of a
    transaction there is a marker, which has an offset but is no record. A group that commits the offset after its last
    record instead of its position therefore has a lag of one until the next record. The embedded broker reports the
    offset after the FIRST record of the last batch as the end, so a lag of zero proves nothing there.
    """

    start: int
    committed: int | None
    end: int

    @property
    def records(self) -> int:
        """Number of offsets from the committed one, or from the start of the log if that is later, to the end."""
        return max(0, self.end - max(self.start, self.committed if self.committed is not None else self.start))


class LagProbe:
    """Measures the lag of one group on some topics, repeatedly."""

    def __init__(self, settings: KafkaSettings, group: str, topics: Iterable[str]) -> None:
        """Prepare; the first `measure` connects."""
        self._settings = settings
        self._group = group
        self._topics = tuple(topics)
        self._admin: KafkaAdminClient | None = None

    def measure(self) -> dict[tuple[str, int], PartitionLag]:
        """Return the lag of all partitions by topic and partition.

        Raises:
            TransientError: The cluster did not answer; the next call connects again.
        """
        try:
            return self._measure(self._connected())
        except KafkaError as error:
            self.close()
            raise TransientError(f"the lag could not be measured: {type(error).__name__}") from error

    def close(self) -> None:
        """Disconnect; `measure` connects again."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def __enter__(self) -> Self:
        """Return the probe; the first `measure` connects."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self.close()

    def _connected(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = KafkaAdminClient(
                bootstrap_servers=list(self._settings.servers),
                client_id=f"{self._settings.client_id}-lag",
                request_timeout_ms=TIMEOUT_MS,
                bootstrap_timeout_ms=TIMEOUT_MS,
                **kafka_python_security(self._settings),
            )
        return self._admin

    def _measure(self, admin: KafkaAdminClient) -> dict[tuple[str, int], PartitionLag]:
        partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in admin.describe_topics(list(self._topics))
            for partition in topic["partitions"]
        ]
        if not partitions:
            return {}
        # Committed offsets first: all offsets only grow, so a commit between the requests cannot make the lag negative.
        committed = admin.list_group_offsets({self._group: partitions})[self._group]
        starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        ends = admin.list_partition_offsets(
            dict.fromkeys(partitions, OffsetSpec.LATEST), isolation_level=IsolationLevel.READ_COMMITTED
        )
        return {
            (tp.topic, tp.partition): PartitionLag(
                start=starts[tp].offset,
                committed=committed[tp].offset if tp in committed and committed[tp].offset >= 0 else None,
                end=ends[tp].offset,
            )
            for tp in partitions
        }


def total_lag(lags: Mapping[tuple[str, int], PartitionLag]) -> int:
    """Return the sum of the lags of partitions."""
    return sum(lag.records for lag in lags.values())
