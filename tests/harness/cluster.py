"""Topics, records and offsets of a test, by kafka-python, so that tests do not rely on the pipeline's own clients."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from kafka import IsolationLevel, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from msgspec import Struct

from pipeline.ops import provision
from pipeline.wire.catalogue import Catalogue, load_catalogue

__all__ = ["Sent", "TestCluster"]


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
            partitions = [
                TopicPartition(self.name(topic), p)
                for p in sorted(consumer.partitions_for_topic(self.name(topic)) or ())
            ]
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

    def lag(self, group: str, topic: str) -> int:
        """Return the lag in records, summed over the partitions of a topic."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, group_id=group, enable_auto_commit=False)
        try:
            partitions = [
                TopicPartition(self.name(topic), p) for p in consumer.partitions_for_topic(self.name(topic)) or ()
            ]
            ends = consumer.end_offsets(partitions)
            return sum(max(0, ends[tp] - (consumer.committed(tp) or 0)) for tp in partitions)
        finally:
            consumer.close()

    def committed(self, group: str, topic: str) -> int:
        """Return the sum of a group's committed offsets."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, group_id=group, enable_auto_commit=False)
        try:
            partitions = [
                TopicPartition(self.name(topic), p) for p in consumer.partitions_for_topic(self.name(topic)) or ()
            ]
            return sum(consumer.committed(tp) or 0 for tp in partitions)
        finally:
            consumer.close()

    def delete_records(self, topic: str, *, keep_last: int) -> None:
        """Delete all but the last records of every partition, as retention would."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, enable_auto_commit=False)
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            partitions = [
                TopicPartition(self.name(topic), p) for p in consumer.partitions_for_topic(self.name(topic)) or ()
            ]
            ends = consumer.end_offsets(partitions)
            admin.delete_records({tp: max(0, end - keep_last) for tp, end in ends.items()})
        finally:
            admin.close()
            consumer.close()
