"""Instants as people type them."""

from pipeline.domain.times import to_epoch_ms
from pipeline.sources.errors import InputError

__all__ = ["read_time"]


def read_time(text: str, option: str) -> int:
    """Return epoch milliseconds of an RFC 3339 instant.

    Raises:
        InputError: It is none; `option` is named.
    """
    try:
        return to_epoch_ms(text)
    except ValueError:
        raise InputError(f"{option}: not a time with an offset, such as 2026-11-23T12:00:00Z: {text}") from None
