"""Dead letters: the original record, with headers that name the stage that rejected it and the reason.

The `__connect.errors.*` names are Kafka Connect's, so that existing tools can read them; the `news.dlq.*` names are
ours. All values are text. No header contains the name of a module: where code lives is not part of the contract.
"""

from msgspec import Struct

from pipeline.domain.ids import sha256_hex
from pipeline.domain.outcome import RejectReason
from pipeline.domain.record import Cut, Headers, Record
from pipeline.domain.stage import StageName
from pipeline.domain.times import from_epoch_ms
from pipeline.wire.catalogue import TopicSpec
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord, record_bytes

__all__ = [
    "CONNECT_PREFIX",
    "OWN_PREFIX",
    "DeadLetterParams",
    "Failure",
    "Reporter",
    "dead_letter",
    "original_headers",
]

CONNECT_PREFIX = "__connect.errors."
OWN_PREFIX = "news.dlq."

_ADDED = ("topic", "partition", "offset", "stage", "class.name", "exception.class.name", "exception.message")
_ADDED_BY_US = frozenset(f"{CONNECT_PREFIX}{name}" for name in _ADDED)


class DeadLetterParams(Struct, frozen=True, kw_only=True):
    """How much a dead letter contains besides the original value."""

    max_header_bytes: int = 1024
    """Longest value of a header that `dead_letter` adds, in bytes. Chosen: a detail is a sentence."""
    max_cut_key_bytes: int = 1024
    """Bytes of a key that are kept when even the headers do not fit. Chosen: enough to recognise it."""


_PARAMS = DeadLetterParams()
_WHOLE = Cut(detail="")


class Failure(Struct, frozen=True, kw_only=True):
    """Why a stage rejected a record.

    `exception_class` is the name of the exception that the stage raised, such as `KeyError`; None when the stage
    rejected the record without an exception.
    """

    stage: StageName
    reason: RejectReason
    detail: str
    exception_class: str | None = None


class Reporter(Struct, frozen=True, kw_only=True):
    """The writer of a dead letter: the program, its version and the consumer group it works for."""

    app: str
    version: str
    group: str


def dead_letter(
    record: Record, failure: Failure, reporter: Reporter, target: TopicSpec, failed_at_ms: int
) -> OutputRecord:
    """Return the dead letter of a record, within the size limit of its topic.

    Headers that an earlier dead letter of the same record left are replaced, so that a record that is rejected again
    after a replay does not grow. A value that does not fit is truncated and marked, with the length and the hash of the
    whole value.

    Args:
        record: The record that was rejected.
        failure: Why it was rejected.
        reporter: Who rejected it.
        target: The dead-letter topic.
        failed_at_ms: When it was rejected, epoch milliseconds.
    """
    added = _added(record, failure, reporter, failed_at_ms)
    original = original_headers(record.headers)
    key, value = record.key, record.value
    limit = target.max_message_bytes - BATCH_OVERHEAD_BYTES
    if record.cut is not None or record_bytes(key, value, (*original, *added)) > limit:
        original, added, key, value = _cut(record, original, added, limit)
    # Brokers refuse timestamps in the future, and a letter that is refused would stop the partition.
    timestamp_ms = record.timestamp_ms if 0 <= record.timestamp_ms <= failed_at_ms else failed_at_ms
    return OutputRecord(target.name, key, value, (*original, *added), timestamp_ms)


def original_headers(headers: Headers) -> Headers:
    """Return the headers without those that `dead_letter` adds."""
    return tuple(
        (name, content) for name, content in headers if name not in _ADDED_BY_US and not name.startswith(OWN_PREFIX)
    )


def _added(record: Record, failure: Failure, reporter: Reporter, failed_at_ms: int) -> Headers:
    texts = {
        f"{CONNECT_PREFIX}topic": record.topic,
        f"{CONNECT_PREFIX}partition": str(record.partition),
        f"{CONNECT_PREFIX}offset": str(record.offset),
        f"{CONNECT_PREFIX}stage": failure.stage,
        f"{CONNECT_PREFIX}class.name": f"{reporter.app}/{failure.stage}",
        f"{CONNECT_PREFIX}exception.message": failure.detail,
        f"{OWN_PREFIX}reason": failure.reason,
        f"{OWN_PREFIX}failed-at": from_epoch_ms(failed_at_ms),
        f"{OWN_PREFIX}app": reporter.app,
        f"{OWN_PREFIX}version": reporter.version,
        f"{OWN_PREFIX}group": reporter.group,
        # Kept in a header too, because a topic with LogAppendTime replaces the timestamp of the dead letter.
        f"{OWN_PREFIX}timestamp-ms": str(record.timestamp_ms),
    }
    if failure.exception_class is not None:
        texts[f"{CONNECT_PREFIX}exception.class.name"] = failure.exception_class
    if record.cut is not None and record.cut.value_sha256 is not None:
        texts[f"{OWN_PREFIX}value-sha256"] = record.cut.value_sha256
    elif record.value is not None:
        texts[f"{OWN_PREFIX}value-sha256"] = sha256_hex(record.value)
    return tuple((name, _bounded(text)) for name, text in texts.items())


def _bounded(text: str) -> bytes:
    """Encode text for a header: one line, at most `max_header_bytes`, whole characters."""
    line = "".join(character if character.isprintable() else " " for character in text[: _PARAMS.max_header_bytes])
    return line.encode("utf-8", "replace")[: _PARAMS.max_header_bytes].decode("utf-8", "ignore").encode()


def _cut(
    record: Record, original: Headers, added: Headers, limit: int
) -> tuple[Headers, Headers, bytes | None, bytes | None]:
    """Return what fits: the value is truncated first, then the original headers are dropped and the key truncated."""
    key, cut = record.key, record.cut or _WHOLE
    value_bytes = len(record.value or b"") if cut.value_bytes is None else cut.value_bytes
    key_bytes = len(key or b"") if cut.key_bytes is None else cut.key_bytes
    marked = _mark(added, "value-bytes", value_bytes)
    if cut.headers_dropped:
        marked = _mark(marked, "headers-dropped", cut.headers_dropped)
    if record_bytes(key, None, (*original, *marked)) > limit:
        if original:
            marked = _mark(marked, "headers-dropped", len(original))
        original = ()
        key = key if key is None else key[: _PARAMS.max_cut_key_bytes]
    if key_bytes != len(key or b""):
        marked = _mark(marked, "key-bytes", key_bytes)
    room = limit - record_bytes(key, None, (*original, *marked, (f"{OWN_PREFIX}truncated", b"true")))
    value = record.value if record.value is None else record.value[: max(room, 0)]
    if value_bytes != len(value or b""):
        marked = (*marked, (f"{OWN_PREFIX}truncated", b"true"))
    return original, marked, key, value


def _mark(headers: Headers, name: str, number: int) -> Headers:
    return (*headers, (f"{OWN_PREFIX}{name}", str(number).encode()))
