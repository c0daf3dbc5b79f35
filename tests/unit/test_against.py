"""The comparison of two commits by CPU time: what is read from a run, and what counts as slower."""

import pytest

from benchmarks.against import grown, least, parse_table, table

PRINTED = """512 articles of about 700 words
  ingest                1492 µs
  codec of a hop          50 µs
  classify               507 µs   aim 200
  all                   2049 µs   488 articles per CPU-second
"""


def test_each_part_of_a_run_is_read() -> None:
    assert parse_table(PRINTED) == {"ingest": 1492, "codec of a hop": 50, "classify": 507, "all": 2049}


def test_the_least_of_all_rounds_counts() -> None:
    assert least([{"a": 3.0, "b": 2.0, "c": 1.0}, {"a": 2.0, "b": 4.0}]) == {"a": 2.0, "b": 2.0}


@pytest.mark.parametrize(
    ("now", "slower"),
    [
        ({"ingest": 1100.0}, []),
        ({"ingest": 1200.0}, ["ingest"]),
        ({"judge": 11.0}, []),  # too short for the clock
        ({"judge": 12.0}, ["judge"]),
        ({"a new part": 5000.0}, []),
        ({}, []),
    ],
)
def test_a_part_is_slower_beyond_the_limit(now: dict[str, float], slower: list[str]) -> None:
    assert grown({"ingest": 1000.0, "judge": 1.0}, now, 1.15) == slower


def test_the_table_has_parts_that_only_one_of_both_has() -> None:
    rows = table({"a": 100.0, "gone": 5.0}, {"a": 50.0, "new": 7.0}, "0123456789ab").splitlines()[2:]
    assert rows == ["| a | 100 | 50 | 0.50 |", "| gone | 5 | – | – |", "| new | – | 7 | – |"]
