"""Points in time as publishers write them: the value and how precisely it was given. Nothing is guessed."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from pipeline.domain.times import from_epoch_ms
from pipeline.text.calendars import from_numbers
from pipeline.text.written_dates import month_number, read_written_date, short_year
from pipeline.text.zones import zone_offset

__all__ = ["DateParams", "DateSource", "Moment", "instant_ms", "read_moment", "read_url_date"]

Precision = Literal["second", "minute", "day", "month"]
DateSource = Literal["raw", "json-ld", "meta", "microdata", "time", "url", "text"]


class DateParams(Struct, frozen=True, kw_only=True):
    """What is taken for a date."""

    max_chars: int = 120
    """A longer text is no date; set by hand, far above the longest date with its weekday and zone."""
    unset_hours: int = 14
    """A time this near to the start of 1970 is the zero of a clock in some zone: software's word for no date."""


_PARAMS = DateParams()


class Moment(Struct, frozen=True):
    """A point in time and how precisely it was given; `zoned` is whether an offset was stated, else it is UTC."""

    epoch_ms: int
    precision: Precision
    zoned: bool
    offset_ms: int = 0
    """How far the stated zone is ahead of UTC."""

    @property
    def text(self) -> str:
        """The instant as the contract writes it."""
        return from_epoch_ms(self.epoch_ms)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MS_PER_DAY = 86_400_000
_END_MS = (date.max.toordinal() + 1 - _EPOCH_DAY) * _MS_PER_DAY
_UTC = frozenset({"Z", "z", "UTC", "GMT"})
# Seconds since 1970, perhaps with a fraction, or milli-, micro- or nanoseconds; "/Date(1763115600000)/" in .NET's JSON.
_EPOCH_DIGITS = re.compile(r"(?:/Date\()?(\d{10})(?:\.\d{1,9}|(\d{3})(?:\d{3}){0,2})?(?:[+-]\d{4})?(?:\)/)?")
_ISO = re.compile(
    r"(\d{4})-(\d{2})(?:-(\d{2})(?:[T\s]+(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(?:(\d{2})(\d{2})?)?)?(Z)?")
# Ten digits that can be a year, month, day and hour are read so: as seconds since 1970 they would be 2030 or later.
_COMPACT_HOUR = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])")
# The format of C's ctime() and Java's Date: "Tue Jan 28 15:28:56 CET 2020".
_CTIME = re.compile(
    r"[A-Z][a-z]{2}\s+([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{2}):(\d{2}):(\d{2})\s+(?:([A-Z]{1,4}|[+-]\d{2}:?\d{2})\s+)?(\d{4})"
)
# RFC 5322: "Tue, 28 Jan 2020 15:28:56 +0100".
_MAIL = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3,9})\s+(\d{4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:\s+((?![AP]M$)[A-Z]{1,4}|[+-]\d{2}:?\d{2}))?"
)
_URL_DATE = re.compile(r"/((?:19|20)\d{2})[/-]?([01]\d)(?:[/-]?([0-3]\d))?(?:[/_-]|$)")
# Behind other words, or in the names of a publisher's files: -20061114.html, /14.11.2006/, A061114_173000_.
_URL_DAY = re.compile(
    r"[-_/=](?P<year>(?:19|20)\d{2})(?P<sep>[-_.]?)(?P<month>[01]\d)(?P=sep)(?P<day>[0-3]\d)(?=[-_./?&]|$)"
    r"|[-_/=](?P<day2>[0-3]?\d)(?P<sep2>[-_.])(?P<month2>[01]?\d)(?P=sep2)(?P<year2>(?:19|20)\d{2})(?=[-_./?&]|$)"
    r"|[/=]A(?P<short>\d{2})(?P<month3>[01]\d)(?P<day3>[0-3]\d)_\d{6}_"
)


def read_moment(text: str) -> Moment | None:
    """Read a date in ISO 8601, RFC 3339, RFC 2822, epoch, compact or written form; None when it is none."""
    text = text.strip()
    if not text or len(text) > _PARAMS.max_chars:
        return None
    if not text.isascii():
        text = _ascii_digits(text)
    moment = _read(text)
    unset_ms = _PARAMS.unset_hours * 3_600_000
    return moment if moment is not None and abs(moment.epoch_ms) > unset_ms else None


