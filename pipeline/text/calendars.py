"""Calendars that news is dated in, to days of the Gregorian one."""

from datetime import date, timedelta

__all__ = ["from_buddhist", "from_hijri", "from_jalali", "from_numbers"]

# Of every 33 years these are leap: the arithmetic form of the Solar Hijri calendar, exact for 1206 to 1498 (AD 1827 to
# 2119).
_JALALI_LEAP = frozenset({1, 5, 9, 13, 17, 22, 26, 30})
_JALALI_YEARS = range(1206, 1499)
# 1 Farvardin 1399 was 20 March 2020.
_NOWRUZ_1399 = date(2020, 3, 20)
# 1 Muharram 1 in the tabular calendar, civil epoch.
_HIJRA = date(622, 7, 19)
_HIJRI_YEARS = range(1200, 1601)
_BUDDHIST_OFFSET = 543
_BUDDHIST_YEARS = range(2400, 2701)
# Where nothing but numbers says which calendar it is: 1300 to 1420 are AD 1921 to 2041 in the solar one, 1421 to 1499
# are 2000 to 2076 in the lunar one; in the other they would be long before newspapers' archives or in the future.
_SOLAR_NUMBERS = range(1300, 1421)
_LUNAR_NUMBERS = range(1421, 1500)


def _is_jalali_leap(year: int) -> bool:
    return year % 33 in _JALALI_LEAP


def from_jalali(year: int, month: int, day: int) -> date | None:
    """Return the day of a Solar Hijri (Iranian, Afghan) date, or None when there is no such date."""
    if year not in _JALALI_YEARS or not 1 <= month <= 12:
        return None
    length = 31 if month <= 6 else 30 if month < 12 or _is_jalali_leap(year) else 29
    if not 1 <= day <= length:
        return None
    first, last, sign = (1399, year, 1) if year >= 1399 else (year, 1399, -1)
    days = sum(365 + _is_jalali_leap(between) for between in range(first, last))
    days_before = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    return _NOWRUZ_1399 + timedelta(days=sign * days + days_before + day - 1)


def from_hijri(year: int, month: int, day: int) -> date | None:
    """Return about the day of a lunar Hijri date: observation may shift it by a day or two."""
    if year not in _HIJRI_YEARS or not 1 <= month <= 12 or not 1 <= day <= 30:
        return None
    days = (year - 1) * 354 + (3 + 11 * year) // 30 + (59 * (month - 1) + 1) // 2 + day - 1
    return _HIJRA + timedelta(days=days)


def from_numbers(year: int, month: int, day: int, *, is_lunar: bool = False) -> tuple[date, bool] | None:
    """Return the day of a date in numbers, in the calendar that its year tells, and whether it is exact.

    `is_lunar` says that something calls it a lunar Hijri date.
    """
    if year in _LUNAR_NUMBERS or (is_lunar and year in _SOLAR_NUMBERS):
        found, exact = from_hijri(year, month, day), False
    elif year in _SOLAR_NUMBERS:
        found, exact = from_jalali(year, month, day), True
    else:
        try:
            found, exact = date(from_buddhist(year) or year, month, day), True
        except ValueError:
            return None
    return (found, exact) if found is not None else None


def from_buddhist(year: int) -> int | None:
    """Return the Gregorian year of a Buddhist one, or None when it is none."""
    return year - _BUDDHIST_OFFSET if year in _BUDDHIST_YEARS else None
