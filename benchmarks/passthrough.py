"""A worker whose stages emit their input. It shows the cost of the runtime, with decoding and encoding.

    python -m benchmarks.passthrough detect-language

Everything except the stages is as in `news-pipeline worker`: classes, settings (NEWS_*), topics, consumer group,
transactions, metrics and watchdog. Only stages that read and emit articles work here: `detect-language`, `classify`.
"""

import sys
from collections.abc import Sequence
from typing import Any

from pipeline.assembly import AnyStage
from pipeline.assembly import build_stages as real_build_stages
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.runtime import composition, worker
from pipeline.settings import load_settings


class Passthrough:
    """A stage that emits its input."""

    def __init__(self, name: StageName) -> None:
        """Take the name of the stage that it replaces."""
        self.name = name

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        """Emit every value unchanged."""
        return [Emit(value) for value in batch]


def build_stages(names: Sequence[StageName], **_options: object) -> list[AnyStage]:
    """Replace `pipeline.assembly.build_stages`."""
    return [Passthrough(name) for name in names]


if __name__ == "__main__":
    names = vars(composition)  # a worker looks `build_stages` up there; there is no setting for it
    if names.get("build_stages") is not real_build_stages:
        raise RuntimeError("pipeline.runtime.composition does not build the stages any more: change this benchmark")
    names["build_stages"] = build_stages
    sys.exit(worker.run_worker(load_settings(), sys.argv[1:]))  # type: ignore[arg-type]  # the chain checks the names
