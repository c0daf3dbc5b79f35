"""Counts of what stages did: every record that a stage consumes is emitted, dropped or rejected, and counted once."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from pipeline.domain.outcome import Drop, DropReason, Emit, Outcome, Reject, RejectReason
from pipeline.domain.stage import StageName

__all__ = ["Result", "StageCounts", "count_stages"]


class Result(Struct, frozen=True):
    """The final outcome of a record in consecutive stages, and the stage that gave it."""

    stage: StageName
    outcome: Outcome[Any]


class StageCounts(Struct, frozen=True):
    """Records that one stage consumed, emitted, dropped by reason and rejected by reason."""

    consumed: int
    emitted: int
    dropped: dict[DropReason, int]
    rejected: dict[RejectReason, int]

    def __add__(self, other: "StageCounts") -> "StageCounts":
        """Return the sums."""
        return StageCounts(
            self.consumed + other.consumed,
            self.emitted + other.emitted,
            dict(Counter(self.dropped) + Counter(other.dropped)),
            dict(Counter(self.rejected) + Counter(other.rejected)),
        )


def count_stages(names: Sequence[StageName], results: Sequence[Result]) -> dict[StageName, StageCounts]:
    """Count the results per stage.

    Args:
        names: Consecutive stages, in order.
        results: Final outcomes of records; each was emitted by all stages before the one that it names.
    """
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
        # Records whose result names this stage reach no later one, even if it emitted them.
        reaching -= ended[name]
    return counts
