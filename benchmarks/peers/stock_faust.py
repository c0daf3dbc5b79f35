"""A faust agent as in faust's tutorial: one record at a time, `await topic.send(...)`, faust's own transport.

As in the tutorial, the future that `send` returns is not awaited: faust acknowledges the input before the delivery and
loses records when the process ends between the two. The optional sixth argument `awaited` waits for every delivery;
`fast` sets level 1 of lz4, as other clients use, instead of aiokafka's 9.
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
