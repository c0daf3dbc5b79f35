"""Points in time as publishers write them: the value and how precisely it was given. Nothing is guessed."""

import re
import unicodedata
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from msgspec import Struct

from pipeline.domain.times import from_epoch_ms
from pipeline.text.calendars import from_numbers
from pipeline.text.written_dates import month_number, read_written_date

__all__ = ["DateParams", "DateSource", "Moment", "instant_ms", "read_moment", "read_url_date"]

Precision = Literal["second", "minute", "day", "month"]
DateSource = Literal["raw", "json-ld", "meta", "microdata", "time", "url", "text"]


class DateParams(Struct, frozen=True, kw_only=True):
    """What is taken for a date."""

    max_chars: int = 120
    """A longer text is no date; set by hand, far above the longest date with its weekday and zone."""
    max_offset_hours: int = 14
    """Largest offset from UTC on earth, that of Kiribati; a time with a larger one is not read."""


_PARAMS = DateParams()


class Moment(Struct, frozen=True):
    """A point in time and how precisely it was given; `zoned` is whether an offset was stated, else it is UTC."""

    epoch_ms: int
    precision: Precision
    zoned: bool

    @property
    def text(self) -> str:
        """The instant as the contract writes it."""
        return from_epoch_ms(self.epoch_ms)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DIGITS = re.compile(r"\d{10}(?:\d{3})?")
_ISO = re.compile(
    r"(\d{4})-(\d{2})(?:-(\d{2})(?:[T\s]+(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(?:(\d{2})(\d{2})?)?)?(Z)?")
# Ten digits that can be a year, month, day and hour are read so: as seconds since 1970 they would be 2030 or later.
_COMPACT_HOUR = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])")
# The format of C's ctime() and Java's Date: "Tue Jan 28 15:28:56 CET 2020".
_CTIME = re.compile(
    r"[A-Z][a-z]{2}\s+([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{2}):(\d{2}):(\d{2})\s+(?:([A-Z]{1,4})\s+)?(\d{4})"
)
# Abbreviations that stand for one zone only, or for one far more often than for others.
_ZONES = {
    "UTC": "Z",
    "GMT": "Z",
    "Z": "Z",
    "WET": "Z",
    "WEST": "+01:00",
    "BST": "+01:00",
    "CET": "+01:00",
    "CEST": "+02:00",
    "EET": "+02:00",
    "EEST": "+03:00",
    "MSK": "+03:00",
    "JST": "+09:00",
    "KST": "+09:00",
    "AEST": "+10:00",
    "EST": "-05:00",
    "EDT": "-04:00",
    "CDT": "-05:00",
    "MST": "-07:00",
    "MDT": "-06:00",
    "PST": "-08:00",
    "PDT": "-07:00",
}
_URL_DATE = re.compile(r"/((?:19|20)\d{2})[/-]?([01]\d)(?:[/-]?([0-3]\d))?(?:[/_-]|$)")
_RFC2822 = re.compile(r"(?:[A-Za-z]{3},?\s+)?\d{1,2}\s+[A-Za-z]{3,9}\s+\d{2,4}\s+\d{1,2}:\d{2}")


def read_moment(text: str) -> Moment | None:
    """Read a date in ISO 8601, RFC 3339, RFC 2822, epoch, compact or written form; None when it is none."""
    text = text.strip()
    if not text or len(text) > _PARAMS.max_chars:
        return None
    if not text.isascii():
        text = _ascii_digits(text)
    match = _ISO.fullmatch(text)
    if match is not None:
        return _from_iso(match)
    if _EPOCH_DIGITS.fullmatch(text) and not _COMPACT_HOUR.fullmatch(text):
        value = int(text)
        return Moment(value if len(text) == 13 else value * 1000, "second", zoned=True)
    match = _COMPACT.fullmatch(text)
    if match is not None:
        year, month, day, hour, minute, second, zone = match.groups()
        return _moment((year, month, day, hour, minute, second), None, "Z" if zone else None)
    match = _CTIME.fullmatch(text)
    month = month_number(match[1]) if match is not None else None
    if match is not None and month is not None:
        return _moment((match[7], str(month), *match.group(2, 3, 4, 5)), None, _ZONES.get(match[6] or ""))
    moment = _from_mail(text) if _RFC2822.match(text) else None
    return moment if moment is not None else _from_writing(text)


def instant_ms(text: str | None) -> int | None:
    """Read an instant that software wrote (fetched_at): epoch milliseconds, or None."""
    moment = read_moment(text) if text else None
    return moment.epoch_ms if moment is not None else None


def _ascii_digits(text: str) -> str:
    """Write decimal digits of any script as ASCII ones."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def _from_iso(match: re.Match[str]) -> Moment | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    return _moment((year, month, day, hour, minute, second), fraction, zone)


def _offset(zone: str | None) -> timedelta | None:
    """Return the offset of a zone; None for one that no place on earth has."""
    if zone is None or zone.upper() in {"Z", "UTC", "GMT"}:
        return timedelta()
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0))
    if offset > timedelta(hours=_PARAMS.max_offset_hours):
        return None
    return -offset if zone[0] == "-" else offset


def _moment(parts: tuple[str | None, ...], fraction: str | None, zone: str | None) -> Moment | None:
    year, month, day, hour, minute, second = (int(part) if part else None for part in parts)
    offset = _offset(zone)
    if year is None or offset is None:
        return None
    midnight = hour == 24 and not minute and not second
    if midnight:
        hour, offset = 0, offset - timedelta(days=1)
    # A leap second is written as 60; it is the last one of its minute.
    whole = min(second or 0, 59) if (second or 0) <= 60 else -1
    if whole < 0:
        return None
    found = from_numbers(year, month or 1, day or 1)
    if found is None:
        return None
    try:
        value = datetime.combine(found[0], time(hour or 0, minute or 0, whole), tzinfo=UTC) - offset
    except (ValueError, OverflowError):
        return None
    millis = int((fraction or "0")[:3].ljust(3, "0"))
    epoch_ms = (value - _EPOCH) // timedelta(milliseconds=1) + millis
    precision = _precision(day, hour, second) if found[1] else "month"
    return Moment(epoch_ms, precision, zoned=zone is not None)


def _precision(day: int | None, hour: int | None, second: int | None) -> Precision:
    if day is None:
        return "month"
    if hour is None:
        return "day"
    return "minute" if second is None else "second"


def _from_writing(text: str) -> Moment | None:
    written = read_written_date(text)
    if written is None:
        return None
    epoch_ms = (written.day - _EPOCH.date()) // timedelta(milliseconds=1)
    if not written.is_exact:
        return Moment(epoch_ms, "month", zoned=False)
    if written.hour is None or written.minute is None:
        return Moment(epoch_ms, "day", zoned=False)
    return Moment(epoch_ms + (written.hour * 60 + written.minute) * 60_000, "minute", zoned=False)


def read_url_date(url: str) -> Moment | None:
    """Read the date that many sites put into the path of an article's URL: `/2020/03/14/` or `/2020/03/`."""
    match = _URL_DATE.search(url)
    if match is None:
        return None
    return _moment((match[1], match[2], match[3], None, None, None), None, None)


def _from_mail(text: str) -> Moment | None:
    try:
        value = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    zoned = value.tzinfo is not None
    try:
        value = value.astimezone(UTC) if zoned else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    seconds = text.count(":") > 1
    return Moment((value - _EPOCH) // timedelta(milliseconds=1), "second" if seconds else "minute", zoned)
