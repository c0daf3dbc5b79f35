"""The whole chain as a streaming data frame of Quix Streams, exactly-once; it gives a function one record at a time."""

from typing import Any

from quixstreams import Application, message_context
from quixstreams.models import SerializationContext, Serializer

from benchmarks.peers.chain import SESSION_MS, TRANSACTION_MS, Arguments, PeerChain
from pipeline.domain.record import Record
from pipeline.wire.output import OutputRecord


class Value(Serializer):  # type: ignore[misc]  # installed for the peers alone
    """Writes the value of an output record, which is encoded already."""

    def __call__(self, value: OutputRecord, ctx: SerializationContext) -> bytes | None:  # noqa: ARG002  given by the interface
        """Return the bytes."""
        return value.value


def main() -> None:
    """Run until the process is killed."""
    given = Arguments.given()
    chain = PeerChain(given.prefix)
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=f"{given.prefix}peer",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        processing_guarantee="exactly-once",
        commit_interval=0.2,  # seconds; an event is visible only after the commit, by default every five
        consumer_extra_config={"session.timeout.ms": SESSION_MS},
        producer_extra_config={"compression.type": "lz4", "linger.ms": 5, "transaction.timeout.ms": TRANSACTION_MS},
        state_dir=given.directory,
        loglevel="WARNING",
    )
    source = app.topic(chain.source, key_deserializer="bytes", value_deserializer="bytes")
    targets = {name: app.topic(name, key_serializer="bytes", value_serializer=Value()) for name in chain.targets}

    def process(value: bytes, key: bytes | None, timestamp: int, headers: Any) -> OutputRecord:
        place = message_context()
        record = Record(place.topic, place.partition, place.offset, timestamp, key, value, tuple(headers or ()))
        return chain.process([record])[0]

    frame = app.dataframe(source).apply(process, metadata=True)
    frame = frame.set_headers(lambda made, _key, _timestamp, _headers: list(made.headers))
    frame.to_topic(lambda made, _key, _timestamp, _headers: targets[made.topic], key=lambda made: made.key)
    app.run()


if __name__ == "__main__":
    main()