@lru_cache(maxsize=2048)
def _read(text: str) -> Moment | None:
    """Read a date; a page states the same one in several places, and each is asked for several times."""
    match = _ISO.fullmatch(text)
    if match is not None:
        *parts, fraction, zone = match.groups()
        return _moment(parts, zone, fraction=fraction)
    match = _EPOCH_DIGITS.fullmatch(text)
    if match is not None and not _COMPACT_HOUR.fullmatch(text):
        return Moment(int(match[1]) * 1000 + int(match[2] or 0), "second", zoned=True)
    match = _COMPACT.fullmatch(text)
    if match is not None:
        *parts, zone = match.groups()
        return _moment(parts, zone)
    match = _CTIME.fullmatch(text)
    month = month_number(match[1]) if match is not None else None
    if match is not None and month is not None:
        return _moment((match[7], str(month), *match.group(2, 3, 4, 5)), match[6], is_mail=True)
    match = _MAIL.fullmatch(text)
    month = month_number(match[2]) if match is not None else None
    if match is not None and month is not None:
        return _moment((match[3], str(month), *match.group(1, 4, 5, 6)), match[7], is_mail=True)
    return _from_writing(text)


def instant_ms(text: str | None) -> int | None:
    """Read an instant that software wrote (fetched_at): epoch milliseconds, or None."""
    moment = read_moment(text) if text else None
    return moment.epoch_ms if moment is not None else None


def _ascii_digits(text: str) -> str:
    """Write decimal digits of any script as ASCII ones."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def _moment(
    parts: Sequence[str | None], zone: str | None, *, fraction: str | None = None, is_mail: bool = False
) -> Moment | None:
    """Return the moment of a year, month, day, hour, minute and second, of which the last ones may be absent."""
    year, month, day, hour, minute, second = (int(part) if part else None for part in parts)
    found = from_numbers(year, month or 1, day or 1) if year is not None else None
    if found is None:
        return None
    moment = _at(found[0], (hour or 0, minute or 0, second or 0), zone, is_mail=is_mail)
    if moment is None:
        return None
    millis = int((fraction or "0")[:3].ljust(3, "0"))
    precision = _precision(day, hour, second) if found[1] else "month"
    return Moment(moment[0] + millis, precision, zoned=moment[1] is not None, offset_ms=moment[1] or 0)


def _at(
    day: date, clock: tuple[int, int, int], zone: str | None, *, is_mail: bool = False
) -> tuple[int, int | None] | None:
    """Return the epoch milliseconds of a time on a day and its offset in milliseconds, None for one not stated."""
    hour, minute, second = clock
    # A leap second is written as 60, the end of a day as 24:00.
    if second > 60 or minute > 59 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    if zone is None or zone in _UTC:
        value_ms = (day.toordinal() - _EPOCH_DAY) * _MS_PER_DAY
        value_ms += ((hour * 60 + minute) * 60 + min(second, 59)) * 1000
        return (value_ms, None if zone is None else 0) if value_ms < _END_MS else None
    try:
        local = datetime.combine(day, time(hour % 24, minute, min(second, 59))) + timedelta(days=hour // 24)
        offset = zone_offset(zone, local, is_mail=is_mail)
        if offset is None and not zone[0].isalpha():
            return None
        value = local.replace(tzinfo=UTC) - (offset or timedelta())
    except (ValueError, OverflowError):
        return None
    offset_ms = offset // timedelta(milliseconds=1) if offset is not None else None
    return (value - _EPOCH) // timedelta(milliseconds=1), offset_ms


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
    clock = written.time if written.is_exact else None
    if clock is not None:
        moment = _at(written.day, (clock.hour, clock.minute, clock.second or 0), clock.zone)
        if moment is not None:
            return Moment(
                moment[0],
                "minute" if clock.second is None else "second",
                zoned=moment[1] is not None,
                offset_ms=moment[1] or 0,
            )
    epoch_ms = (written.day - _EPOCH.date()) // timedelta(milliseconds=1)
    return Moment(epoch_ms, "day" if written.is_exact else "month", zoned=False)


def read_url_date(url: str) -> Moment | None:
    """Read the date that many sites put into an article's URL: `/2020/03/14/`, `/2020/03/`, `-20200314.html`."""
    match = _URL_DATE.search(url)
    if match is not None:
        return _moment((match[1], match[2], match[3], None, None, None), None)
    match = _URL_DAY.search(url)
    if match is None:
        return None
    day, month = match["day"] or match["day2"] or match["day3"], match["month"] or match["month2"] or match["month3"]
    if match["year2"] is not None and match["sep2"] != "." and int(day) <= 12 and day != month:
        # With hyphens, either may be the month.
        return None
    year = match["year"] or match["year2"] or str(short_year(match["short"]))
    return _moment((year, month, day, None, None, None), None)
