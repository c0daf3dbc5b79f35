"""Find the dates that a text names, in its own words, so that another date is noticed."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from pipeline.text.wordlists import load_words

__all__ = ["named_dates"]

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
_WITHIN_DIGITS: Final = tuple(re.compile(rf"{sign}[0-9]{{1,2}}[./-][0-9]") for sign in (r"\.", "/", "-"))
"""What every such date contains. A pattern that begins with one sign is searched for many times as fast."""
_TELLING: Final = _NAMES | _WEEKDAYS
"""Together, so that the words of a text are gone through once."""
_SIGNS: Final = re.compile(
    r"(?:\d{1,4}年)?\d{1,2}月(?:\d{1,2}日)?|\d{1,2}월 ?\d{1,2}일"
    r"|星期[一二三四五六日天]|[周週][一二三四五六日]|[月火水木金土日]曜|[월화수목금토일]요일"
)
_SIGNED: Final = ("月", "曜", "周", "週", "星期", "월", "요일")
"""A text without any of these has no date in `_SIGNS`, which saves its search."""
_REACH: Final = 2
"""Words around a month among which its day and year stand: "March 3", "3 de marzo"."""


def named_dates(words: Sequence[str], counts: Counter[str], text: str) -> frozenset[str]:
    """Return the distinct dates of a text: months with the numbers beside them, weekdays, and dates in digits.

    Args:
        words: Its words.
        counts: How often each of them occurs, case-folded.
        text: The text, case-folded.
    """
    telling = _TELLING.intersection(counts)
    found = set(_DIGITS.findall(text)) if any(within.search(text) for within in _WITHIN_DIGITS) else set()
    if not text.isascii() and any(map(text.__contains__, _SIGNED)):
        found.update(_SIGNS.findall(text))
    found |= _WEEKDAYS & telling
    months = _NAMES & telling
    if not months:
        return frozenset(found)
    spelt = {form: month for month in months for form in (month, month.capitalize(), month.upper())}
    for place in [place for place, word in enumerate(words) if word in spelt]:
        near = words[max(0, place - _REACH) : place + _REACH + 1]
        numbers = [other for other in near if other.isdigit()]
        if numbers:
            found.add(" ".join([spelt[words[place]], *numbers]))
    return frozenset(found)
