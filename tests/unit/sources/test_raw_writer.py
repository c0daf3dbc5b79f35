"""A record that waits for room is not overtaken by a smaller one that would fit."""

import asyncio
from types import SimpleNamespace
from typing import Any

from pipeline.observability.source_metrics import SourceMetrics
from pipeline.settings import SourceSettings
from pipeline.sources.raw_topic import RawTopic
from pipeline.sources.raw_writer import RawWriter
from pipeline.wire.output import OutputRecord

MIB = 1 << 20


class _Producer:
    """Acknowledges the first record when it is told to, the others at once."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.acknowledges = asyncio.Event()

    async def send(self, _topic: str, value: bytes, **_: Any) -> asyncio.Future[Any]:
        self.sent.append(len(value))
        if len(self.sent) == 1:
            await self.acknowledges.wait()
        delivery: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        delivery.set_result(SimpleNamespace(offset=len(self.sent)))
        return delivery


async def test_records_are_sent_in_the_order_of_the_calls() -> None:
    topic = RawTopic(name="raw", partitions=1, max_message_bytes=24 * MIB, producers=None)  # type: ignore[arg-type]
    producer = _Producer()
    writer = RawWriter(topic, producer, SourceSettings(max_in_flight_bytes=MIB), SourceMetrics("http"))
    sizes = [MIB // 2, MIB - 10, 10, 20]
    writes = [asyncio.create_task(writer.write(OutputRecord("raw", b"a", b"x" * size, (), 0))) for size in sizes]
    for _ in range(20):
        await asyncio.sleep(0)
    assert producer.sent == sizes[:1]
    producer.acknowledges.set()
    await asyncio.gather(*writes)
    assert producer.sent == sizes
    assert writer.in_flight_bytes == 0
