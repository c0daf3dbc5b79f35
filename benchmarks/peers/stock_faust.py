"""A faust agent as the tutorial writes it: one record at a time, `await topic.send(...)`, faust's own transport.

As in the tutorial, what `send` returns, a promise of the delivery, is not awaited: faust acknowledges its input before,
and loses records when it dies then. As a sixth argument, `awaited` waits for every delivery; `fast` compresses lz4 at
level 1, as the other clients do, where aiokafka takes 9.
"""

import functools
import sys

import faust
import orjson
from aiokafka import codec
from aiokafka.record._crecords import default_records

BOOTSTRAP, SOURCE, TARGET, GROUP, COMPRESSION = sys.argv[1:6]
VARIANT = sys.argv[6] if len(sys.argv) > 6 else ""

if VARIANT == "fast":
    default_records.lz4_encode = functools.partial(codec.lz4_encode, level=1)

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


@app.agent(source)  # type: ignore[untyped-decorator]  # faust declares no types
async def work(stream: faust.StreamT[bytes]) -> None:
    """Decode, encode, send."""
    async for event in stream.events():
        value = orjson.dumps(orjson.loads(event.value))
        delivery = await target.send(key=event.key, value=value, headers=event.headers)
        if VARIANT == "awaited":
            await delivery


if __name__ == "__main__":
    app.worker_init()
    faust.Worker(app, loglevel="warning", redirect_stdouts=False).execute_from_commandline()
