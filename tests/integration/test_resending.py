"""Two producers of one transactional id: the first one says why it can no longer send."""

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.errors import TransientError
from pipeline.ops.resending import ResentRecord, resender
from pipeline.settings import KafkaSettings, Settings
from tests.harness.cluster import TestCluster
from tests.harness.scenario import RAW
from tests.harness.workers import wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.timeout(120)]


def test_a_producer_that_knows_that_it_is_fenced_still_says_so(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers=kafka_broker.bootstrap_servers, topic_prefix=topic_prefix)
    )
    record = ResentRecord(cluster.name(RAW), 0, None, b"{}", ())

    def send_until_refused(producer: KafkaProducer) -> None:
        sent = producer.send(record.topic, record.value, partition=0)
        wait_until(lambda: sent.is_done, seconds=60, what="the record is refused")
        with pytest.raises(KafkaError) as failed:
            producer.send(record.topic, record.value, partition=0)
        assert type(failed.value) is KafkaError  # it no longer names the cause
        raise failed.value

    with resender(settings, "twice", 1000) as first:
        first.send([record], lambda: None)
        with resender(settings, "twice", 1000) as second:
            second.send([record], lambda: None)
            with pytest.raises(TransientError, match="the same command was started again"):
                first.send([], lambda: send_until_refused(first.producer))
            second.send([record], lambda: None)
    assert [record.value for record in cluster.read(RAW)] == [b"{}"] * 3
