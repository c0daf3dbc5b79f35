"""Benchmarks report what does not end, a load that was not held or did not overload, and what a slow stage breaks."""

from typing import Any

import pytest

from benchmarks.endurance import longest_gap
from benchmarks.load import what_failed
from benchmarks.slow_stage import report, sizing
from benchmarks.slow_stage import what_failed as what_failed_slowly
from benchmarks.stages import SAMPLES, make_records, measure
from benchmarks.workers import table
from pipeline.domain.stage import STAGES


def test_a_pause_that_does_not_end_counts_to_the_end_of_the_observation() -> None:
    assert longest_gap([1.0, 2.0], since=2.5, until=30.0) == 27.5
    assert longest_gap([1.0, 2.0, 10.0, 29.0], since=2.5, until=30.0) == 19.0
    assert longest_gap([2.0, 3.0, 4.0], since=2.5, until=4.5) == 1.0


def _found(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rate": 100,
        "capacity": 200,
        "held": {"articles": 1000, "secs": 10.0, "backlog": 50},
        "overload": {"articles": 6000, "secs": 10.0, "backlog": 3500},
        "drained": True,
    }
    for name, value in changes.items():
        found[name] = {**found[name], **value} if isinstance(value, dict) else value
    return found


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"held": {"backlog": 201}}, "not held"),
        ({"overload": {"backlog": 1999}}, "no overload"),
        ({"overload": {"secs": 40.0, "backlog": 0}}, "no overload"),
        ({"drained": False}, "not drained"),
    ],
)
def test_a_load_that_was_not_held_or_did_not_overload_fails(changes: dict[str, Any], failure: str) -> None:
    assert what_failed(_found()) == []
    (found,) = what_failed(_found(**changes))
    assert found.startswith(failure)


def test_every_stage_is_timed() -> None:
    micros = measure(make_records(SAMPLES, count=40, words=60))
    assert {*STAGES, "sign", "fold"} - {"dedupe"} <= micros.keys()
    assert min(micros.values()) > 0


def _run_of(replicas: int, **changes: Any) -> dict[str, Any]:
    return {
        "replicas": replicas,
        "capacity": 60.0 * replicas,
        "per_cpu_sec": 70.0,
        "steady_rate": 36.0,
        "p50_ms": 200,
        "p99_ms": 500,
        "burst": {"lag": 100, "recovery_secs": 3.0},
        "units": ["≤ 1", "≤ 20", "≤ 50"],
        "rebalances": 0.0,
        "memory_mib": 180,
        "probes": {"asked": 100, "failed": {}, "slowest_ms": 20},
        "stop": {"exit_code": 0, "secs": 1.0, "waiting": 10},
        "missing": 0,
        **changes,
    }


def test_replicas_are_planned_for_less_than_the_capacity() -> None:
    assert sizing([_run_of(1), _run_of(2)]) == {"10": 1, "60": 2, "200": 5, "600": 15}
    assert sizing([_run_of(2)]) == sizing([_run_of(1)])


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"probes": {"failed": {"/livez 503": 1}}}, "health checks"),
        ({"stop": {"exit_code": 1}}, "ended with 1"),
        ({"stop": {"exit_code": None}}, "ended with None"),
        ({"missing": 3}, "3 articles are missing"),
    ],
)
def test_what_a_slow_stage_breaks_fails(changes: dict[str, Any], failure: str) -> None:
    assert what_failed_slowly(_run_of(1)) == []
    (found,) = what_failed_slowly(_run_of(1, **changes))
    assert failure in found


def test_the_report_of_a_slow_stage_has_a_row_per_number_of_replicas() -> None:
    runs = [_run_of(1), _run_of(2)]
    text = report({"stage": "15 ms, sleep", "words": 300, "runs": runs, "sizing": sizing(runs)})
    assert "| 1 | 60.0 | 70.0 | 200 | 500 |" in text
    assert "| 2 | 120.0 |" in text
    assert "| 60 | 2 |" in text


def test_workers_are_compared_with_the_first_number_of_them() -> None:
    lines = table({"1": {"per_cpu_sec": 1000, "per_sec": 900}, "2": {"per_cpu_sec": 800, "per_sec": 1100}}).split("\n")
    assert lines[2:] == ["| 1 | 1,000 | 900 | 1.00 |", "| 2 | 800 | 1,100 | 1.25 |"]
