"""What every source writes is acknowledged, keyed by article, bounded in flight, and refused where `ingest` would."""

import asyncio

import orjson
import pytest

from pipeline.domain.record import Headers
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.settings import Settings, SourceSettings
from pipeline.sources.raw_topic import PRINCIPAL, RawTopic, RefusedRecordError
from pipeline.sources.raw_writer import RawWriter
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from tests.harness.cluster import TestCluster
from tests.harness.scenario import RAW
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(60)]

HEADERS: Headers = ((PRINCIPAL, b"feeds"),)
LIMIT = 1 << 20
COUNT = 200


def _value(number: int, size: int = 20_000) -> bytes:
    return orjson.dumps({"url": f"https://harbour-gazette.example/{number}", "text": "Waves. " * (size // 7)})


@pytest.fixture
def cluster(broker: Broker, topic_prefix: str) -> TestCluster:
    found = TestCluster(broker.bootstrap_servers, topic_prefix)
    found.provision()
    return found


async def test_what_was_written_is_there_by_its_key_and_never_more_in_flight_than_allowed(
    cluster: TestCluster, settings: Settings
) -> None:
    metrics = SourceMetrics("feeds")
    topic = await RawTopic.find(settings)
    writer = await RawWriter.open(topic, SourceSettings(max_in_flight_bytes=LIMIT), metrics)
    most = 0

    async def write(number: int) -> int:
        nonlocal most
        offset = await writer.write(topic.record(_value(number), HEADERS, 0))
        most = max(most, writer.in_flight_bytes)
        return offset

    offsets = await asyncio.gather(*(write(number) for number in range(COUNT)))
    await writer.close()
    found = await asyncio.to_thread(cluster.read, RAW)
    assert sorted(one.value for one in found) == sorted(_value(number) for number in range(COUNT))
    assert 0 < most <= LIMIT
    assert max(offsets) > 0
    for one in found:
        assert one.key is not None
        assert one.key.decode() == raw_key(one.value, ())
        assert one.partition == partitions([one.key], topic.partitions)[0]
        assert tuple(one.headers) == HEADERS
    acknowledged = metrics.registry.get_sample_value(
        "news_source_records_total", {"source": "feeds", "result": "acknowledged"}
    )
    assert acknowledged == COUNT


async def test_what_ingest_would_reject_is_refused_before_it_is_sent(cluster: TestCluster, settings: Settings) -> None:
    topic = await RawTopic.find(settings)
    with pytest.raises(RefusedRecordError, match="missing_content"):
        topic.record(b'{"url": "https://harbour-gazette.example/1"}', HEADERS, 0)
    with pytest.raises(RefusedRecordError, match="too_large"):
        topic.record(_value(1, 25 * LIMIT), HEADERS, 0)
