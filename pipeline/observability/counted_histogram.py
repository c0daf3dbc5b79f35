"""A histogram that takes all values of a unit of work at once, at a fraction of the cost of observing each.

Observing each would cost 2 us and more, growing with the number of buckets. A sample of each unit would be cheap, but
wrong: one of a unit of a thousand records would weigh no more than one of sixteen.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from prometheus_client import Histogram

__all__ = ["CountedHistogram", "geometric"]


class CountedHistogram(Histogram):
    """A `prometheus_client` histogram with `observe_all`."""

    def observe_all(self, values: Sequence[float]) -> None:
        """Count every value, in any unit the buckets have; negative ones, of clocks that differ, count as zero."""
        self._raise_if_not_observable()  # type: ignore[no-untyped-call]  # the library has no types here
        found = [max(0.0, value) for value in values]
        for index, number in Counter([bisect_left(self._upper_bounds, value) for value in found]).items():
            self._buckets[index].inc(number)
        self._sum.inc(math.fsum(found))


def geometric(first: float, last: float, per_decade: int) -> tuple[float, ...]:
    """Return bucket bounds from `first` to `last`, so many per factor of ten, rounded to four digits.

    A quantile read from such buckets is off by at most one step: 9.6 % with 25 per decade.
    """
    steps = math.ceil(math.log10(last / first) * per_decade)
    bounds = [float(f"{first * 10 ** (step / per_decade):.4g}") for step in range(steps)]
    return (*bounds, last)
