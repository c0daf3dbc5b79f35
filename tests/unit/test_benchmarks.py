"""Benchmarks report a standstill that does not end, and a load that was not held or did not overload."""

from typing import Any

import pytest

from benchmarks.endurance import longest_gap
from benchmarks.load import what_failed
from benchmarks.stages import SAMPLES, make_records, measure
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
