"""No reader of input takes more than proportionally longer for more of it, whatever the input is made of."""

import re
from collections.abc import Callable

import pytest

from benchmarks.adversarial import PIECES, pumped, pumps
from benchmarks.growth import grows_too_fast, on_strings
from benchmarks.readers import field_readers, page_readers, patterns

# A quadratic reader takes 64 times as long for the larger (16 times for pages), far from what noise makes of 8 (4).
SMALL, LARGE = 1000, 8000
# Smaller pages are left before most readers see them.
SMALL_PAGE = 2000
FIELDS = field_readers()
PAGES = page_readers()
PATTERNS = patterns()


pytestmark = pytest.mark.timeout(400)  # on a busy machine


def _too_fast(read: Callable[[str], object], small: int = SMALL) -> list[str]:
    return [piece for piece in PIECES if grows_too_fast(read, pumped(piece), small, LARGE)]


@pytest.mark.parametrize("name", FIELDS)
def test_fields(name: str) -> None:
    assert _too_fast(FIELDS[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str) -> None:
    assert _too_fast(PAGES[name], SMALL_PAGE) == []


def test_all_patterns_are_found() -> None:
    assert len(PATTERNS) > 120


@pytest.mark.parametrize("place", sorted(PATTERNS))
def test_patterns(place: str) -> None:
    """Every compiled pattern of the packages that read input, in the ways in which it is used."""
    pattern, readers = PATTERNS[place]
    too_fast = [
        pump(20)
        for read in readers
        for pump in pumps(pattern)
        if grows_too_fast(on_strings(pattern.pattern, read), pump, SMALL, LARGE)
    ]
    assert too_fast == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s+x",
        r"\s*,\s*x",
        r"\S+@\S+\.\S+",
        r"<b>.*</b>",
        r"(?:a|ab)*c",
        r"\d+(?:st|nd)",
        r"[(][^)]*[)]",
        r"(\w+) \1!",
        r"https?://\S*\.jpg",
        rb"[a-z]+:",
    ],
)
def test_superlinear_patterns_are_found(pattern: "str | bytes") -> None:
    """The strings drawn from a pattern find what they are for, at half of the other tests' sizes already."""
    compiled = re.compile(pattern, re.DOTALL)
    candidates = pumps(compiled)
    assert any(
        grows_too_fast(on_strings(compiled.pattern, compiled.findall), pump, SMALL // 2, LARGE // 2)
        for pump in candidates
    )
