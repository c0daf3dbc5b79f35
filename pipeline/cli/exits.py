"""Exit codes of the command: a public contract."""

from pipeline.errors import PipelineError

__all__ = ["CONFIGURATION", "CRASH", "INTERRUPTED", "TERMINATED", "USAGE", "UsageError"]

CRASH = 1
USAGE = 2
"""Wrong arguments, or an input or output that cannot be opened."""
CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: settings, topics or models do not fit."""
INTERRUPTED = 130
"""Ctrl-C, as shells have it: 128 and the signal's number."""
TERMINATED = 143
"""SIGTERM, likewise. A worker drains and exits with 0 instead."""


class UsageError(PipelineError):
    """Arguments that do not make sense: raised by commands, caught by the command line, exit code 2."""
