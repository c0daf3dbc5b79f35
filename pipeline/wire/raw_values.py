"""Read the value of one field of a raw article, whatever type a producer gave it; None for what cannot be read."""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from pipeline.domain.raw import RawAuthor
from pipeline.domain.times import from_epoch_ms
from pipeline.text.dates import read_moment
from pipeline.wire.raw_aliases import plain_name

__all__ = ["ValueParams", "read_authors", "read_instant", "read_label", "read_only", "read_rights", "read_tags"]
__all__ += ["read_text"]


class ValueParams(Struct, frozen=True, kw_only=True):
    """Limits on values of other types than the schema's. Set by hand."""

    levels: int = 4
    """Lists and objects around a value, such as the label in the first of a list of subjects."""
    list_items: int = 1000
    """Elements of a list of authors or tags; `ingest` keeps far fewer."""
    day_digits: frozenset[int] = frozenset({8, 12, 14})
    """Digits of a number that is a date as it is written: 20260304, 202603040610, 20260304061000."""
    earliest_epoch_seconds: int = 10**8
    """Smallest number of seconds since 1970 that is read, March 1973; a smaller one is a default or no date."""
    epoch_units: tuple[tuple[int, int], ...] = ((10**11, 1000), (10**14, 1), (10**17, -1000), (10**20, -1_000_000))
    """Numbers below the first value of a pair are in a unit of so many milliseconds (a negative number divides):
    seconds, milliseconds, microseconds, nanoseconds since 1970."""


_PARAMS = ValueParams()
# Names, as `plain_name` writes them, under which objects hold what they stand for.
_LABELS = ("name", "title", "label", "term", "rendered", "value", "text", "main", "original", "#text", "@value")
_CODES = ("code", "alternatename", "name", "value", "@value")
_IDENTITIES = ("@id", "$oid", "url", "href", "rendered", "value", "#text")
_BODIES = ("value", "rendered", "text", "content", "body", "#text", "@value")
_DATES = ("$date", "$numberlong", "date", "datetime", "seconds", "value", "rendered", "#text", "@value")
_PERSON = ("name", "fullname", "displayname", "authorname", "title", "value", "label", "original", "#text", "rendered")
_GIVEN, _FAMILY = ("givenname", "firstname"), ("familyname", "lastname")
_PAGES = ("url", "link", "href")
_TAG_ENDS = re.compile(r"[,;|\n،、；，]")
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
_DOT_NET = re.compile(r"/Date\((\d{9,15})(?:[+-]\d{4})?\)/")


def _members(value: dict[str, Any], names: Iterable[str]) -> list[Any]:
    """Return the members of an object that have one of the plain names, in the order of the names."""
    by_name = {plain_name(name): member for name, member in value.items()}
    return [by_name[name] for name in names if by_name.get(name) is not None]


def read_only(value: Any, *, levels: int = _PARAMS.levels) -> str | None:
    """Read a value that identifies something: a string, a whole number, or the only element of a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    inner = value if isinstance(value, list) else _members(value, _IDENTITIES)[:1] if isinstance(value, dict) else []
    return read_only(inner[0], levels=levels - 1) if len(inner) == 1 and levels else None


def read_label(value: Any, *, is_code: bool = False, levels: int = _PARAMS.levels) -> str | None:
    """Read a title, name or code: a string, a whole number, the first of a list, or what an object has as its name."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not levels:
        return None
    inner = value if isinstance(value, list) else []
    if isinstance(value, dict):
        inner = _members(value, _CODES if is_code else _LABELS)
    labels = (read_label(item, is_code=is_code, levels=levels - 1) for item in inner[: _PARAMS.list_items])
    return next((label for label in labels if label), None)


def read_text(value: Any, *, levels: int = _PARAMS.levels) -> str | None:
    """Read a text: a string, the paragraphs of a list, or the text of an object."""
    if isinstance(value, str):
        return value
    if not levels:
        return None
    if isinstance(value, dict):
        texts = (read_text(member, levels=levels - 1) for member in _members(value, _BODIES))
        return next((text for text in texts if text), None)
    if not isinstance(value, list):
        return None
    paragraphs = [read_text(item, levels=levels - 1) for item in value]
    return "\n\n".join(filter(None, paragraphs)) or None


