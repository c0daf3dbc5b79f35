"""Dead letters: the record as it came, and headers that say where it died and why.

The `__connect.errors.*` names are Kafka Connect's, which tools know; the `news.dlq.*` names are ours. Values are text.
"""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import sha256_hex
from pipeline.domain.outcome import RejectReason
from pipeline.domain.record import Headers, Record
from pipeline.domain.times import from_epoch_ms
from pipeline.wire.catalogue import TopicSpec
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord, record_bytes

__all__ = [
    "CONNECT_PREFIX",
    "MAX_DETAIL_BYTES",
    "OWN_PREFIX",
    "Failure",
    "Reporter",
    "dead_letter",
    "original_headers",
]

CONNECT_PREFIX = "__connect.errors."
OWN_PREFIX = "news.dlq."
MAX_DETAIL_BYTES = 1024
"""A detail is a sentence; the original bytes are in the record itself."""

_ADDED = ("topic", "partition", "offset", "stage", "class.name", "exception.class.name", "exception.message")
_ADDED_BY_US = frozenset(f"{CONNECT_PREFIX}{name}" for name in _ADDED)
_MAX_KEPT_KEY_BYTES = 1024  # of a key when even the headers do not fit: enough to recognise it
_REJECT = "pipeline.domain.outcome.Reject"  # stands in for an exception when there was none


class Failure(Struct, frozen=True, kw_only=True):
    """Why a record died. `stage` is a stage or "cluster"; `exception_class` is set when something raised."""

    stage: Literal["ingest", "dedupe", "detect-language", "classify", "publish", "cluster"]
    reason: RejectReason
    detail: str
    attempts: int = 1
    exception_class: str | None = None


class Reporter(Struct, frozen=True, kw_only=True):
    """Who says so: the program, its version and the consumer group it works for."""

    app: str
    version: str
    group: str


def dead_letter(
    record: Record, failure: Failure, reporter: Reporter, target: TopicSpec, failed_at_ms: int
) -> OutputRecord:
    """Make the dead letter of a record, as large as `target` takes.

    What an earlier dead letter of the same record left in the headers is replaced, so that a record that comes back and
    dies again does not grow. A value that does not fit is cut and marked so, with length and hash of the whole.
    """
    added = _added(record, failure, reporter, failed_at_ms)
    original = original_headers(record.headers)
    key, value = record.key, record.value
    limit = target.max_message_bytes - BATCH_OVERHEAD_BYTES
    if record_bytes(key, value, (*original, *added)) > limit:
        original, added, key, value = _cut(record, original, added, limit)
    return OutputRecord(
        target.name, key, value, (*original, *added), record.timestamp_ms if record.timestamp_ms >= 0 else failed_at_ms
    )


def original_headers(headers: Headers) -> Headers:
    """Return headers without those that make a record a dead letter."""
    return tuple(
        (name, content) for name, content in headers if name not in _ADDED_BY_US and not name.startswith(OWN_PREFIX)
    )


def _added(record: Record, failure: Failure, reporter: Reporter, failed_at_ms: int) -> Headers:
    """Return the headers that make a record a dead letter."""
    texts = {
        f"{CONNECT_PREFIX}topic": record.topic,
        f"{CONNECT_PREFIX}partition": str(record.partition),
        f"{CONNECT_PREFIX}offset": str(record.offset),
        f"{CONNECT_PREFIX}stage": failure.stage,
        f"{CONNECT_PREFIX}class.name": f"pipeline.stages.{failure.stage.replace('-', '_')}",
        f"{CONNECT_PREFIX}exception.class.name": failure.exception_class or _REJECT,
        f"{CONNECT_PREFIX}exception.message": failure.detail,
        f"{OWN_PREFIX}reason": failure.reason,
        f"{OWN_PREFIX}attempts": str(failure.attempts),
        f"{OWN_PREFIX}failed-at": from_epoch_ms(failed_at_ms),
        f"{OWN_PREFIX}app": reporter.app,
        f"{OWN_PREFIX}version": reporter.version,
        f"{OWN_PREFIX}group": reporter.group,
        # Also where a topic of somebody else's puts its own time on records.
        f"{OWN_PREFIX}timestamp-ms": str(record.timestamp_ms),
    }
    if record.value is not None:
        texts[f"{OWN_PREFIX}value-sha256"] = sha256_hex(record.value)
    return tuple((name, _bounded(text)) for name, text in texts.items())


def _bounded(text: str) -> bytes:
    """Encode text for a header: one line, at most MAX_DETAIL_BYTES, whole characters."""
    line = "".join(character if character.isprintable() else " " for character in text[:MAX_DETAIL_BYTES])
    return line.encode("utf-8", "replace")[:MAX_DETAIL_BYTES].decode("utf-8", "ignore").encode()


def _cut(
    record: Record, original: Headers, added: Headers, limit: int
) -> tuple[Headers, Headers, bytes | None, bytes | None]:
    """Return what fits of headers, key and value: the value gives way first, then the original headers and the key."""
    key = record.key
    marked = _mark(added, "value-bytes", len(record.value or b""))
    if record_bytes(key, None, (*original, *marked)) > limit:
        marked = _mark(marked, "headers-dropped", len(original))
        original = ()
        if key is not None and len(key) > _MAX_KEPT_KEY_BYTES:
            marked = _mark(marked, "key-bytes", len(key))
            key = key[:_MAX_KEPT_KEY_BYTES]
    room = limit - record_bytes(key, None, (*original, *marked, (f"{OWN_PREFIX}truncated", b"true")))
    value = record.value if record.value is None else record.value[: max(room, 0)]
    if value != record.value:
        marked = (*marked, (f"{OWN_PREFIX}truncated", b"true"))
    return original, marked, key, value


def _mark(headers: Headers, name: str, number: int) -> Headers:
    """Add a header with a number."""
    return (*headers, (f"{OWN_PREFIX}{name}", str(number).encode()))
