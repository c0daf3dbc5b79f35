"""A faust agent as the tutorial writes it: one record at a time, `await topic.send(...)`, faust's own transport.

It is generous to faust: what `send` returns is a promise of the delivery, and that is not awaited.
"""

import sys

import faust
import orjson

BOOTSTRAP, SOURCE, TARGET, GROUP, COMPRESSION = sys.argv[1:6]

app = faust.App(
    GROUP,
    broker=f"kafka://{BOOTSTRAP}",
    key_serializer="raw",
    value_serializer="raw",
    consumer_auto_offset_reset="earliest",
    producer_compression_type=None if COMPRESSION == "none" else COMPRESSION,
    producer_max_request_size=8 * 1024 * 1024,
    producer_max_batch_size=1024 * 1024,
    producer_linger=0.005,
    topic_disable_leader=True,
    topic_allow_declare=False,
    web_enabled=False,
    store="memory://",
)
source = app.topic(SOURCE, key_type=bytes, value_type=bytes)
target = app.topic(TARGET, key_type=bytes, value_type=bytes)


@app.agent(source)
async def work(stream: faust.StreamT[bytes]) -> None:
    """Decode, encode, send."""
    async for event in stream.events():
        value = orjson.dumps(orjson.loads(event.value))
        await target.send(key=event.key, value=value, headers=event.headers)


if __name__ == "__main__":
    app.worker_init()
    faust.Worker(app, loglevel="warning", redirect_stdouts=False).execute_from_commandline()
