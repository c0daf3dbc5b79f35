"""Dates that a text names."""

from collections import Counter

import pytest

from pipeline.text.facts.named_dates import named_dates
from pipeline.text.facts.words import words_of


def _dates(text: str) -> frozenset[str]:
    words = words_of(text)
    return named_dates(words, Counter(map(str.casefold, words)), text.casefold())


@pytest.mark.parametrize("text", ["on 3.12.2025", "(2025-12-03)", "ref a3/1/25b", "2025/1/03, again"])
def test_a_date_in_digits_is_found_whatever_is_around_it(text: str) -> None:
    assert len(_dates(text)) == 1


@pytest.mark.parametrize("text", ["12 people, 3.5 per cent", "1.2", "call 555-12", "2025-123-4"])
def test_other_numbers_are_no_dates(text: str) -> None:
    assert not _dates(text)


def test_a_month_has_the_numbers_beside_it() -> None:
    assert _dates("On March 3 and on 4 march 2025") == {"march 3", "march 4 2025"}
