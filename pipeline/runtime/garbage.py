"""How often Python looks for garbage in a worker."""

import gc

__all__ = ["collect_seldom"]

_THRESHOLDS = (50_000, 20, 100)
"""A batch creates tens of thousands of objects and no cycles: collecting after every 700 costs 5-8 us a record."""


def collect_seldom() -> None:
    """Exempt all present objects from garbage collection, and collect seldom from now on.

    What a worker has loaded before it reads records lives as long as the process.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
