"""A source that sends most of what is read is noticed, by its share and in the log."""

from typing import Any

import pytest

from pipeline.observability import source_shares
from pipeline.observability.source_shares import SourceShareParams, SourceShares


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    info = warning


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    found = Log()
    monkeypatch.setattr(source_shares, "log", found)
    return found


def test_a_flood_is_logged_when_it_begins_and_when_it_ends(log: Log) -> None:
    shares = SourceShares(SourceShareParams(window_articles=100, least_articles=50))
    shares.add({f"{number}.example": 1 for number in range(40)})
    assert shares.largest == 0.0, "too few"
    for _ in range(5):
        shares.add({"flood.example": 30, "a.example": 2, "b.example": 2})
    assert shares.largest > 0.7
    for _ in range(9):
        shares.add({f"{number}.example": 1 for number in range(40)})
    assert shares.largest < 0.3
    assert [(event, fields["source"]) for event, fields in log.lines] == [
        ("source_floods", "flood.example"),
        ("source_floods_no_more", "flood.example"),
    ]


def test_the_number_of_sources_that_are_counted_is_bounded(log: Log) -> None:
    shares = SourceShares(SourceShareParams(window_articles=100, least_articles=50))
    for number in range(1000):
        shares.add({f"{number}-{place}.example": 1 for place in range(10)})
    assert len(shares._counts) <= 110
    assert log.lines == []
