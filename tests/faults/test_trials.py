"""What others may do to the topics of the pipeline, one thing after the other."""

from collections.abc import Callable

import pytest

from tests.faults.cases import TRIALS
from tests.faults.trial import Trial
from tests.harness.rows import Row
from tests.harness.wave import Site

pytestmark = [pytest.mark.kafka, pytest.mark.fault, pytest.mark.timeout(400)]


def _parameters() -> list[object]:
    return [
        pytest.param(trial, id=f"{trial.guarantee}-{trial.name}", marks=[] if trial.is_short else [pytest.mark.long])
        for trial in TRIALS
    ]


@pytest.mark.parametrize("case", _parameters())
def test_the_outcome_is_as_documented(case: Trial, one_broker: Site, report: Callable[[Row], None]) -> None:
    row, error = case.measure(one_broker)
    report(row)
    if row.failed:
        raise AssertionError(row.failed) from error
