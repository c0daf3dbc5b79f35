"""Topics are created from the catalogue on both brokers, and Apache Kafka enforces their settings."""

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import MessageSizeTooLargeError
from msgspec.structs import replace

from pipeline.errors import ConfigError
from pipeline.ops.provision import apply, plan
from pipeline.settings import Settings
from pipeline.wire.catalogue import SIGNATURES, Catalogue, load_catalogue

pytestmark = pytest.mark.broker


@pytest.fixture
def catalogue(topic_prefix: str) -> Catalogue:
    return load_catalogue(topic_prefix).sized(article_partitions=3, replication_factor=1)


@pytest.fixture
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers) as client:
        yield client


def test_topics_are_created_once(admin: KafkaAdminClient, catalogue: Catalogue) -> None:
    names = {spec.name for spec in catalogue.topics}
    assert {change.action for change in plan(admin, catalogue)} == {"create"}
    applied = apply(admin, catalogue)
    assert {change.topic for change in applied.changes} == names
    assert applied.notes == ()
    found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(sorted(names))}
    assert found == {spec.name: catalogue.partitions(spec) for spec in catalogue.topics}
    assert plan(admin, catalogue) == []
    assert apply(admin, catalogue).changes == ()


def test_settings_that_differ_are_altered(admin: KafkaAdminClient, catalogue: Catalogue) -> None:
    apply(admin, catalogue)
    longer = replace(
        catalogue,
        topics=tuple(replace(spec, retention_hours=500) if spec.kind == "log" else spec for spec in catalogue.topics),
    )
    logs = {spec.name for spec in longer.topics if spec.kind == "log"}
    applied = apply(admin, longer)
    assert {change.topic for change in applied.changes} == logs
    assert [(change.action, change.settings) for change in applied.changes] == [
        ("alter", {"retention.ms": "1800000000"})
    ] * len(logs)
    assert applied.notes == ()
    assert plan(admin, longer) == []


def test_partition_counts_of_article_topics_are_not_changed(admin: KafkaAdminClient, catalogue: Catalogue) -> None:
    raw = catalogue.full_name("news.articles.raw.v1")
    admin.create_topics([NewTopic(raw, num_partitions=2, replication_factor=1)])
    admin.wait_for_topics([raw])
    with pytest.raises(ConfigError, match="has 2 partitions, the catalogue has 3"):
        apply(admin, catalogue)
    assert catalogue.full_name(SIGNATURES) not in admin.list_topics()
    apply(admin, catalogue.sized(article_partitions=2))
    assert plan(admin, catalogue.sized(article_partitions=2)) == []


@pytest.mark.kafka
@pytest.mark.parametrize("broker", ["kafka"], indirect=True)
def test_kafka_sets_the_append_time_and_rejects_large_records(
    admin: KafkaAdminClient, catalogue: Catalogue, settings: Settings
) -> None:
    apply(admin, catalogue)
    servers, log = settings.kafka.bootstrap_servers, catalogue.full_name(SIGNATURES)
    producer = KafkaProducer(bootstrap_servers=servers, max_request_size=8 << 20)
    producer.send(log, b"{}", timestamp_ms=1000).get(timeout=30)
    letters = catalogue.stage("ingest").dead_letters
    producer.send(letters, b"x", timestamp_ms=1_790_000_000_000).get(timeout=30)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send(log, bytes(catalogue.topic(log).max_message_bytes)).get(timeout=30)
    producer.close()
    assert first_timestamp(servers, log) > 1_790_000_000_000
    assert first_timestamp(servers, letters) == 1_790_000_000_000


def first_timestamp(servers: str, topic: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=servers, consumer_timeout_ms=20_000)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek_to_beginning()
    timestamp: int = next(consumer).timestamp
    consumer.close()
    return timestamp
