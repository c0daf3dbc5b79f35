"""Headers of HTTP that say when to ask again, and in which charset a page is."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["charset", "max_age_secs", "media_type", "retry_after_secs"]

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s{0,5}=\s{0,5}(\d{1,9})", re.IGNORECASE)
_CHARSET: Final = re.compile(r"""charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)


def retry_after_secs(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds for which a server asks not to be asked: it states them, or a date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now) if value else None
    except (ValueError, OverflowError):
        return None


def max_age_secs(headers: Mapping[str, str]) -> float | None:
    """Return for how long a response stays fresh by its Cache-Control."""
    found = _MAX_AGE.search(headers.get("cache-control", "")[:1000])
    return float(found[1]) if found is not None else None


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type in lower case; empty without one."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def charset(headers: Mapping[str, str]) -> str | None:
    """Return the charset that the content-type states."""
    found = _CHARSET.search(headers.get("content-type", "")[:1000])
    return found[1] if found is not None else None
