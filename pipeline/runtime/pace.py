"""The size of a unit of work, from the time that the stages took for the units before.

Units have to end soon: the next commit, a rebalance and a stop wait for the unit that is being worked on. A stage costs
from 10 µs to 60 ms an article, so no fixed number of records suits all of them.

The cost is measured per record and not per byte: the slow stages read no more than the beginning of a text, and where
the cost follows the size (`ingest`), the bound on the bytes of a unit applies too.
"""

from msgspec import Struct

__all__ = ["Pace", "PaceParams"]


class PaceParams(Struct, frozen=True):
    """How a unit's size follows the measured time. None of these numbers affects what comes out."""

    first_records: int = 32
    """Size of the first unit, when nothing was measured yet: half a second of an encoder of 15 ms an article, two
    seconds of the slowest stage known (60 ms). Smaller ones would hide from the circuit breaker that all records fail.
    """
    growth: float = 2.0
    """A unit has at most this many times the records of the limit before: a few cheap articles do not make a unit huge.
    From the first unit to 1,000 records it takes five units.
    """
    shrink: float = 8.0
    """The limit falls to no less than this part of the one before: a pause of the process, which looks like slow
    articles, costs some small units. A real change by a factor of 1,000 is followed within four units.
    """
    remembered_units: float = 2.0
    """Earlier records count as at most this many units of the present limit, so a full unit has at least a third of the
    weight. That levels out the differences between articles; single articles that arrive one by one weigh little.
    """


class Pace:
    """Limits the records of the next unit so that the stages take about the target time for it."""

    def __init__(self, target_secs: float, max_records: int, params: PaceParams | None = None) -> None:
        """Begin with a small unit.

        Args:
            target_secs: Time that the stages should take for one unit, in seconds.
            max_records: The limit never exceeds this number.
            params: How the limit follows the measured time.
        """
        self._target_secs = target_secs
        self._max_records = max_records
        self._params = params or PaceParams()
        self._limit = min(float(self._params.first_records), float(max_records))
        self._secs = 0.0
        self._records = 0.0

    @property
    def records(self) -> int:
        """Most records of the next unit, from 1 to `max_records`."""
        return int(self._limit)

    def measured(self, records: int, secs: float) -> None:
        """Adapt to a unit: the number of its records, and the seconds that the stages took for them."""
        if records < 1:
            return
        params = self._params
        kept = min(1.0, params.remembered_units * self._limit / self._records) if self._records else 0.0
        self._secs = kept * self._secs + max(0.0, secs)
        self._records = kept * self._records + records
        most = self._limit * params.growth
        fitting = self._target_secs * self._records / self._secs if self._secs > 0 else most
        least = max(1.0, self._limit / params.shrink)
        self._limit = min(max(fitting, least), most, float(self._max_records))
