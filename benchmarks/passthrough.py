"""A worker whose stages emit their input: what the runtime itself costs, decoding and encoding included.

    python -m benchmarks.passthrough detect-language

Everything but the stages is the worker that `news-pipeline worker` runs: its classes, settings (NEWS_*), topics, group,
transactions, metrics and watchdog. Stages that read and write articles can be named: `detect-language`, `classify`.
"""

import sys
from collections.abc import Sequence
from typing import Any

from pipeline.assembly import AnyStage
from pipeline.assembly import build_stages as real_build_stages
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.runtime import parts, worker
from pipeline.settings import load_settings


class Passthrough:
    """A stage that does nothing."""

    def __init__(self, name: StageName) -> None:
        """Stand where a real stage would."""
        self.name = name

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        """Emit every value as it came."""
        return [Emit(value) for value in batch]


def build_stages(names: Sequence[StageName], **_options: object) -> list[AnyStage]:
    """Stand in for `pipeline.assembly.build_stages`."""
    return [Passthrough(name) for name in names]


if __name__ == "__main__":
    if parts.build_stages is not real_build_stages:
        raise RuntimeError("the runtime builds its stages elsewhere now")
    parts.build_stages = build_stages
    sys.exit(worker.run_worker(load_settings(), sys.argv[1:]))  # type: ignore[arg-type]
