"""Find the dates that a text names, in its own words, so that another date is noticed."""

import re
from collections.abc import Mapping, Sequence
from itertools import compress, count
from typing import Final

from pipeline.text.facts.anchored import matches_around, places_of
from pipeline.text.wordlists import load_words

__all__ = ["DATE_WORDS", "named_dates"]

_MONTHS: Final = load_words("months")
_NAMES: Final = frozenset(
    name
    for calendar in ("gregorian", "jalali", "hijri")
    for months in _MONTHS[calendar]
    for names in months
    for name in names.split("|")
)
_WEEKDAYS: Final = frozenset(
    name for names in _MONTHS["weekdays"] for name in names.split("|") if len(name) > len("tues")
)
"""Without abbreviations, which are ordinary words in other languages."""
_DIGITS: Final = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}")
_WITHIN_DIGITS: Final = tuple(re.compile(rf"{sign}(?=[0-9]{{1,2}}[./-][0-9])") for sign in (r"\.", "/", "-"))
"""What every such date contains. A pattern that begins with one sign is searched for many times as fast."""
_BEFORE_DIGITS: Final = 4
"""The most characters of such a date before that."""
DATE_WORDS: Final = _NAMES | _WEEKDAYS
"""Words by which dates are found."""
_SIGNS: Final = re.compile(
    r"(?:\d{1,4}年)?\d{1,2}月(?:\d{1,2}日)?|\d{1,2}월 ?\d{1,2}일"
    r"|星期[一二三四五六日天]|[周週][一二三四五六日]|[月火水木金土日]曜|[월화수목금토일]요일"
)
_SIGNED: Final = ("月", "曜", "周", "週", "星期", "월", "요일")
"""Each date of `_SIGNS` has one of these in it."""
_SIGNED_BYTES: Final = frozenset(sign.encode()[0] for sign in _SIGNED)
"""Their first bytes in UTF-8. A byte is found many times as fast as a character."""
_BEFORE_SIGN: Final = 7
"""The most characters before that: four digits, a sign, two digits."""
_BEFORE: Final = re.compile(r"[\d年月火水木金土日월화수목금토일]*")
"""Those that stand before it in a date."""
_REACH: Final = 2
"""Words around a month among which its day and year stand: "March 3", "3 de marzo"."""


def named_dates(words: Sequence[str], counts: Mapping[str, int], text: str) -> frozenset[str]:
    """Return the distinct dates of a text: months with the numbers beside them, weekdays, and dates in digits.

    Args:
        words: Its words.
        counts: How often each of them occurs, case-folded; of those in `DATE_WORDS` at least.
        text: The text, in any case.
    """
    telling = DATE_WORDS.intersection(counts)
    found = _in_digits(text)
    if not text.isascii():
        found |= _in_signs(text)
    found |= _WEEKDAYS & telling
    months = _NAMES & telling
    if not months:
        return frozenset(found)
    spelt = {form: month for month in months for form in (month, month.capitalize(), month.upper())}
    for place in compress(count(), map(spelt.__contains__, words)):
        near = words[max(0, place - _REACH) : place + _REACH + 1]
        numbers = [other for other in near if other.isdigit()]
        if numbers:
            found.add(" ".join([spelt[words[place]], *numbers]))
    return frozenset(found)


def _in_digits(text: str) -> set[str]:
    places = sorted([found.start() for within in _WITHIN_DIGITS for found in within.finditer(text)])
    return {found[0] for found in matches_around(_DIGITS, text, places, _BEFORE_DIGITS)}


def _in_signs(text: str) -> set[str]:
    data = text.encode("utf-8", "surrogatepass")
    if not any(map(data.__contains__, _SIGNED_BYTES)):
        return set()
    places = sorted([place for sign in _SIGNED if sign in text for place in places_of(sign, text)])
    return {found[0] for found in matches_around(_SIGNS, text, places, _BEFORE_SIGN, _BEFORE)}
