"""The brake acts before a commit: on the share of recent records, and early on a stage that lets nothing pass."""

import pytest

from pipeline.domain.outcome import RejectReason
from pipeline.runtime.brake import Brake, BrakeError
from pipeline.settings import BrakeSettings
from pipeline.stages.counts import StageCounts
from pipeline.stages.protocol import StageName

WORKS = StageCounts(100, 100, {}, {})


def failing(unexpected: int, *, emitted: int = 0, repeats: int = 0) -> StageCounts:
    rejected: dict[RejectReason, int] = {"unexpected": unexpected}
    return StageCounts(unexpected + emitted + repeats, emitted, {"repeat": repeats} if repeats else {}, rejected)


def dead_letters(brake: Brake, unit: int, units: int = 200) -> int:
    """Return how many records become dead letters before the brake acts on a stage that fails on all."""
    for done in range(units):
        try:
            brake.check(unit, {"ingest": WORKS, "classify": failing(unit)})
        except BrakeError:
            return done * unit
    raise AssertionError("the brake never acted")


@pytest.mark.parametrize("unit", [1, 5, 9, 10, 20, 49, 99, 1000])
def test_a_stage_that_fails_on_all_costs_fewer_than_ten_dead_letters(unit: int) -> None:
    assert dead_letters(Brake(BrakeSettings()), unit) < 10


@pytest.mark.parametrize("proof", [failing(0, emitted=1), failing(0, repeats=1), failing(9, emitted=1)])
def test_a_stage_that_let_something_pass_is_judged_by_its_share(proof: StageCounts) -> None:
    brake = Brake(BrakeSettings(share=0.5, window_records=1000, min_records=100))
    brake.check(10, {"classify": proof})
    brake.check(20, {"classify": failing(20)})
    with pytest.raises(BrakeError, match="of the last"):
        brake.check(70, {"classify": failing(60)})


def test_a_stage_is_no_proof_for_the_next() -> None:
    brake = Brake(BrakeSettings())
    brake.check(1000, {"classify": WORKS, "publish": failing(9)})
    with pytest.raises(BrakeError, match="passed publish"):
        brake.check(1, {"classify": WORKS, "publish": failing(1)})


def test_bad_input_is_not_our_fault() -> None:
    brake = Brake(BrakeSettings())
    for _ in range(100):
        brake.check(100, {"ingest": StageCounts(100, 0, {}, {"invalid_json": 100})})


def test_old_records_leave_the_window() -> None:
    brake = Brake(BrakeSettings(share=0.5, window_records=100, min_records=100))
    stage: StageName = "ingest"
    brake.check(40, {stage: failing(40, emitted=1)})
    brake.check(60, {stage: WORKS})
    brake.check(50, {stage: failing(50)})
    with pytest.raises(BrakeError):
        brake.check(50, {stage: failing(50)})
