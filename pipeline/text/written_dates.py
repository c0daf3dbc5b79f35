"""Dates as people write them: "14 March 2020", "14.03.2020", "2020年3月14日", «۱۴ فروردین ۱۳۹۹», "14 มีนาคม 2563"."""

import re
from collections.abc import Callable
from datetime import date
from itertools import chain
from typing import Literal

from msgspec import Struct

from pipeline.text.calendars import from_buddhist, from_hijri, from_jalali, from_numbers
from pipeline.text.times_of_day import TimeOfDay, read_time_of_day
from pipeline.text.wordlists import load_words, one_of

__all__ = [
    "MONTH_NAMES",
    "WrittenDate",
    "WrittenDateParams",
    "is_only_date",
    "month_number",
    "read_written_date",
    "short_year",
]

_Calendar = Literal["gregorian", "jalali", "hijri"]
# In the order of preference, where a name of a month or a date occurs in several.
_CALENDARS: tuple[_Calendar, ...] = ("gregorian", "jalali", "hijri")
# The Turkish capital of "i" folds to two characters.
_DOTTED_I = {ord("İ"): "i"}


class WrittenDateParams(Struct, frozen=True, kw_only=True):
    """When a line is only a date. Set by hand."""

    other_letters: int = 2
    """Letters that may remain when the words of dates are taken away: single ones stand for hours, days or zones."""
    short_years: int = 70
    """From this number on, a year of two digits is one of 1900 to 1999, as POSIX reads them; before, of 2000 on."""


_PARAMS = WrittenDateParams()


class WrittenDate(Struct, frozen=True):
    """A day, and the time of day if one was written; `is_exact` unless the calendar leaves a day or two open."""

    day: date
    time: TimeOfDay | None = None
    is_exact: bool = True


_WORDS = load_words("months")
_ERAS: dict[str, int] = _WORDS["eras"]
_LUNAR_SIGNS: tuple[str, ...] = tuple(_WORDS["lunar_signs"])


def _month_names() -> dict[str, tuple[_Calendar, int]]:
    names: dict[str, tuple[_Calendar, int]] = {}
    for calendar in _CALENDARS:
        for months in _WORDS[calendar]:
            for number, spellings in enumerate(months, 1):
                for name in spellings.split("|"):
                    names.setdefault(name, (calendar, number))
    return names


_MONTHS = _month_names()
MONTH_NAMES = one_of(_MONTHS)
"""A regular expression for the name of a month in any language, case-folded."""
_MONTH = rf"(?P<month>{MONTH_NAMES})(?![^\W\d_])"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?"
_GAP = rf"[\s,،.]{{1,3}}(?:(?:{one_of(_WORDS['between'])})\s)?"
_NAMED = (
    re.compile(rf"{_DAY}{_GAP}{_MONTH}(?:\s?/\s?[^\W\d_]+(?:\s[^\W\d_]+)?)?[.]?{_GAP}(?:พ\.ศ\.\s?)?{_YEAR}"),
    re.compile(rf"(?<![^\W\d_]){_MONTH}[.]?\s{{1,2}}{_DAY}[\s,]{{1,3}}{_YEAR}"),
    re.compile(rf"{_YEAR}[.\s,]{{1,3}}{_MONTH}\s{{1,2}}{_DAY}"),
)
_CJK = re.compile(
    rf"(?:(?P<era>{one_of(_ERAS)})\s?(?P<eyear>\d{{1,3}}|元)|(?P<year>\d{{4}}))\s?[年년]"
    r"\s?(?P<month>\d{1,2})\s?[月월]\s?"
    r"(?P<day>\d{1,2})\s?[日일]"
)
# 15-Nov-2026, 15/Nov/2026; with two digits of the year only before a time, as in RFC 850: 15-Nov-26 17:30:00.
_JOINED = re.compile(
    rf"(?<![\d-])(?P<day>\d{{1,2}})(?P<sep>[-/]){_MONTH}[.]?(?P=sep)(?P<year>\d{{4}}(?!\d)|\d{{2}}(?=\s\d{{1,2}}:\d{{2}}))"
)
_SIGN = r"(?P<sep>[./-])(?P<gap>\s?)"
_AGAIN = r"(?P=sep)(?P=gap)"
_NO_PART_BEFORE = r"(?<!\d)(?<!\d[./-])"
_NO_PART_BEHIND = r"(?!\d)(?!\s?[./-]\d)"
_NUMERIC = re.compile(
    rf"{_NO_PART_BEFORE}(?P<a>\d{{1,2}}){_SIGN}(?P<b>\d{{1,2}}){_AGAIN}(?P<year>\d{{4}}){_NO_PART_BEHIND}"
)
# 14.03.26 | 10:15: with two digits of the year only before a time, or where it is all.
_SHORT = re.compile(
    rf"{_NO_PART_BEFORE}(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{2}})(?=[\s,|–-]{{1,4}}\d{{1,2}}[:.]\d{{2}}(?!\d))"
    r"|^\s*(?P<day0>\d{1,2})\.(?P<month0>\d{1,2})\.(?P<year0>\d{2})\s*$"
)
_YEAR_FIRST = re.compile(
    rf"{_NO_PART_BEFORE}(?P<year>\d{{4}}){_SIGN}(?P<month>\d{{1,2}}){_AGAIN}(?P<day>\d{{1,2}}){_NO_PART_BEHIND}"
)
_THAI = re.compile("[\u0e00-\u0e7f]")
# What a line that is only a date has besides: weekday, time, zone, a label such as "updated".
_DATE_WORDS = one_of({*_MONTHS, *"|".join(_WORDS["weekdays"]).split("|"), *_WORDS["date_words"]})
_DATE_WORD = re.compile(rf"(?<![^\W\d_])(?:{_DATE_WORDS})(?![^\W\d_])|{one_of(_WORDS['date_signs'])}|\dt\d|\dz")
# A weekday or place before a comma, in whatever language.
_BEFORE_COMMA = re.compile(r"^[^\W\d_]{2,15}[,،]\s*(?=\d)")
_ZONE = re.compile(r"(:\d\d)\s?[A-Z]{3,4}\b")


