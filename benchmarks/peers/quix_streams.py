"""Quix Streams: a data frame that decodes and encodes; the sixth argument may be `exactly-once`."""

import sys
from typing import Any

import orjson
from quixstreams import Application
from quixstreams.models import Deserializer, SerializationContext, Serializer

BOOTSTRAP, SOURCE, TARGET, GROUP, COMPRESSION = sys.argv[1:6]
GUARANTEE: Any = sys.argv[6] if len(sys.argv) > 6 else "at-least-once"


class Orjson(Serializer, Deserializer):  # type: ignore[misc]  # installed for the peers alone
    """JSON by orjson, as all contestants read and write it."""

    def __call__(self, value: Any, ctx: SerializationContext) -> Any:  # noqa: ARG002  given by the interface
        """Decode bytes, encode anything else."""
        return orjson.loads(value) if isinstance(value, bytes) else orjson.dumps(value)


app = Application(
    broker_address=BOOTSTRAP,
    consumer_group=GROUP,
    auto_offset_reset="earliest",
    auto_create_topics=False,
    processing_guarantee=GUARANTEE,
    commit_interval=0.5,
    producer_extra_config={"compression.type": COMPRESSION, "linger.ms": 5},
    loglevel="WARNING",
)
frame = app.dataframe(app.topic(SOURCE, key_deserializer="bytes", value_deserializer=Orjson()))
frame = frame.to_topic(app.topic(TARGET, key_serializer="bytes", value_serializer=Orjson()))

if __name__ == "__main__":
    app.run()
