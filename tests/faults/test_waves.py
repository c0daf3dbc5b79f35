"""Faults one after the other on fleets that keep running: nothing lost anywhere, nothing doubled in exactly_once."""

from collections.abc import Callable

import pytest

from tests.faults.conditions import CONDITION_FAULTS
from tests.faults.conftest import Stand
from tests.faults.processes import EXACTLY_ONCE_ONLY, PROCESS_FAULTS
from tests.harness.wave import Fault, Row

Report = Callable[[Row], None]
pytestmark = [pytest.mark.kafka, pytest.mark.fault, pytest.mark.timeout(400)]

ONCE, LEAST = "exactly_once", "at_least_once"
SHORT = {"SIGKILL between outputs and offsets", "SIGSTOP with a transaction open", "broker SIGKILL"}
# What these do to a worker does not depend on how it commits.
NOT_AT_LEAST_ONCE = {
    "network latency 150 ms",
    "network 200 kB/s",
    "slow stage",
    "misrouted records",
    "duplicate delivery",
}
IN_FIVE_AT_LEAST_ONCE = {
    "SIGKILL, work in progress",
    "SIGKILL between outputs and offsets",
    "SIGSTOP past the session",
    "broker SIGKILL",
    "network partition",
    "rebalance storm",
}


def _cases() -> list[object]:
    both = (*PROCESS_FAULTS, *CONDITION_FAULTS)
    cases = [((topology, ONCE), fault) for topology in ("one", "five") for fault in (*both, *EXACTLY_ONCE_ONLY)]
    cases += [(("one", LEAST), fault) for fault in both if fault.name not in NOT_AT_LEAST_ONCE]
    cases += [(("five", LEAST), fault) for fault in both if fault.name in IN_FIVE_AT_LEAST_ONCE]
    return [
        pytest.param(
            stand,
            fault,
            id=f"{'-'.join(stand)}-{fault.name}",
            marks=[] if stand == ("one", ONCE) and fault.name in SHORT else [pytest.mark.long],
        )
        for stand, fault in cases
    ]


@pytest.mark.parametrize(("stand", "fault"), _cases(), indirect=["stand"])
def test_a_fault_loses_nothing(stand: Stand, fault: Fault, report: Report) -> None:
    row = stand.run(fault)
    report(row)
    assert row.lost == 0
    assert row.duplicated == 0 or row.guarantee == LEAST
