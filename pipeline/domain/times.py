"""Instants as the contract writes them: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime, timedelta

__all__ = ["from_epoch_ms", "to_epoch_ms"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_epoch_ms(value: int) -> str:
    """Write epoch milliseconds as `2026-01-31T12:00:00.000Z`."""
    return (_EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_epoch_ms(value: str) -> int:
    """Read an RFC 3339 instant with an offset; raises ValueError for anything else."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return round((moment - _EPOCH) / timedelta(milliseconds=1))
