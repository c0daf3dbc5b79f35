"""The whole chain as a faust agent that takes batches and waits for all deliveries before they are acknowledged."""

import asyncio
import sys

import faust

from benchmarks.peers.chain import BATCH, SESSION_MS, Arguments, PeerChain
from pipeline.domain.record import Record

given = Arguments.given()
chain = PeerChain(given.prefix)
app = faust.App(
    f"{given.prefix}peer",
    broker=f"kafka://{given.bootstrap}",
    key_serializer="raw",
    value_serializer="raw",
    consumer_auto_offset_reset="earliest",
    broker_session_timeout=SESSION_MS / 1000,
    broker_heartbeat_interval=SESSION_MS / 3000,
    producer_acks=-1,
    producer_compression_type="lz4",
    topic_disable_leader=True,
    topic_allow_declare=False,
    web_enabled=False,
    store="memory://",
    datadir=given.directory,
)
source = app.topic(chain.source, key_type=bytes, value_type=bytes)
targets = {name: app.topic(name, key_type=bytes, value_type=bytes) for name in chain.targets}


@app.agent(source)  # type: ignore[untyped-decorator]  # faust declares no types
async def work(stream: faust.StreamT[bytes]) -> None:
    """Process batch after batch."""
    async for events in stream.take_events(BATCH, within=0.05):
        records = [
            Record(m.topic, m.partition, m.offset, round(m.timestamp * 1000), m.key, m.value, tuple(m.headers or ()))
            for m in (event.message for event in events)
        ]
        deliveries = [
            await targets[made.topic].send(key=made.key, value=made.value, headers=list(made.headers))
            for made in chain.process(records)
        ]
        await asyncio.gather(*deliveries)


if __name__ == "__main__":
    sys.argv = sys.argv[:1]  # faust has a command line of its own
    app.worker_init()
    faust.Worker(app, loglevel="warning", redirect_stdouts=False).execute_from_commandline()
