"""How often Python looks for garbage, in a worker and in other commands."""

import gc

__all__ = ["NEW_OBJECTS", "collect_seldom"]

NEW_OBJECTS = 50_000
"""After so many new objects Python looks for garbage, instead of after 700, which takes a tenth of the time of imports
and finds nothing. A batch, too, creates tens of thousands of objects and no cycles: that costs 5-8 us a record."""
_THRESHOLDS = (NEW_OBJECTS, 20, 100)


def collect_seldom() -> None:
    """Exempt all present objects from garbage collection, and collect seldom from now on.

    What a worker has loaded before it reads records lives as long as the process.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
