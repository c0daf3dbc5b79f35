"""Numbers as people type them: refused before anything is asked of a cluster."""

import math
from typing import Annotated, Any

from cyclopts import Parameter

__all__ = ["Rate", "above_zero"]


def above_zero(_kind: Any, value: float | None) -> None:
    """Raise ValueError for a number that cannot count anything: zero, less, infinite or none at all."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise ValueError("must be a number above 0")


Rate = Annotated[float | None, Parameter(help="At most so many records a second.", validator=above_zero)]
