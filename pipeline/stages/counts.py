"""Counting what stages did: every record a stage consumes is emitted, dropped or rejected, and counted once."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from pipeline.domain.outcome import Drop, DropReason, Emit, Outcome, Reject, RejectReason
from pipeline.domain.stage import StageName

__all__ = ["Result", "StageCounts", "count_stages"]


class Result(Struct, frozen=True):
    """How a record left a run of stages: the stage that ended it, or else the last one, and that stage's outcome."""

    stage: StageName
    outcome: Outcome[Any]


class StageCounts(Struct, frozen=True):
    """What one stage consumed and what became of it."""

    consumed: int
    emitted: int
    dropped: dict[DropReason, int]
    rejected: dict[RejectReason, int]

    def __add__(self, other: "StageCounts") -> "StageCounts":
        """Return the counts of both."""
        return StageCounts(
            self.consumed + other.consumed,
            self.emitted + other.emitted,
            dict(Counter(self.dropped) + Counter(other.dropped)),
            dict(Counter(self.rejected) + Counter(other.rejected)),
        )


def count_stages(names: Sequence[StageName], results: Sequence[Result]) -> dict[StageName, StageCounts]:
    """Count per stage; a result ended by a stage was emitted by every stage before it."""
    ended = Counter([result.stage for result in results])
    dropped: dict[StageName, Counter[DropReason]] = {name: Counter() for name in names}
    rejected: dict[StageName, Counter[RejectReason]] = {name: Counter() for name in names}
    for result in [result for result in results if not isinstance(result.outcome, Emit)]:
        if isinstance(result.outcome, Drop):
            dropped[result.stage][result.outcome.reason] += 1
        elif isinstance(result.outcome, Reject):
            rejected[result.stage][result.outcome.reason] += 1
    counts: dict[StageName, StageCounts] = {}
    reaching = len(results)
    for name in names:
        held = dropped[name].total() + rejected[name].total()
        counts[name] = StageCounts(reaching, reaching - held, dict(dropped[name]), dict(rejected[name]))
        # Records that end here leave the run, also those emitted by a stage that was the last for them.
        reaching -= ended[name]
    return counts
