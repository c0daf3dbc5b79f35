"""How a worker's process ends, as the orchestrator sees it. A public contract: alerts and restarts are built on it."""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """70 and 78 are EX_SOFTWARE and EX_CONFIG of sysexits.h."""

    DRAINED = 0
    """SIGTERM: work in flight was finished and committed."""
    CRASH = 1
    """Anything unexpected, also a shutdown that took longer than its grace: restart."""
    WATCHDOG = 70
    """The process hung and ended itself: restart, and look at the stacks it wrote."""
    CONFIG = 78
    """Settings, topics or models do not fit, or the circuit breaker is open: restarting does not help."""
