"""Offsets from UTC by the names of zones: "+0100", "GMT+7", "CEST", "Europe/Vienna"."""

import re
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.text.wordlists import load_words, one_of

__all__ = ["ZONE", "ZoneParams", "zone_offset"]


class ZoneParams(Struct, frozen=True, kw_only=True):
    """What is taken for an offset."""

    max_offset_hours: int = 14
    """Largest offset from UTC on earth, that of Kiribati; a time with a larger one is not read."""


_PARAMS = ZoneParams()
_WORDS = load_words("zones")
_OFFSETS: dict[str, str] = _WORDS["offsets"]
_MAIL: dict[str, str] = _WORDS["mail"]
_PLACES: dict[str, str] = _WORDS["places"]
# Of the package, not of the operating system: all workers of a release must read a date alike.
_DATABASE = files("tzdata")
_IANA = {
    name.casefold(): name for name in _DATABASE.joinpath("zones").read_text(encoding="ascii").split() if "/" in name
}
_NUMBERS = re.compile(r"(?:GMT|UTC)?\s?(?P<sign>[+\-\u2212])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.IGNORECASE)

ZONE = (
    r"(?:(?:GMT|UTC)\s?[+\-\u2212]\d{1,2}(?::?\d{2})?(?!\d)|[+\-\u2212]\d{2}:?\d{2}(?![\d:])"
    r"|[A-Za-z]{2,12}/[A-Za-z_]{2,32}(?:/[A-Za-z_]{2,20})?"
    rf"|(?-i:{one_of(_OFFSETS, _MAIL, _PLACES)}|[Gg]mt|[Uu]tc|z)(?![^\W_]))"
)
"""A regular expression for what `zone_offset` understands, without a group; names are in capitals."""


def zone_offset(name: str, local: datetime, *, is_mail: bool = False) -> timedelta | None:
    """Return how far a zone is ahead of UTC at a time on its clocks; None for a zone that is not known.

    Args:
        name: An offset or a name.
        local: The time, without `tzinfo`.
        is_mail: Whether names mean what RFC 5322 says.
    """
    numbers = _NUMBERS.fullmatch(name)
    if numbers is not None:
        offset = timedelta(hours=int(numbers["hours"]), minutes=int(numbers["minutes"] or 0))
        if offset > timedelta(hours=_PARAMS.max_offset_hours):
            return None
        return offset if numbers["sign"] == "+" else -offset
    short = name.upper()
    known = _OFFSETS.get(short) or (_MAIL.get(short) if is_mail else None)
    if known is not None:
        return zone_offset(known, local)
    place = _PLACES.get(short) or _IANA.get(name.casefold())
    return local.replace(tzinfo=_zone(place)).utcoffset() if place is not None else None


@cache  # as many as there are names
def _zone(name: str) -> ZoneInfo:
    with _DATABASE.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)
