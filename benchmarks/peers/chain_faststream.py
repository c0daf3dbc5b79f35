"""The whole chain as a batch subscriber of FastStream on confluent-kafka; acknowledged after all deliveries."""

import asyncio

from confluent_kafka import Message
from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker, KafkaMessage

from benchmarks.peers.chain import BATCH, SESSION_MS, Arguments, PeerChain, record_of

given = Arguments.given()
chain = PeerChain(given.prefix)
broker = KafkaBroker(
    given.bootstrap,
    acks="all",
    enable_idempotence=True,
    compression_type="lz4",
    linger_ms=5,
    allow_auto_create_topics=False,
    logger=None,
)


async def undecoded(message: KafkaMessage) -> bytes | list[bytes]:
    """Leave decoding to the stages: what is not JSON becomes a dead letter."""
    body: bytes | list[bytes] = message.body
    return body


@broker.subscriber(  # type: ignore[untyped-decorator]  # installed for the peers alone
    chain.source,
    group_id=f"{given.prefix}peer",
    batch=True,
    max_records=BATCH,
    polling_interval=0.05,
    auto_offset_reset="earliest",
    session_timeout_ms=SESSION_MS,
    heartbeat_interval_ms=SESSION_MS // 3,
    decoder=undecoded,
    ack_policy=AckPolicy.NACK_ON_ERROR,  # the default acknowledges before the work is done
)
async def work(values: list[bytes], message: KafkaMessage) -> None:  # noqa: ARG001  FastStream's
    """Process a batch, and wait for the delivery of all its outputs."""
    raw = message.raw_message
    messages: tuple[Message, ...] = raw if isinstance(raw, tuple) else (raw,)
    deliveries = [
        broker.publish(
            made.value,
            made.topic,
            key=made.key,
            headers={name: (value or b"").decode() for name, value in made.headers},
        )
        for made in chain.process([record_of(item) for item in messages])
    ]
    await asyncio.gather(*deliveries)


if __name__ == "__main__":
    asyncio.run(FastStream(broker, logger=None).run())
