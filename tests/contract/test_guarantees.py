"""The page of guarantees shows what the fault suite measured, and what was measured keeps the promise."""

import json
from pathlib import Path

import pytest

from scripts import generate_guarantees

ROWS = json.loads(generate_guarantees.RESULTS.read_bytes())

BROKER_MAY_TEAR = "disk of the broker full"  # docs/guarantees.md says what Kafka does then


def test_the_table_is_what_was_measured() -> None:
    assert generate_guarantees.main(["--check"]) == 0


def test_nothing_was_lost_and_nothing_doubled_in_exactly_once() -> None:
    assert sum(row["inputs"] for row in ROWS) > 50_000
    assert {row["lost"] for row in ROWS} == {0}
    once = [row for row in ROWS if row["guarantee"] == "exactly_once" and row["fault"] != BROKER_MAY_TEAR]
    assert {row["duplicated"] for row in once} == {0}
    assert all(row["proof"] for row in ROWS)


def test_a_stale_table_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "guarantees.md"
    stale = generate_guarantees.guarantees_page(generate_guarantees.PAGE.read_text("utf-8"), ROWS[1:])
    page.write_text(stale, "utf-8")
    monkeypatch.setattr(generate_guarantees, "PAGE", page)
    assert generate_guarantees.main(["--check"]) == 1
    assert generate_guarantees.main([]) == 0
    assert generate_guarantees.main(["--check"]) == 0
