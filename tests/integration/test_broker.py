"""Both brokers behave as the pipeline requires; tests state where they differ."""

from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from pipeline.errors import ConfigError, TransientError
from pipeline.ops.broker import EmbeddedBroker
from pipeline.ops.lag import LagProbe, PartitionLag, total_lag
from pipeline.settings import KafkaSettings, Settings
from tests.brokers.apache import ApacheKafka

pytestmark = pytest.mark.broker


def create_topic(servers: str, name: str, partitions: int = 2) -> None:
    with KafkaAdminClient(bootstrap_servers=servers) as admin:
        admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)])


def produce(servers: str, topic: str, values: list[bytes], **options: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=servers, **options)
    sent = [producer.send(topic, value, partition=0, headers=[("content-type", b"text/plain")]) for value in values]
    for future in sent:
        future.get(timeout=30)
    producer.close()


def read(servers: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=servers, fetch_max_bytes=64 << 20, max_partition_fetch_bytes=32 << 20)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek_to_beginning()
    values: list[bytes] = []
    for _attempt in range(60):
        for records in consumer.poll(timeout_ms=500).values():
            values += [record.value for record in records]
        if len(values) >= count:
            break
    consumer.close()
    return values


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_records_come_back_as_they_were_sent(settings: Settings, topic_prefix: str, compression: str | None) -> None:
    servers, topic = settings.kafka.bootstrap_servers, f"{topic_prefix}values"
    create_topic(servers, topic)
    values = [b"a", "خبر".encode(), bytes(range(256)) * 40]
    # Tansu does not implement InitProducerId, so kafka-python must not be idempotent.
    produce(servers, topic, values, compression_type=compression, enable_idempotence=False)
    assert read(servers, topic, len(values)) == values


def test_a_record_of_the_largest_raw_size_fits(settings: Settings, topic_prefix: str) -> None:
    servers, topic = settings.kafka.bootstrap_servers, f"{topic_prefix}large"
    with KafkaAdminClient(bootstrap_servers=servers) as admin:
        large = NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": str(26 << 20)})
        admin.create_topics([large])
    value = b"x" * (24 << 20)
    produce(servers, topic, [value], max_request_size=26 << 20, enable_idempotence=False)
    assert read(servers, topic, 1) == [value]


def test_lag_counts_records_that_are_not_committed(settings: Settings, topic_prefix: str) -> None:
    servers, topic, group = settings.kafka.bootstrap_servers, f"{topic_prefix}lag", f"{topic_prefix}group"
    create_topic(servers, topic)
    for value in (b"1", b"2", b"3"):  # one batch each: see pipeline.ops.broker on Tansu's end offsets
        produce(servers, topic, [value], enable_idempotence=False)
    with closing(LagProbe(settings.kafka)) as probe:
        before = probe.of(group, [topic])
        assert before[topic, 0] == PartitionLag(start=0, committed=None, stable=3, end=3)
        assert before[topic, 1].records == 0
        commit(servers, group, topic, 2)
        after = probe.of(group, [topic])
        assert after[topic, 0] == PartitionLag(start=0, committed=2, stable=3, end=3)
        assert total_lag(after) == 1


def test_an_unreachable_broker_is_a_transient_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ops.lag.TIMEOUT_MS", 300)
    with closing(LagProbe(KafkaSettings(bootstrap_servers="127.0.0.1:1"))) as probe, pytest.raises(TransientError):
        probe.of("g", ["t"])


def test_embedded_broker_reports_a_port_in_use() -> None:
    with EmbeddedBroker() as first:
        port = int(first.bootstrap_servers.rpartition(":")[2])
        with pytest.raises(ConfigError, match="cannot listen on"):
            EmbeddedBroker(port=port).start()


def test_embedded_broker_on_all_addresses_is_reachable_on_loopback() -> None:
    with EmbeddedBroker(host="0.0.0.0") as broker:  # noqa: S104
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers) as admin:
            (node,) = admin.describe_cluster()["brokers"]
        assert f"{node['host']}:{node['port']}" == broker.bootstrap_servers


def test_embedded_broker_frees_its_port() -> None:
    with EmbeddedBroker() as first:
        port = int(first.bootstrap_servers.rpartition(":")[2])
    assert first.wait() == 0, "it was stopped, so there is nothing to wait for"
    with EmbeddedBroker(port=port) as second:
        assert second.running


@pytest.mark.kafka
def test_apache_kafka_keeps_its_data_through_a_crash(private_kafka: ApacheKafka) -> None:
    create_topic(private_kafka.bootstrap_servers, "kept", 1)
    produce(private_kafka.bootstrap_servers, "kept", [b"1", b"2"], acks="all")
    servers = private_kafka.bootstrap_servers
    private_kafka.kill()
    assert not private_kafka.running
    private_kafka.start()
    assert private_kafka.bootstrap_servers == servers
    assert read(servers, "kept", 2) == [b"1", b"2"]


def commit(servers: str, group: str, topic: str, offset: int) -> None:
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek(TopicPartition(topic, 0), offset)
    consumer.commit()
    consumer.close()
