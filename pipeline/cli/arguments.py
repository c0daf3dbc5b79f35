"""Arguments as people type them: `-` for a standard stream, positive numbers, instants.

Wrong values are rejected before a command connects to a cluster.
"""

import math
import re
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from pipeline.domain.times import to_epoch_ms
from pipeline.errors import PipelineError

__all__ = ["Rate", "UsageError", "above_zero", "hide_dashes", "read_lane", "read_time", "undash"]

_HIDDEN_DASH = "\0-"  # cannot be a real argument: no argument of a process contains a zero byte


class UsageError(PipelineError):
    """Invalid arguments: raised by commands, caught by the command line, exit code 2."""


def hide_dashes(tokens: Sequence[str]) -> list[str]:
    """Return a command line in which every lone `-` is replaced, because its parser would read it as an option."""
    return [_HIDDEN_DASH if word == "-" else word for word in tokens]


def undash(text: str) -> str:
    """Return the file name that stood on the command line before `hide_dashes`."""
    return "-" if text == _HIDDEN_DASH else text


def above_zero(_kind: Any, value: float | None) -> None:
    """Check a number for cyclopts.

    Raises:
        ValueError: The number is zero, negative, infinite or NaN.
    """
    if value is not None and not (math.isfinite(value) and value > 0):
        raise ValueError("must be a number above 0")


Rate = Annotated[float | None, Parameter(help="Send at most this many records per second.", validator=above_zero)]
"""The option that limits how fast records are sent again."""


def read_lane(text: str) -> str:
    """Return the name of a lane.

    Raises:
        UsageError: It cannot be one; the message names `--lane`.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", text):
        raise UsageError(f"--lane: give up to 40 lower-case letters, digits and hyphens, not {text}")
    return text


def read_time(text: str, option: str) -> int:
    """Return an RFC 3339 instant as epoch milliseconds.

    Raises:
        UsageError: The text is no such instant; the message names `option`.
    """
    try:
        return to_epoch_ms(text)
    except ValueError:
        raise UsageError(f"{option}: not a time with an offset, such as 2026-11-23T12:00:00Z: {text}") from None
