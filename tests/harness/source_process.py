"""`news-pipeline source NAME` as a process, under test as its users have it."""

import sys
from collections.abc import Mapping

from tests.harness.workers import WorkerProcess

__all__ = ["SourceProcess"]


class SourceProcess(WorkerProcess):
    """A source with its arguments; `ensure` restarts it, as an orchestrator would."""

    _starting = "source_starting"

    def __init__(self, env: Mapping[str, str], name: str, *arguments: str) -> None:
        super().__init__(env, ())
        self._command = [sys.executable, "-m", "pipeline", "source", name, *arguments]
