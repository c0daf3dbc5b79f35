"""Dead letters as `ingest` writes them."""

from typing import Any

from msgspec.structs import replace

from pipeline.domain.record import Record
from pipeline.wire.replays import DeadLetter, Place

__all__ = ["letter"]


def letter(original: Record, **changes: Any) -> DeadLetter:
    """Return the dead letter of a record, by default one that ingest rejected."""
    plain = DeadLetter(
        place=Place("news.dlq.ingest.v1", 0, 7),
        stage="ingest",
        reason="unexpected",
        exception_class="Oops",
        detail="",
        failed_at="2026-11-24T09:30:00.000Z",
        headers=(),
        original=original,
        complete=True,
    )
    return replace(plain, **changes)
