"""Times of day as people write them, with their zones: "5:30:00 PM", "下午5時30分", "17.30 Uhr", "kl. 17.30"."""

import re

from msgspec import Struct

from pipeline.text.wordlists import load_words, one_of
from pipeline.text.zones import ZONE

__all__ = ["TimeOfDay", "read_time_of_day"]


class TimeOfDay(Struct, frozen=True):
    """A time on the clock, and its zone as it was written."""

    hour: int
    minute: int
    second: int | None
    zone: str | None


_WORDS = load_words("months")
_BEFORE_NOON: list[str] = _WORDS["before_noon"]
_AFTER_NOON: list[str] = _WORDS["after_noon"]
_NOON = 12
_AM_PM = r"[ap]\.?\s?m(?![^\W_])"
_HALF = rf"(?:{_AM_PM}|(?:{one_of(_BEFORE_NOON, _AFTER_NOON)})(?![^\W_]))"
# Before the digits stand signs that no space follows, too.
_HALF_BEFORE = rf"(?P<before>[ap]\.?\s?m\.?|{one_of(_BEFORE_NOON, _AFTER_NOON)})\s?"
_UNIT = one_of(_WORDS["clock_units"])
_MARKED = rf"(?:(?<![^\W\d_])(?:{one_of(_WORDS['clock_words'])})\.?\s)"
_CLOCK = re.compile(
    rf"(?:(?<![^\W\d_]){_HALF_BEFORE})?"
    r"(?:"
    # 17:30, 17:30:15.250, also behind "15/Nov/2026:"
    r"(?:(?<![\d:.])|(?<=\d{4}:))(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2})(?:[.,]\d{1,9})?)?(?!\d)"
    # 17h30, 17 h, 17時30分15秒
    r"|(?<![\d:.])(?P<hour_h>\d{1,2})\s?(?:h(?![^\W\d_])|[時时시点點])\s?"
    r"(?:(?P<minute_h>\d{1,2})(?!\d)\s?[分분]?\s?(?:(?P<second_h>\d{1,2})\s?[秒초])?)?"
    # kl. 17.30, 17.30 Uhr, 5.30 pm, 5 pm
    rf"|{_MARKED}(?P<hour_m>\d{{1,2}})\.(?P<minute_m>\d{{2}})(?![.\d])"
    rf"|(?<![\d:.])(?P<hour_d>\d{{1,2}})(?:\.(?P<minute_d>\d{{2}})(?=\s?{_HALF})|(?=\s?{_AM_PM}))"
    rf"|(?<![\d:.])(?P<hour_u>\d{{1,2}})(?:\.(?P<minute_u>\d{{2}}))?(?=\s?(?:{_UNIT})(?![^\W_]))"
    r")"
    rf"(?:\s?(?:{_UNIT})(?![^\W_])\.?)?(?:\s?(?P<after>{_HALF})\.?)?"
    rf"(?:[\s,(\[]{{0,3}}(?P<zone>{ZONE}))?",
    re.IGNORECASE,
)
_FORMS = ("", "_h", "_m", "_d", "_u")
_BARE_OFFSET = re.compile(r"-\d\d:")


def read_time_of_day(text: str) -> TimeOfDay | None:
    """Return the first time in a short text whose digits are ASCII; None without one."""
    for found in _CLOCK.finditer(text):
        hour, minute = (
            int(next((number for form in _FORMS if (number := found[f"{part}{form}"])), "0"))
            for part in ("hour", "minute")
        )
        written = found["second"] or found["second_h"]
        second = int(written) if written is not None else None
        zone = found["zone"]
        # "17:30-18:00" is a period, not an offset.
        if zone is not None and second is None and _BARE_OFFSET.match(zone):
            zone = None
        half = found["before"] or found["after"]
        if half is not None and hour <= _NOON:
            hour = hour % _NOON + (_NOON if _is_after_noon(half) else 0)
        if hour < 24 and minute < 60 and (second or 0) <= 60:
            return TimeOfDay(hour, minute, second, zone)
    return None


def _is_after_noon(half: str) -> bool:
    half = half.casefold()
    return half in _AFTER_NOON or (half[0] == "p" and half not in _BEFORE_NOON)
