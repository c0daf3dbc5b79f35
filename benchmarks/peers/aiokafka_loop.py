"""A plain aiokafka loop: `send` per record, batches by the producer, deliveries awaited per fetch.

The optional sixth argument `fast` sets level 1 of lz4, as other clients use, instead of aiokafka's 9.
"""

import asyncio
import functools
import sys

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, codec
from aiokafka.record._crecords import default_records

BOOTSTRAP, SOURCE, TARGET, GROUP, COMPRESSION = sys.argv[1:6]

if "fast" in sys.argv[6:]:
    default_records.lz4_encode = functools.partial(codec.lz4_encode, level=1)


async def main() -> None:
    """Run until the process is killed."""
    consumer = AIOKafkaConsumer(
        SOURCE,
        bootstrap_servers=BOOTSTRAP,
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=BOOTSTRAP,
        acks="all",
        compression_type=None if COMPRESSION == "none" else COMPRESSION,
        max_batch_size=1024 * 1024,
        max_request_size=8 * 1024 * 1024,
        linger_ms=5,
    )
    await producer.start()
    await consumer.start()
    while True:
        fetched = await consumer.getmany(timeout_ms=200, max_records=512)
        if not fetched:
            continue
        deliveries = [
            await producer.send(
                TARGET,
                key=record.key,
                value=orjson.dumps(orjson.loads(record.value)),
                partition=tp.partition,
                headers=list(record.headers),
            )
            for tp, records in fetched.items()
            for record in records
        ]
        await asyncio.gather(*deliveries)
        await consumer.commit()


if __name__ == "__main__":
    asyncio.run(main())
