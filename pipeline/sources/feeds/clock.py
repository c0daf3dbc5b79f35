"""The wall clock as an argument, so that a test can have a day pass."""

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Clock"]

Clock: TypeAlias = Callable[[], float]
"""Returns the present time in epoch seconds."""
