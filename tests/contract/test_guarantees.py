"""The page of guarantees shows what the fault suite measured and what it did not; only what is known fails."""

from pathlib import Path

import msgspec
import pytest

from scripts import generate_guarantees
from tests.faults.cases import CASES, KEYS, SHORT, TRIALS
from tests.faults.limits import ONLY_COPY
from tests.harness.rows import Measured, Row, drop, load, save, save_time

MEASURED = load(generate_guarantees.RESULTS)
LIMIT_SECS = 1800  # what `make test-faults` allows


def row(fault: str, topology: str = "one", **more: object) -> Row:
    plain = {"fault": fault, "topology": topology, "guarantee": "exactly_once", "proof": "it hit", "commit": "abc"}
    numbers = dict.fromkeys(("inputs", "lost", "duplicated", "restarts", "peak_mib"), 0)
    return msgspec.convert({**plain, **numbers, "recovery_secs": 1.0, **more}, Row)


def test_the_table_is_what_was_measured() -> None:
    assert generate_guarantees.main(["--check"]) == 0


def test_a_row_is_of_a_case_and_the_page_names_the_cases_without() -> None:
    found = {row.key for row in MEASURED.rows}
    assert found <= KEYS
    assert len(MEASURED.rows) == len(found)
    named = generate_guarantees.missing(msgspec.to_builtins(MEASURED))
    for fault, topology, guarantee in KEYS - found:
        assert any(line.startswith(f"- {guarantee}, {topology}:") and fault in line for line in named.splitlines())


def test_a_whole_run_stays_within_its_time_and_is_of_one_commit() -> None:
    if MEASURED.total_secs is not None:
        assert len({row.commit for row in MEASURED.rows}) == 1
        assert MEASURED.total_secs <= LIMIT_SECS
        assert {row.key for row in MEASURED.rows} == KEYS


def test_nothing_was_lost_and_nothing_doubled_in_exactly_once() -> None:
    assert sum(row.inputs for row in MEASURED.rows) > 50_000
    assert not [row.key for row in MEASURED.rows if row.failed]
    assert {row.lost for row in MEASURED.rows} == {0}
    once = [row for row in MEASURED.rows if row.guarantee == "exactly_once"]
    assert {row.duplicated for row in once} == {0}
    assert all(row.proof for row in MEASURED.rows)


def test_every_fault_is_tried_with_both_guarantees_and_in_both_topologies() -> None:
    trials = {trial.name for trial in TRIALS}  # of topics, which one service shows as well as five
    transactions = {key[0] for key in KEYS if "commit" in key[0] or "transaction" in key[0]} | {ONLY_COPY.name}
    for fault in {key[0] for key in KEYS}:
        found = {(topology, guarantee) for name, topology, guarantee in KEYS if name == fault}
        if fault not in transactions:
            assert {guarantee for _, guarantee in found} == {"exactly_once", "at_least_once"}, fault
        if "long session" not in fault and fault not in trials and fault != ONLY_COPY.name and "↔" not in fault:
            assert {("one", "exactly_once"), ("five", "exactly_once")} <= found, fault
    assert KEYS >= SHORT


def test_no_case_makes_the_row_of_another() -> None:
    assert sum(len(case.keys) for case in CASES) + len(TRIALS) == len(KEYS)


def test_a_stale_table_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "guarantees.md"
    measured = msgspec.to_builtins(MEASURED)
    stale = generate_guarantees.guarantees_page(
        generate_guarantees.PAGE.read_text("utf-8"), {**measured, "rows": measured["rows"][1:]}
    )
    page.write_text(stale, "utf-8")
    monkeypatch.setattr(generate_guarantees, "PAGE", page)
    assert generate_guarantees.main(["--check"]) == 1
    assert generate_guarantees.main([]) == 0
    assert generate_guarantees.main(["--check"]) == 0


def test_a_failure_is_shown() -> None:
    measured = msgspec.to_builtins(Measured(total_secs=60, rows=[row("broker SIGKILL", lost=3, failed="lost 3")]))
    page = generate_guarantees.guarantees_page(f"{generate_guarantees.BEGIN}{generate_guarantees.END}", measured)
    assert "| 3 |" in page
    assert "**failed: lost 3** it hit" in page
    assert "1 failed" in page


def test_what_is_measured_again_is_dropped_first_and_so_is_what_there_is_no_more(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    for name in ("storm", "gone", "kept"):
        save(file, row(name))
    save_time(file, 1000.4)
    assert load(file).total_secs == 1000
    drop(file, {("storm", "one", "exactly_once")}, {row(name).key for name in ("storm", "kept")})
    assert [found.fault for found in load(file).rows] == ["kept"]
    assert load(file).total_secs is None
    save(file, row("kept", lost=2))
    assert [found.lost for found in load(file).rows] == [2]
