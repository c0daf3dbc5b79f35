"""A worker whose `classify` takes a given time for every article and emits it unchanged; for `benchmarks.slow_stage`.

    python -m benchmarks.slow_worker 15 sleep

Everything else is as in `news-pipeline worker classify`. `sleep` lets other threads run meanwhile, as ONNX Runtime
does; `burn` keeps the interpreter busy, as a stage in Python does.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

from pipeline.assembly import AnyStage
from pipeline.assembly import build_stages as real_build_stages
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.runtime import composition, worker
from pipeline.settings import load_settings

WAYS = ("sleep", "burn")


class SlowStage:
    """A stage that takes its time and emits its input."""

    name: StageName = "classify"

    def __init__(self, secs_per_article: float, way: str) -> None:
        """Take the time for an article in seconds, and how it is spent: `sleep` or `burn`."""
        self._secs_per_article = secs_per_article
        self._way = way

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        """Emit every value unchanged after the time for all of them."""
        spend(self._secs_per_article * len(batch), self._way)
        return [Emit(value) for value in batch]


def spend(secs: float, way: str) -> None:
    """Spend a time asleep, or busy in Python."""
    if way == "sleep":
        time.sleep(secs)
        return
    end = time.thread_time() + secs
    while time.thread_time() < end:
        sum(range(1000))


def main() -> None:
    """Run the worker until it is stopped."""
    secs_per_article, way = float(sys.argv[1]) / 1000, sys.argv[2]
    names = vars(composition)  # a worker looks `build_stages` up there; there is no setting for it
    if names.get("build_stages") is not real_build_stages:
        raise RuntimeError("pipeline.runtime.composition does not build the stages any more: change this benchmark")

    def build_stages(_names: Sequence[StageName], **_options: object) -> list[AnyStage]:
        return [SlowStage(secs_per_article, way)]

    names["build_stages"] = build_stages
    sys.exit(worker.run_worker(load_settings(), ["classify"]))


if __name__ == "__main__":
    main()
