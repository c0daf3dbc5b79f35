"""Topics, records and offsets of a test, by kafka-python, so that tests do not rely on the pipeline's own clients."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from kafka import IsolationLevel, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from msgspec import Struct

from pipeline.assembly import newest_version
from pipeline.ops import provision
from pipeline.ops.dedup_control import begin_log
from pipeline.settings import KafkaSettings
from pipeline.wire.catalogue import Catalogue, load_catalogue

__all__ = ["SEGMENT_KEY", "Sent", "TestCluster"]

SEGMENT_KEY = b"closes the segment"


class Sent(Struct, frozen=True):
    """A raw record that the broker has acknowledged."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class TestCluster:
    """One test's topics on a broker."""

    __test__ = False

    def __init__(
        self, bootstrap_servers: str, prefix: str, *, partitions: int = 4, replication_factor: int = 1
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.catalogue: Catalogue = load_catalogue(prefix).sized(
            article_partitions=partitions, replication_factor=replication_factor
        )

    def provision(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            provision.apply(admin, self.catalogue)
        finally:
            admin.close()

    def begin(self) -> None:
        """Put the newest version of the fold in force, as `topics apply` does in a signature log without records."""
        begin_log(KafkaSettings(bootstrap_servers=self.bootstrap_servers), self.catalogue, newest_version())

    def name(self, topic: str) -> str:
        return self.catalogue.full_name(topic)

    def produce(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]],
        *,
        timestamp_ms: int | None = None,
    ) -> list[Sent]:
        """Send (key, value, headers) records and wait for all acknowledgements."""
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap_servers,
            acks="all",
            linger_ms=20,
            batch_size=512 * 1024,
            max_request_size=28 * 1024 * 1024,
        )
        try:
            pending = [
                (key, value, producer.send(self.name(topic), value, key, list(headers), timestamp_ms=timestamp_ms))
                for key, value, headers in records
            ]
            producer.flush()
            sent = []
            for key, value, future in pending:
                where = future.get(60)
                sent.append(Sent(where.partition, where.offset, key, value))
            return sent
        finally:
            producer.close()

    def read(self, topic: str, *, isolation_level: str = "read_committed") -> list[Any]:
        """Return all records of a topic up to its present end, in order per partition."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap_servers,
            isolation_level=isolation_level,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=28 * 1024 * 1024,
            fetch_max_bytes=64 * 1024 * 1024,
        )
        try:
            partitions = self._partitions(consumer, topic)
            consumer.assign(partitions)
            ends = consumer.end_offsets(partitions)
            consumer.seek_to_beginning(*partitions)
            found: dict[int, list[Any]] = defaultdict(list)
            # Read to the ends, then until a poll is empty: the embedded broker reports ends that are too low.
            polled = True
            while polled or any(consumer.position(tp) < ends[tp] for tp in partitions):
                polled = consumer.poll(500, max_records=2000)
                for tp, records in polled.items():
                    found[tp.partition].extend(records)
            return [record for partition in sorted(found) for record in found[partition]]
        finally:
            consumer.close()

    def _partitions(self, consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
        """Return the partitions of a topic, in order; one that does not exist would look empty, and without lag."""
        found = consumer.partitions_for_topic(self.name(topic))
        assert found, f"no partitions of {self.name(topic)}"
        return [TopicPartition(self.name(topic), number) for number in sorted(found)]

    def in_transaction(self, topic: str) -> bool:
        """Return whether a topic has records of an open transaction."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            count = self.catalogue.partitions(self.catalogue.topic(topic))
            latest = dict.fromkeys((TopicPartition(self.name(topic), p) for p in range(count)), OffsetSpec.LATEST)
            ends = admin.list_partition_offsets(latest)
            stable = admin.list_partition_offsets(latest, isolation_level=IsolationLevel.READ_COMMITTED)
            return any(stable[tp].offset < ends[tp].offset for tp in latest)
        finally:
            admin.close()

    def ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the ends of partitions; records of open transactions are before them."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            latest = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
            return {tp: latest[tp].offset for tp in partitions}
        finally:
            admin.close()

    def lag(self, group: str, topic: str) -> int:
        """Return the lag in records, summed over the partitions of a topic."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, group_id=group, enable_auto_commit=False)
        try:
            partitions = self._partitions(consumer, topic)
            # In this order, records that the group itself sends to the topic, with its offsets, are never missed.
            committed = {tp: consumer.committed(tp) or 0 for tp in partitions}
            ends = consumer.end_offsets(partitions)
            return sum(max(0, ends[tp] - committed[tp]) for tp in partitions)
        finally:
            consumer.close()

    def committed(self, group: str, topic: str) -> int:
        """Return the sum of a group's committed offsets."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, group_id=group, enable_auto_commit=False)
        try:
            partitions = self._partitions(consumer, topic)
            return sum(consumer.committed(tp) or 0 for tp in partitions)
        finally:
            consumer.close()

    def compact(self, topic: str) -> None:
        """Let the broker compact a topic at once; each partition gets a null value with the key `SEGMENT_KEY`."""
        settings = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.0", "max.compaction.lag.ms": "1000"}
        name = self.name(topic)
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, settings)])
        finally:
            admin.close()
        time.sleep(0.3)  # the segments are older than their limit now, and the next record closes them
        producer = KafkaProducer(bootstrap_servers=self.bootstrap_servers, acks="all")
        try:
            for partition in range(self.catalogue.partitions(self.catalogue.topic(topic))):
                producer.send(name, None, SEGMENT_KEY, partition=partition).get(30)
        finally:
            producer.close()

    def delete_records(self, topic: str, *, keep_last: int) -> None:
        """Delete all but the last records of every partition, as retention would."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, enable_auto_commit=False)
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            partitions = self._partitions(consumer, topic)
            ends = consumer.end_offsets(partitions)
            admin.delete_records({tp: max(0, end - keep_last) for tp, end in ends.items()})
        finally:
            admin.close()
            consumer.close()
