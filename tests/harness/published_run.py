"""One run of the pipeline on Apache Kafka, for tests of whatever reads its topics; read back by kafka-python."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any
from uuid import uuid4

import orjson
from kafka import KafkaProducer
from msgspec import Struct

from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, RAW, Raw, article, drain
from tests.harness.tools import REPOSITORY
from tests.harness.workers import WorkerProcess, environment, wait_until

__all__ = ["CLUSTERS", "CURRENT", "DUPLICATES", "ENRICHED", "ODD", "Fact", "PublishedRun", "publish_samples"]

ENRICHED, DUPLICATES = "news.articles.enriched.v1", "news.articles.duplicates.v1"
CURRENT, CLUSTERS = "news.articles.current.v1", "news.clusters.v1"
SAMPLES = ("1-originals", "4-copies", "5-versions", "6-malformed")
DEEP: dict[str, Any] = {"n": 1}
for _ in range(20):
    DEEP = {"in": DEEP}

# What producers may put beside an article: many names, deep, of mixed types, long, with a null.
ODD = {
    **{f"name-{number}": number for number in range(1200)},
    "deep": DEEP,
    "mixed": [1, "two", {"three": None}, [4.5]],
    "long": "ö" * 40_000,
    "a.b": {"c": True},
    "": "no name",
}


class Fact(Struct, frozen=True, order=True):
    """What every client must find in a record: its key, the id of its event, and its value, None where it is null."""

    key: str
    event: str
    value: bytes | None

    @classmethod
    def of(cls, record: Any) -> "Fact":
        """Return the fact of a record of kafka-python or aiokafka."""
        return cls(record.key.decode(), dict(record.headers)["ce_id"].decode(), record.value)


class PublishedRun(Struct, frozen=True):
    """The topics, how many raw records went in, and what came out of each topic, in order within partitions."""

    cluster: TestCluster
    sent: int
    rejected: int
    facts: dict[str, list[Fact]]

    def name(self, topic: str) -> str:
        """Return the name of a topic on the broker."""
        return self.cluster.name(topic)

    def last(self, topic: str) -> dict[str, dict[str, Any] | None]:
        """Return the latest value of every key of a compacted topic."""
        return {fact.key: orjson.loads(fact.value) if fact.value else None for fact in self.facts[topic]}

    def standing(self) -> dict[str, dict[str, Any]]:
        """Return the articles that stand, by id."""
        return {key: value for key, value in self.last(CURRENT).items() if value is not None}


def publish_samples(bootstrap_servers: str) -> PublishedRun:
    """Let workers process the samples, and put an aborted transaction after their output.

    Args:
        bootstrap_servers: An Apache Kafka.
    """
    prefix = f"t{uuid4().hex[:10]}."
    cluster = TestCluster(bootstrap_servers, prefix, partitions=2)
    cluster.provision()
    raw = list(_raw_records())
    env = environment(bootstrap_servers, prefix)
    with ExitStack() as stack:
        worker, clusters = (stack.enter_context(WorkerProcess(env, stages)) for stages in (ALL, ("cluster",)))
        worker.wait_ready()
        cluster.produce(RAW, raw)
        seen = drain(cluster, worker, f"{prefix}news-ingest")
        clusters.wait_ready()
        folded = f"{prefix}news-cluster"
        wait_until(lambda: cluster.lag(folded, "news.verdicts.v1") == 0, seconds=60, what="all verdicts are folded")
    for topic in (ENRICHED, CURRENT):
        _abort(cluster, topic)
    topics = (ENRICHED, DUPLICATES, CURRENT, CLUSTERS)
    facts = {topic: [Fact.of(record) for record in cluster.read(topic)] for topic in topics}
    return PublishedRun(cluster, len(raw), len(seen.dead_letters), facts)


def _raw_records() -> Iterator[Raw]:
    for name in SAMPLES:
        for line in (REPOSITORY / "samples" / "articles" / f"{name}.jsonl").read_bytes().splitlines():
            key = raw_key(line, ())
            yield key.encode() if key else None, line, ()
    text = "The keeper of the lighthouse counted forty ships on the first clear night of the winter. " * 3
    yield article("https://odd.example/lights", "Forty ships in one night", text, odd=ODD, rights=ODD)


def _abort(cluster: TestCluster, topic: str) -> None:
    """Leave a record that no reader of committed records sees."""
    with closing(
        KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, transactional_id=uuid4().hex, compression_type="lz4")
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        headers = [("ce_id", b"aborted"), ("ce_subject", b"aborted")]
        producer.send(cluster.name(topic), b'{"id":"aborted"}', b"aborted", headers, partition=0)
        producer.flush()
        producer.abort_transaction()
