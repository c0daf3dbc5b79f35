"""Timing stages from outside, because stages have no clock."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pipeline.domain.article import Article
from pipeline.domain.outcome import Outcome
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.stages.protocol import JudgingStage, Stage

__all__ = ["StageTime", "StageTimer"]

AnyStage = Stage[Any, Any] | JudgingStage


@dataclass(slots=True)
class StageTime:
    """When a stage worked on a unit, in seconds of the timer's clock.

    Attributes:
        began: When it began with the first batch.
        ended: When it had finished the last.
        busy_secs: How long it worked, without the pauses between batches and for verdicts.
    """

    began: float
    ended: float
    busy_secs: float

    def joined(self, later: "StageTime") -> "StageTime":
        """Return the time of this work and of later work on the same unit."""
        return StageTime(self.began, later.ended, self.busy_secs + later.busy_secs)


class StageTimer:
    """Adds up the time that wrapped stages work. The stages and `take` must run in one thread."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._times: dict[StageName, StageTime] = {}

    def wrap(self, stage: AnyStage) -> AnyStage:
        """Return a stage that behaves as the given one and is timed, also when it raises."""
        if stage.name == "dedupe":
            return _TimedJudgingStage(cast("JudgingStage", stage), self)
        return _TimedStage(cast("Stage[Any, Any]", stage), self)

    def take(self) -> dict[StageName, StageTime]:
        """Return the time of each stage since the last call."""
        taken, self._times = self._times, {}
        return taken

    def run(self, stage: StageName, work: Callable[[], Any]) -> Any:
        """Return the result of `work` and add the seconds it takes to a stage."""
        began = self._clock()
        try:
            return work()
        finally:
            ended = self._clock()
            if (time_of := self._times.get(stage)) is None:
                self._times[stage] = StageTime(began, ended, ended - began)
            else:
                time_of.ended = ended
                time_of.busy_secs += ended - began


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
