"""The whole chain in a confluent-kafka loop: read, process, write and commit in one transaction."""

from confluent_kafka import Consumer, Producer

from benchmarks.peers.chain import BATCH, SESSION_MS, TRANSACTION_MS, Arguments, PeerChain, record_of


def main() -> None:
    """Run until the process is killed."""
    given = Arguments.given()
    chain = PeerChain(given.prefix)
    consumer = Consumer(
        {
            "bootstrap.servers": given.bootstrap,
            "group.id": f"{given.prefix}peer",
            "session.timeout.ms": SESSION_MS,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": given.bootstrap,
            "transactional.id": f"{given.prefix}peer-1",
            "transaction.timeout.ms": TRANSACTION_MS,
            "compression.type": "lz4",
            "linger.ms": 5,
        }
    )
    producer.init_transactions()
    consumer.subscribe([chain.source])
    while True:
        messages = [message for message in consumer.consume(4 * BATCH, timeout=0.05) if message.error() is None]
        if not messages:
            continue
        producer.begin_transaction()
        for start in range(0, len(messages), BATCH):
            for made in chain.process([record_of(message) for message in messages[start : start + BATCH]]):
                producer.produce(made.topic, made.value, made.key, headers=list(made.headers))
            producer.poll(0)
        places = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata())
        producer.commit_transaction()


if __name__ == "__main__":
    main()
