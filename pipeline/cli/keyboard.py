"""Single keys from a terminal, without waiting for the end of a line."""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Keyboard", "keyboard"]


class Keyboard:
    """Waits for keys; without a terminal to read from, it only waits."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def key(self, seconds: float) -> str:
        """Return the next key within so many seconds, or an empty text."""
        if self._descriptor is None:
            time.sleep(seconds)
            return ""
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        return os.read(self._descriptor, 1).decode("ascii", "ignore") if ready else ""


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Yield the keyboard of standard input, which gives keys at once until the end of the block."""
    if not sys.stdin.isatty():
        yield Keyboard(None)
        return
    import termios  # noqa: PLC0415  # only where there are terminals of this kind
    import tty  # noqa: PLC0415

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)  # Ctrl-C stays a signal
        yield Keyboard(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
