"""Signal handling for commands that have files or transactions to clean up."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.exit_codes import ExitCode

__all__ = ["sigterm_unwinds"]


@contextmanager
def sigterm_unwinds() -> Iterator[None]:
    """Make SIGTERM raise SystemExit in the block, so that temporary files are removed and transactions aborted."""

    def leave(*_: Any) -> None:
        sys.exit(ExitCode.TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
