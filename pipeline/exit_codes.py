"""Exit codes of workers and of all commands: a public contract, on which alerts, restarts and scripts are built."""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """70 and 78 are EX_SOFTWARE and EX_CONFIG of sysexits.h; above 128 is a signal's number, as in shells."""

    DRAINED = 0
    """A worker, after SIGTERM: work in flight was finished and committed. A command: done."""
    CRASH = 1
    """An unexpected failure, or a shutdown that exceeded its grace period: restart. A command: it failed."""
    USAGE = 2
    """A command: wrong arguments, or an input or output that cannot be opened."""
    WATCHDOG = 70
    """A worker stalled and its watchdog ended it: restart, and examine the stacks that it logged."""
    CONFIG = 78
    """Settings, topics or models do not fit, or the circuit breaker is open: a restart does not help."""
    INTERRUPTED = 130
    """A command: ended by Ctrl-C."""
    TERMINATED = 143
    """A command: ended by SIGTERM, after it removed its temporary files and aborted its transaction."""
