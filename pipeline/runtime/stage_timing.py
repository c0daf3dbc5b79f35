"""Timing stages from outside: they know no clock."""

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from pipeline.domain.article import Article
from pipeline.domain.outcome import Outcome
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.stages.protocol import JudgingStage, Stage

__all__ = ["TimedJudgingStage", "TimedStage", "time_stage"]


class TimedStage:
    """A stage that adds up the seconds it worked. Behaves as the stage it wraps."""

    def __init__(self, stage: Stage[Any, Any], clock: Callable[[], float] = time.perf_counter) -> None:
        """Wrap a stage."""
        self._stage = stage
        self._clock = clock
        self._spent = 0.0

    @property
    def name(self) -> StageName:
        """The stage's own name."""
        return self._stage.name

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        """Let the stage work, and time it also when it raises."""
        began = self._clock()
        try:
            return self._stage.process(batch)
        finally:
            self._spent += self._clock() - began

    def take_seconds(self) -> float:
        """Return the seconds since the last call."""
        spent, self._spent = self._spent, 0.0
        return spent


class TimedJudgingStage:
    """The same for `dedupe`."""

    name: StageName = "dedupe"

    def __init__(self, stage: JudgingStage, clock: Callable[[], float] = time.perf_counter) -> None:
        """Wrap the stage."""
        self._stage = stage
        self._clock = clock
        self._spent = 0.0

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        """Return the signatures to append."""
        return self._stage.sign(batch)

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        """Let the stage judge, and time it."""
        began = self._clock()
        try:
            return self._stage.judge(batch, verdicts)
        finally:
            self._spent += self._clock() - began

    def take_seconds(self) -> float:
        """Return the seconds since the last call."""
        spent, self._spent = self._spent, 0.0
        return spent


def time_stage(stage: Stage[Any, Any] | JudgingStage) -> TimedStage | TimedJudgingStage:
    """Wrap a stage of either kind."""
    if stage.name == "dedupe":
        return TimedJudgingStage(cast("JudgingStage", stage))
    return TimedStage(cast("Stage[Any, Any]", stage))
