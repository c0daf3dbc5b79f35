"""The lag of a consumer group, measured at the brokers.

A consumer computes its own lag at its last fetch, so that lag cannot reveal that it has stopped fetching. The probe has
a client of its own and can run in any thread.
"""

from collections.abc import Iterable, Mapping

from kafka import IsolationLevel, KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from msgspec import Struct

from pipeline.errors import TransientError
from pipeline.kafka_io.connection_check import check_connection
from pipeline.kafka_io.security import kafka_python_security
from pipeline.settings import KafkaSettings

__all__ = ["LagProbe", "PartitionLag", "total_lag"]

TIMEOUT_MS = 10_000


class PartitionLag(Struct, frozen=True):
    """Offsets of one partition: start, committed by the group (None: never), last stable one, end of the log.

    Between the last stable offset and the end is what an open transaction holds back: it waits, so it counts. After the
    records of a transaction there is a marker, which has an offset but is no record. A group that commits the offset
    after its last record instead of its position therefore has a lag of one until the next record. The embedded broker
    reports the offset after the FIRST record of the last batch as the end, so a lag of zero proves nothing there.
    """

    start: int
    committed: int | None
    stable: int
    end: int

    @property
    def records(self) -> int:
        """Number of offsets from the committed one, or from the start of the log if that is later, to the end."""
        return max(0, self.end - self.next)

    @property
    def next(self) -> int:
        """The offset that is to be read next."""
        return max(self.start, self.committed if self.committed is not None else self.start)

    @property
    def undecided(self) -> int:
        """Number of offsets behind the first open transaction, a part of `records`."""
        return max(0, self.end - max(self.stable, self.next))

    @property
    def expired(self) -> int:
        """Number of offsets after the committed one that retention has deleted."""
        return max(0, self.start - self.committed) if self.committed is not None else 0


class LagProbe:
    """Measures the lag of groups, repeatedly, with one client."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Prepare; the first question connects."""
        self._settings = settings
        self._admin: KafkaAdminClient | None = None

    def of(self, group: str, topics: Iterable[str]) -> dict[tuple[str, int], PartitionLag]:
        """Return the lag of a group on all partitions of topics, by topic and partition.

        Raises:
            ConfigError: The settings of the connection do not fit.
            TransientError: The cluster did not answer; the next call connects again.
        """
        try:
            return self._measure(self.admin(), group, topics)
        except KafkaError as error:
            self.close()
            raise TransientError(f"the lag could not be measured: {type(error).__name__}") from error

    def close(self) -> None:
        """Disconnect; the next question connects again."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def admin(self) -> KafkaAdminClient:
        """Return the client, connected."""
        if self._admin is None:
            check_connection(self._settings)
            self._admin = KafkaAdminClient(
                bootstrap_servers=list(self._settings.servers),
                client_id=f"{self._settings.client_id}-lag",
                request_timeout_ms=TIMEOUT_MS,
                bootstrap_timeout_ms=TIMEOUT_MS,
                **kafka_python_security(self._settings),
            )
        return self._admin

    def _measure(
        self, admin: KafkaAdminClient, group: str, topics: Iterable[str]
    ) -> dict[tuple[str, int], PartitionLag]:
        partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in admin.describe_topics(list(topics))
            for partition in topic["partitions"]
        ]
        if not partitions:
            return {}
        # Committed offsets first: all offsets only grow, so a commit between the requests cannot make the lag negative.
        committed = admin.list_group_offsets({group: partitions})[group]
        starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        latest = dict.fromkeys(partitions, OffsetSpec.LATEST)
        stable = admin.list_partition_offsets(latest, isolation_level=IsolationLevel.READ_COMMITTED)
        ends = admin.list_partition_offsets(latest)
        return {
            (tp.topic, tp.partition): PartitionLag(
                start=starts[tp].offset,
                committed=committed[tp].offset if tp in committed and committed[tp].offset >= 0 else None,
                stable=stable[tp].offset,
                end=ends[tp].offset,
            )
            for tp in partitions
        }


def total_lag(lags: Mapping[tuple[str, int], PartitionLag]) -> int:
    """Return the sum of the lags of partitions."""
    return sum(lag.records for lag in lags.values())
