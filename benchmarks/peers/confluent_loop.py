"""A plain librdkafka loop without a framework; it commits after all deliveries of a fetch."""

import sys

import orjson
from confluent_kafka import Consumer, Producer

BOOTSTRAP, SOURCE, TARGET, GROUP, COMPRESSION = sys.argv[1:6]


def main() -> None:
    """Run until the process is killed."""
    consumer = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer(
        {"bootstrap.servers": BOOTSTRAP, "acks": "all", "compression.type": COMPRESSION, "linger.ms": 5}
    )
    consumer.subscribe([SOURCE])
    while True:
        records = consumer.consume(512, timeout=0.1)
        for record in records:
            producer.produce(
                TARGET,
                orjson.dumps(orjson.loads(record.value() or b"null")),
                record.key(),
                partition=record.partition() or 0,
                headers=record.headers(),
            )
        if records:
            producer.flush()
            consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main()
