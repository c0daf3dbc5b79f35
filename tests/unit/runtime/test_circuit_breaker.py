"""The circuit breaker opens before a commit, for a share of recent records or a stage that lets nothing pass."""

import pytest

from pipeline.domain.outcome import RejectReason
from pipeline.domain.stage import StageName
from pipeline.runtime.circuit_breaker import CircuitBreaker, CircuitBreakerError
from pipeline.settings import CircuitBreakerSettings
from pipeline.stages.counts import StageCounts

WORKS = StageCounts(100, 100, {}, {})


def failing(unexpected: int, *, emitted: int = 0, repeats: int = 0) -> StageCounts:
    rejected: dict[RejectReason, int] = {"unexpected": unexpected}
    return StageCounts(unexpected + emitted + repeats, emitted, {"repeat": repeats} if repeats else {}, rejected)


def dead_letters(circuit_breaker: CircuitBreaker, unit: int, units: int = 200) -> int:
    """Return how many records become dead letters before the circuit breaker opens for a stage that fails on all."""
    for done in range(units):
        try:
            circuit_breaker.check(unit, {"ingest": WORKS, "classify": failing(unit)})
        except CircuitBreakerError:
            return done * unit
    raise AssertionError("the circuit breaker never opened")


@pytest.mark.parametrize("unit", [1, 5, 9, 10, 20, 49, 99, 1000])
def test_a_stage_that_fails_on_all_costs_fewer_than_ten_dead_letters(unit: int) -> None:
    assert dead_letters(CircuitBreaker(CircuitBreakerSettings()), unit) < 10


@pytest.mark.parametrize("proof", [failing(0, emitted=1), failing(0, repeats=1), failing(9, emitted=1)])
def test_a_stage_that_let_something_pass_is_judged_by_its_share(proof: StageCounts) -> None:
    circuit_breaker = CircuitBreaker(CircuitBreakerSettings(share=0.5, window_records=1000, min_records=100))
    circuit_breaker.check(10, {"classify": proof})
    circuit_breaker.check(20, {"classify": failing(20)})
    with pytest.raises(CircuitBreakerError, match="of the last"):
        circuit_breaker.check(70, {"classify": failing(60)})


def test_a_stage_is_no_proof_for_the_next() -> None:
    circuit_breaker = CircuitBreaker(CircuitBreakerSettings())
    circuit_breaker.check(1000, {"classify": WORKS, "publish": failing(9)})
    with pytest.raises(CircuitBreakerError, match="passed publish"):
        circuit_breaker.check(1, {"classify": WORKS, "publish": failing(1)})


def test_bad_input_is_not_our_fault() -> None:
    circuit_breaker = CircuitBreaker(CircuitBreakerSettings())
    for _ in range(100):
        circuit_breaker.check(100, {"ingest": StageCounts(100, 0, {}, {"invalid_json": 100})})


def test_old_records_leave_the_window() -> None:
    circuit_breaker = CircuitBreaker(CircuitBreakerSettings(share=0.5, window_records=100, min_records=100))
    stage: StageName = "ingest"
    circuit_breaker.check(40, {stage: failing(40, emitted=1)})
    circuit_breaker.check(60, {stage: WORKS})
    circuit_breaker.check(50, {stage: failing(50)})
    with pytest.raises(CircuitBreakerError):
        circuit_breaker.check(50, {stage: failing(50)})
