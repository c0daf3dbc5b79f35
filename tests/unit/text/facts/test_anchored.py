import re

import pytest

from pipeline.text.facts.anchored import matches_around, places_of


@pytest.mark.parametrize(
    ("pattern", "part", "reach", "text"),
    [
        (r"[0-9]{1,4}/[0-9]{1,2}", "/", 4, "12/3 and 2026/11/29, 1/2/3/4 / 5/x 12345/6"),
        (r"(?<!\w)(\w{2,4})\s?Mr", "Mr", 5, "Ana Mr, AnnaMr AnMrMr abcde Mr Mr MrMr"),
        (r"Mr (\w+)(?: (\w+))?", "Mr", 0, "Mr Mr Mr A Mr B C Mr"),
        (r"aa", "aa", 0, "aaaaa aaa"),
    ],
)
def test_matches_around_what_they_contain_are_those_of_a_search(pattern: str, part: str, reach: int, text: str) -> None:
    compiled = re.compile(pattern)
    expected = [found.span() for found in compiled.finditer(text)]

    found = [match.span() for match in matches_around(compiled, text, places_of(part, text), reach)]

    assert expected
    assert found == expected


def test_occurrences_of_a_string_may_overlap() -> None:
    assert list(places_of("aa", "aaab aa")) == [0, 1, 5]
