"""One fault after the other on running fleets: nothing is lost, and nothing is doubled in exactly_once."""

from collections.abc import Callable

import pytest

from tests.faults.cases import CASES, SHORT, Case
from tests.faults.stands import Stand
from tests.harness.rows import Row

pytestmark = [pytest.mark.kafka, pytest.mark.fault, pytest.mark.timeout(400)]


def _parameters() -> list[object]:
    return [
        pytest.param(
            case.stand,
            case,
            id=f"{case.topology}-{case.guarantee}-{case.fault.name}",
            marks=[] if SHORT.intersection(case.keys) else [pytest.mark.long],
        )
        for case in CASES
    ]


# The explicit scope is needed: without it, pytest would start a stand for every case.
@pytest.mark.parametrize(("stand", "case"), _parameters(), indirect=["stand"], scope="session")
def test_a_fault_loses_nothing(stand: Stand, case: Case, report: Callable[[Row], None]) -> None:
    stand.run(case.fault, report)
