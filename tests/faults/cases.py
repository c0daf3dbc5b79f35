"""The cases of the suite: fault, topology and guarantee. Each has a row in the table of docs/guarantees.md."""

from typing import Literal

from msgspec import Struct

from pipeline.settings import Guarantee
from tests.faults.brokers_lost import CUT_FAULTS, THREE_BROKER_FAULTS
from tests.faults.conditions import CONDITION_FAULTS
from tests.faults.dedup_state import DEDUP_STATE_FAULTS
from tests.faults.foreign_producers import FOREIGN_PRODUCERS
from tests.faults.hostile_input import HOSTILE_INPUT
from tests.faults.killers import KILLER_FAULTS
from tests.faults.limits import LONG_SESSION, ONLY_COPY
from tests.faults.processes import PROCESS_FAULTS
from tests.faults.slow_network import SLOW_NETWORK
from tests.faults.topics_replaced import TOPICS_REPLACED
from tests.faults.trial import Trial
from tests.harness.fleet import Topology
from tests.harness.rows import Key
from tests.harness.wave import Fault

__all__ = ["CASES", "KEYS", "SHORT", "TRIALS", "Case"]

Place = Literal["one broker", "three brokers", "only copy", "long session"]
GUARANTEES: tuple[Guarantee, ...] = ("exactly_once", "at_least_once")


class Case(Struct, frozen=True):
    """One fault on one fleet."""

    fault: Fault
    place: Place
    topology: Topology
    guarantee: Guarantee

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of its rows."""
        names = (self.fault.name, self.fault.also) if self.fault.also else (self.fault.name,)
        return tuple((name, self.topology, self.guarantee) for name in names)

    @property
    def stand(self) -> tuple[Place, Topology, Guarantee]:
        """The fleet it runs on."""
        return self.place, self.topology, self.guarantee


_FAULTS: tuple[tuple[Place, tuple[Fault, ...]], ...] = (
    ("one broker", (*KILLER_FAULTS, *PROCESS_FAULTS, *CONDITION_FAULTS, *DEDUP_STATE_FAULTS, *CUT_FAULTS)),
    ("three brokers", THREE_BROKER_FAULTS),
    ("only copy", (ONLY_COPY,)),
    ("long session", (LONG_SESSION,)),
)
CASES: tuple[Case, ...] = tuple(
    Case(fault, place, topology, guarantee)
    for place, faults in _FAULTS
    for guarantee in GUARANTEES
    for topology in ("one", "five")
    for fault in faults
    if topology in fault.topologies(guarantee)
)
TRIALS: tuple[Trial, ...] = (*HOSTILE_INPUT, *TOPICS_REPLACED, *SLOW_NETWORK, *FOREIGN_PRODUCERS)
KEYS = frozenset([key for case in CASES for key in case.keys] + [key for trial in TRIALS for key in trial.keys])

_BETWEEN = "SIGKILL between outputs and offsets"
SHORT: frozenset[Key] = frozenset(
    {
        (_BETWEEN, "one", "exactly_once"),
        ("SIGSTOP with a transaction open", "one", "exactly_once"),
        ("broker SIGKILL", "one", "exactly_once"),
        (_BETWEEN, "five", "exactly_once"),
        (_BETWEEN, "one", "at_least_once"),
        (_BETWEEN, "five", "at_least_once"),
        ("records that kill their worker", "one", "exactly_once"),
    }
)
"""The cases that CI always runs."""
