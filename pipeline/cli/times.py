"""Instants as people type them."""

from pipeline.cli.exits import UsageError
from pipeline.domain.times import to_epoch_ms

__all__ = ["read_time"]


def read_time(text: str, option: str) -> int:
    """Return epoch milliseconds of an RFC 3339 instant.

    Raises:
        UsageError: It is none; `option` is named.
    """
    try:
        return to_epoch_ms(text)
    except ValueError:
        raise UsageError(f"{option}: not a time with an offset, such as 2026-11-23T12:00:00Z: {text}") from None
