"""Signals for commands that have something to put away."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.cli.exits import TERMINATED

__all__ = ["sigterm_unwinds"]


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM end the block like an exception, so that temporary files go away and transactions are aborted."""

    def leave(*_: Any) -> None:
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
