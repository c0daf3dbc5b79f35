"""Instants in the format of the schemas: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["LAST_MS", "from_epoch_ms", "is_epoch_ms", "to_epoch_ms"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999 in epoch milliseconds, the latest instant that RFC 3339 can write."""


def is_epoch_ms(value: int) -> bool:
    """Return whether a number of milliseconds is an instant since 1970 that can be written."""
    return 0 <= value <= LAST_MS


def from_epoch_ms(value: int) -> str:
    """Format epoch milliseconds as `2026-01-31T12:00:00.000Z`."""
    return (_EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_epoch_ms(value: str) -> int:
    """Parse an RFC 3339 instant into epoch milliseconds.

    Raises:
        ValueError: The text is no instant, or has no offset.
    """
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset from UTC, such as Z")
    return round((moment - _EPOCH) / timedelta(milliseconds=1))
