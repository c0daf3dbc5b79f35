"""Timing stages from outside, because stages have no clock."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, cast

from pipeline.domain.article import Article
from pipeline.domain.outcome import Outcome
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.stages.protocol import JudgingStage, Stage

__all__ = ["StageTimer"]

AnyStage = Stage[Any, Any] | JudgingStage


class StageTimer:
    """Adds up the seconds that wrapped stages work. The stages and `take` must run in one thread."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._seconds: defaultdict[StageName, float] = defaultdict(float)

    def wrap(self, stage: AnyStage) -> AnyStage:
        """Return a stage that behaves as the given one and is timed, also when it raises."""
        if stage.name == "dedupe":
            return _TimedJudgingStage(cast("JudgingStage", stage), self)
        return _TimedStage(cast("Stage[Any, Any]", stage), self)

    def take(self) -> dict[StageName, float]:
        """Return the seconds per stage since the last call."""
        taken, self._seconds = self._seconds, defaultdict(float)
        return taken

    def run(self, stage: StageName, work: Callable[[], Any]) -> Any:
        """Return the result of `work` and add the seconds it takes to a stage."""
        began = self._clock()
        try:
            return work()
        finally:
            self._seconds[stage] += self._clock() - began


class _TimedStage:
    def __init__(self, stage: Stage[Any, Any], timer: StageTimer) -> None:
        self.name = stage.name
        self._stage = stage
        self._timer = timer

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        return cast("list[Outcome[Any]]", self._timer.run(self.name, lambda: self._stage.process(batch)))


class _TimedJudgingStage:
    def __init__(self, stage: JudgingStage, timer: StageTimer) -> None:
        self.name: StageName = "dedupe"
        self._stage = stage
        self._timer = timer

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        return cast("list[Signature]", self._timer.run(self.name, lambda: self._stage.sign(batch)))

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        return cast("list[Outcome[Article]]", self._timer.run(self.name, lambda: self._stage.judge(batch, verdicts)))