def read_written_date(text: str) -> WrittenDate | None:
    """Read the first date in a short text whose digits are ASCII; None without one or if it is ambiguous."""
    folded = text.translate(_DOTTED_I).casefold()
    for reader in _READERS:
        found = reader(folded)
        if found is not None:
            return WrittenDate(found[0], read_time_of_day(text), found[1])
    return None


def month_number(name: str) -> int | None:
    """Return the number of a month of the Gregorian calendar, 1 to 12, by its name or abbreviation in any language."""
    calendar, number = _MONTHS.get(name.casefold(), (None, None))
    return number if calendar == "gregorian" else None


def is_only_date(text: str) -> bool:
    """Return whether a short text that contains a date contains next to nothing else."""
    text = _ZONE.sub(r"\1", text).translate(_DOTTED_I).casefold()
    rest = _DATE_WORD.sub(" ", _BEFORE_COMMA.sub("", text))
    return sum(map(str.isalpha, rest)) <= _PARAMS.other_letters


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _named(text: str) -> tuple[date, bool] | None:
    """Read a date with the name of its month; of a date in two calendars, the Gregorian one, else an exact one."""
    best: tuple[int, date] | None = None
    for match in chain.from_iterable(pattern.finditer(text) for pattern in (*_NAMED, _JOINED)):
        calendar, month = _MONTHS[match["month"]]
        year, day = _year(match["year"]), int(match["day"])
        if calendar == "jalali":
            found = from_jalali(year, month, day)
        elif calendar == "hijri":
            found = from_hijri(year, month, day)
        else:
            found = _valid(_gregorian_year(year, text), month, day)
        rank = _CALENDARS.index(calendar)
        if found is not None and (best is None or rank < best[0]):
            best = rank, found
    return (best[1], _CALENDARS[best[0]] != "hijri") if best is not None else None


def _year(written: str) -> int:
    return int(written) if len(written) > 2 else short_year(written)


def short_year(written: str) -> int:
    """Return the year that two digits stand for."""
    year = int(written)
    return year + (1900 if year >= _PARAMS.short_years else 2000)


def _gregorian_year(year: int, text: str) -> int:
    """Return a year written beside Thai months in the Buddhist era as a Gregorian one."""
    return (from_buddhist(year) or year) if _THAI.search(text) else year


def _cjk(text: str) -> tuple[date, bool] | None:
    match = _CJK.search(text)
    if match is None:
        return None
    if match["era"]:
        written = match["eyear"]
        year = _ERAS[match["era"]] + (1 if written == "元" else int(written))
    else:
        year = int(match["year"])
    found = _valid(year, int(match["month"]), int(match["day"]))
    return (found, True) if found is not None else None


def _numeric(text: str) -> tuple[date, bool] | None:
    match = _YEAR_FIRST.search(text)
    if match is not None:
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
        return from_numbers(year, month, day, is_lunar=_is_lunar(text))
    match = _SHORT.search(text)
    if match is not None:
        parts = [match[part] or match[f"{part}0"] for part in ("year", "month", "day")]
        short = _valid(_year(parts[0]), int(parts[1]), int(parts[2]))
        return (short, True) if short is not None else None
    match = _NUMERIC.search(text)
    if match is None:
        return None
    first, second, year = int(match["a"]), int(match["b"]), int(match["year"])
    # With dots the day comes first everywhere; with slashes and hyphens both orders are in use.
    if match["sep"] == "." or first > 12 or first == second:
        month, day = second, first
    elif second > 12:
        month, day = first, second
    else:
        return None
    return from_numbers(year, month, day, is_lunar=_is_lunar(text))


def _is_lunar(text: str) -> bool:
    return any(map(text.__contains__, _LUNAR_SIGNS))


_READERS: tuple[Callable[[str], tuple[date, bool] | None], ...] = (_cjk, _named, _numeric)
