"""Topics of one benchmark run: creates, loads, watches and deletes them."""

import asyncio
import time
from collections.abc import Callable, Sequence

import aiokafka
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from pipeline.domain.record import Headers
from pipeline.kafka_io.patches import install_patches
from pipeline.ops import provision
from pipeline.wire.catalogue import Catalogue, load_catalogue
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key

PARTITIONS = 4
RAW = "news.articles.raw.v1"
UNIQUE = "news.articles.judged.v1"
_BATCH_BYTES = 1024 * 1024
_LEADER_SECS = 30.0
_HEADERS: Headers = (("content-type", b"application/json"),)

Keyed = tuple[bytes, bytes]


def raw_record(value: bytes) -> Keyed:
    """Return a raw record with the key that our producers give it."""
    return (raw_key(value, ()) or "").encode(), value


def worker_env(bootstrap_servers: str, prefix: str) -> dict[str, str]:
    """Return the settings of a worker on topics and groups of this prefix, on any free port."""
    return {
        "NEWS_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
        "NEWS_KAFKA__TOPIC_PREFIX": prefix,
        "NEWS_GROUP_PREFIX": prefix,
        "NEWS_WEB__PORT": "0",
    }


class BenchTopics:
    """The topics under one prefix."""

    def __init__(self, bootstrap_servers: str, prefix: str) -> None:
        """Connect to the broker; `create` creates the topics."""
        self.bootstrap_servers = bootstrap_servers
        self.prefix = prefix
        self.catalogue: Catalogue = load_catalogue(prefix).sized(article_partitions=PARTITIONS, replication_factor=1)
        self._admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)

    def create(self) -> None:
        """Create all topics of the catalogue and wait for their leaders."""
        provision.apply(self._admin, self.catalogue)
        wait_for(self._led, check=lambda: None, seconds=_LEADER_SECS, what="every topic has leaders")

    def delete(self) -> None:
        """Delete the topics with their data and disconnect."""
        self._admin.delete_topics([spec.name for spec in self.catalogue.topics])
        self._admin.close()

    def name(self, topic: str) -> str:
        """Return a topic's name with the prefix."""
        return self.catalogue.full_name(topic)

    def load(self, topic: str, records: Sequence[Keyed]) -> None:
        """Send (key, value) records as whole record batches, each to the partition of its key."""
        asyncio.run(_load(self.bootstrap_servers, self.name(topic), records))

    def ends(self, topic: str) -> int:
        """Return the sum of the end offsets of a topic: its number of records, unless transactions wrote it."""
        wanted = dict.fromkeys(self._partitions(topic), OffsetSpec.LATEST)
        return sum(int(found.offset) for found in self._admin.list_partition_offsets(wanted).values())

    def lag(self, group: str, topic: str) -> int:
        """Return the consumer lag of a group in offsets: ends minus committed."""
        found = self._admin.list_group_offsets({group: self._partitions(topic)})[group]
        return self.ends(topic) - sum(max(0, int(item.offset)) for item in found.values())

    def members(self, group: str) -> int:
        """Return how many consumers share a group's partitions; 0 while the group is being balanced."""
        found = self._admin.describe_groups([group])[group]
        return len(found["members"]) if found["group_state"] == "Stable" else 0

    def _led(self) -> bool:
        try:
            self.ends(RAW)
            self.ends(UNIQUE)
        except KafkaError:
            return False
        return True

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(self.name(topic), number) for number in range(PARTITIONS)]


def wait_for(condition: Callable[[], bool], *, check: Callable[[], None], seconds: float, what: str) -> None:
    """Wait until a condition holds.

    Args:
        condition: Asked every 20 ms.
        check: Called after each failed attempt; raises when the condition cannot come true any more.
        seconds: Time limit.
        what: Describes the condition in the error message.

    Raises:
        TimeoutError: The condition did not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


async def _load(bootstrap_servers: str, topic: str, records: Sequence[Keyed]) -> None:
    install_patches()  # lz4 at the level of workers and librdkafka; aiokafka's own takes five times as long
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        compression_type="lz4",  # as between workers
        max_batch_size=_BATCH_BYTES,
        max_request_size=8 * _BATCH_BYTES,
    )
    await producer.start()
    try:
        deliveries = []
        batches = {number: producer.create_batch() for number in range(PARTITIONS)}
        now = int(time.time() * 1000)
        for (key, value), number in zip(records, partitions([key for key, _ in records], PARTITIONS), strict=True):
            while batches[number].append(key=key, value=value, timestamp=now, headers=list(_HEADERS)) is None:
                deliveries.append(await producer.send_batch(batches[number], topic, partition=number))
                batches[number] = producer.create_batch()
        for number, batch in batches.items():
            if batch.record_count():
                deliveries.append(await producer.send_batch(batch, topic, partition=number))
        await asyncio.gather(*deliveries)
    finally:
        await producer.stop()


__all__ = ["PARTITIONS", "BenchTopics", "Keyed", "wait_for"]
