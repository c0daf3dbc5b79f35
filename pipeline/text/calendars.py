"""Dates of the calendars that news is dated in, as days of the Gregorian calendar."""

from datetime import date, timedelta

from msgspec import Struct

__all__ = ["CalendarParams", "from_buddhist", "from_hijri", "from_jalali", "from_numbers"]


class CalendarParams(Struct, frozen=True, kw_only=True):
    """Which years are read in which calendar."""

    jalali_years: range = range(1206, 1499)
    """Solar Hijri years for which the arithmetic leap rule is exact: AD 1827 to 2119."""
    hijri_years: range = range(1200, 1601)
    """Lunar Hijri years of newspapers: AD 1785 to 2174."""
    buddhist_years: range = range(2400, 2701)
    """Buddhist years of newspapers: AD 1857 to 2157."""
    solar_numbers: range = range(1300, 1421)
    """Years of dates in numbers alone that are read as Solar Hijri ones, AD 1921 to 2041; as lunar ones they would be
    long before newspapers' archives."""
    lunar_numbers: range = range(1421, 1500)
    """Years of dates in numbers alone that are read as lunar Hijri ones, AD 2000 to 2076; as solar ones they would be
    in the future."""


_PARAMS = CalendarParams()

# Facts of the calendars. Of every 33 years these are leap years of the Solar Hijri calendar, in its arithmetic form.
_JALALI_LEAP = frozenset({1, 5, 9, 13, 17, 22, 26, 30})
# 1 Farvardin 1399 was 20 March 2020.
_NOWRUZ_1399 = date(2020, 3, 20)
# 1 Muharram 1 in the tabular calendar, civil epoch.
_HIJRA = date(622, 7, 19)
_BUDDHIST_OFFSET = 543


def _is_jalali_leap(year: int) -> bool:
    return year % 33 in _JALALI_LEAP


def from_jalali(year: int, month: int, day: int) -> date | None:
    """Return the day of a Solar Hijri (Iranian, Afghan) date, or None when there is no such date."""
    if year not in _PARAMS.jalali_years or not 1 <= month <= 12:
        return None
    length = 31 if month <= 6 else 30 if month < 12 or _is_jalali_leap(year) else 29
    if not 1 <= day <= length:
        return None
    first, last, sign = (1399, year, 1) if year >= 1399 else (year, 1399, -1)
    days = sum(365 + _is_jalali_leap(between) for between in range(first, last))
    days_before = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    return _NOWRUZ_1399 + timedelta(days=sign * days + days_before + day - 1)


def from_hijri(year: int, month: int, day: int) -> date | None:
    """Return the day of a lunar Hijri date, which observation may shift by two days, or None without such a date."""
    if year not in _PARAMS.hijri_years or not 1 <= month <= 12 or not 1 <= day <= 30:
        return None
    days = (year - 1) * 354 + (3 + 11 * year) // 30 + (59 * (month - 1) + 1) // 2 + day - 1
    return _HIJRA + timedelta(days=days)


def from_numbers(year: int, month: int, day: int, *, is_lunar: bool = False) -> tuple[date, bool] | None:
    """Return the day of a date in numbers, in the calendar that its year belongs to, and whether it is exact.

    `is_lunar` is whether the text marks it as a lunar Hijri date.
    """
    if year in _PARAMS.lunar_numbers or (is_lunar and year in _PARAMS.solar_numbers):
        found, exact = from_hijri(year, month, day), False
    elif year in _PARAMS.solar_numbers:
        found, exact = from_jalali(year, month, day), True
    else:
        try:
            found, exact = date(from_buddhist(year) or year, month, day), True
        except ValueError:
            return None
    return (found, exact) if found is not None else None


def from_buddhist(year: int) -> int | None:
    """Return the Gregorian year of a Buddhist one, or None when it is none."""
    return year - _BUDDHIST_OFFSET if year in _PARAMS.buddhist_years else None
