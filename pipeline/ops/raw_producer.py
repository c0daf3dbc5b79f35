"""Send raw records to Kafka, keyed by article, so that the versions of an article stay in order in one partition."""

from collections.abc import Callable, Iterable
from typing import Any

from kafka.errors import KafkaError
from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.errors import TransientError
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, record_bytes
from pipeline.wire.raw import TRUNCATED_FROM, raw_key

__all__ = ["Produced", "send_raw"]


class Produced(Struct, frozen=True, kw_only=True):
    """How many records were sent, how many of these have no key (`ingest` rejects them), how many were too large."""

    sent: int
    without_key: int
    too_large: int


def send_raw(
    producer: Any,
    topic: str,
    records: Iterable[Record],
    *,
    max_message_bytes: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Produced:
    """Send records and wait until all are acknowledged. Records that are too large are counted and not sent.

    Args:
        producer: A producer of kafka-python.
        topic: Topic to send to.
        records: Their values and headers are sent unchanged.
        max_message_bytes: Size of the largest record batch that the topic accepts.
        progress: Called after every record with the number of records sent so far.

    Raises:
        TransientError: The cluster did not accept a record.
    """
    failures: list[Exception] = []
    sent = without_key = too_large = 0
    for record in records:
        key = raw_key(record.value, record.headers)
        encoded = key.encode() if key is not None else None
        size = BATCH_OVERHEAD_BYTES + record_bytes(encoded, record.value, record.headers)
        if size > max_message_bytes or record.header(TRUNCATED_FROM) is not None:
            too_large += 1
            continue
        try:
            pending = producer.send(topic, record.value, key=encoded, headers=list(record.headers))
        except KafkaError as error:
            raise _failed(sent, error) from error
        pending.add_errback(failures.append)
        sent += 1
        without_key += key is None
        progress(sent)
        if failures:
            break
    try:
        producer.flush()
    except KafkaError as error:
        raise _failed(sent, error) from error
    if failures:
        raise _failed(sent, failures[0])
    return Produced(sent=sent, without_key=without_key, too_large=too_large)


def _failed(sent: int, error: Exception) -> TransientError:
    return TransientError(f"the cluster refused one of the first {sent + 1} records: {error}")
