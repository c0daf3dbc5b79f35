"""Raw records of whatever a source was given: what is no article becomes a dead letter with its original bytes."""

from typing import Final

from pipeline.domain.record import Headers
from pipeline.sources.raw_topic import PRINCIPAL, RawTopic, RefusedRecordError
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord, record_bytes
from pipeline.wire.raw import TRUNCATED_FROM

__all__ = ["any_record"]

_KEPT_BYTES: Final = 1 << 20
"""Beginning of a value that is too large for its topic, which the dead letter shows."""


def any_record(
    topic: RawTopic, value: bytes | None, headers: Headers, principal: str, timestamp_ms: int
) -> OutputRecord:
    """Return a record, keyed by its article if `ingest` will accept it.

    Others are sent too, without a key, so that they are seen as dead letters. Of a value that is too large for the
    topic, its beginning is sent, with a header that says how long it was.

    Args:
        topic: The raw topic.
        value: The value.
        headers: Its headers. One that names another principal is left out.
        principal: Who brought it.
        timestamp_ms: Now, in epoch milliseconds.
    """
    own = (*(header for header in headers if header[0].lower() != PRINCIPAL), (PRINCIPAL, principal.encode()))
    try:
        return topic.record(value or b"", own, timestamp_ms)
    except RefusedRecordError:
        size = BATCH_OVERHEAD_BYTES + record_bytes(None, value, own)
        if value is not None and size > topic.max_message_bytes:
            own = (*own, (TRUNCATED_FROM, str(len(value)).encode()))
            value = value[:_KEPT_BYTES]
        return OutputRecord(topic.name, None, value, own, timestamp_ms)