def read_instant(value: Any, *, levels: int = _PARAMS.levels) -> str | None:
    """Read a date: text as it is, numbers since 1970, and the objects and lists that software writes for dates."""
    if isinstance(value, str):
        return _instant_text(value.strip())
    if isinstance(value, int | float):
        return None if isinstance(value, bool) else _epoch(value)
    if not levels:
        return None
    if isinstance(value, dict):
        found = next((read_instant(item, levels=levels - 1) for item in _members(value, _DATES)), None)
        (zone, *_) = [*_members(value, ("timezone",)), None]
        # PHP writes {"date": "2026-03-04 06:10:00.000000", "timezone": "+01:00"}.
        return f"{found}{zone}" if found and isinstance(zone, str) and zone[:1] in {"+", "-"} else found
    if not isinstance(value, list):
        return None
    return (
        _date_parts(value) if len(value) > 1 else next((read_instant(item, levels=levels - 1) for item in value), None)
    )


def _instant_text(text: str) -> str | None:
    """Return a date as it came, but numbers that only software writes as a date."""
    dot_net = _DOT_NET.fullmatch(text)
    if dot_net is not None:
        return _epoch(int(dot_net[1]))
    if _NUMBER.fullmatch(text) and ("." in text or read_moment(text) is None):
        return _epoch(float(text))
    return text


def _epoch(number: float) -> str | None:
    """Return the instant of a number since 1970, whose unit its size shows; a written day stays as it is."""
    digits = str(int(number))
    if isinstance(number, int) and len(digits) in _PARAMS.day_digits and read_moment(digits) is not None:
        return digits
    if number < _PARAMS.earliest_epoch_seconds:
        return None
    for below, milliseconds in _PARAMS.epoch_units:
        if number < below:
            return from_epoch_ms(int(number * milliseconds if milliseconds > 0 else number // -milliseconds))
    return None


def _date_parts(parts: list[Any]) -> str | None:
    """Return the date in a list of numbers from the year on, as Java and Python's time write it; UTC."""
    day, clock = parts[:3], parts[3:6]
    if len(day) < len(("year", "month", "day")) or not all(type(part) is int for part in day + clock):
        return None
    written = "{:04}-{:02}-{:02}".format(*day)
    if clock:
        written += "T{:02}:{:02}:{:02}Z".format(*clock, *[0] * (3 - len(clock)))
    return written if read_moment(written) is not None else None


def read_authors(value: Any) -> tuple[tuple[str | RawAuthor, ...], bool]:
    """Read authors: a byline, an object, or a list of them; and whether every one that is there was read."""
    items = value[: _PARAMS.list_items] if isinstance(value, list) else [value]
    there = [item for item in items if item is not None and item not in ("", {}, [])]
    authors = [item if isinstance(item, str) else _author(item) for item in there]
    found = tuple(author for author in authors if author is not None)
    return found, len(found) == len(there)


def _author(value: Any) -> RawAuthor | None:
    if not isinstance(value, dict):
        return None
    name = next((member for member in _members(value, _PERSON) if isinstance(member, str)), None)
    if name is None:
        parts = [*_members(value, _GIVEN)[:1], *_members(value, _FAMILY)[:1]]
        name = " ".join(part for part in parts if isinstance(part, str))
    url = next((member for member in _members(value, _PAGES) if isinstance(member, str)), None)
    return RawAuthor(name=name, url=url) if name else None


def read_tags(value: Any) -> tuple[tuple[str, ...], bool]:
    """Read tags: a list of texts or objects with a name, or one text with commas; and whether every one was read."""
    if isinstance(value, str):
        return tuple(tag.strip() for tag in _TAG_ENDS.split(value) if tag.strip()), True
    if not isinstance(value, list):
        label = read_label(value)
        return ((label,), True) if label else ((), False)
    there = [item for item in value[: _PARAMS.list_items] if item is not None and item not in ("", {}, [])]
    tags = [label for label in map(read_label, there) if label]
    return tuple(tags), len(tags) == len(there)


def read_rights(value: Any) -> dict[str, Any] | None:
    """Read rights: an object as it is; text becomes a statement."""
    if isinstance(value, dict):
        return value
    statement = read_text(value)
    return {"statement": statement} if statement else None
