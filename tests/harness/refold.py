"""Folds the signature log again with the product's own fold: in one go, and from snapshot to snapshot."""

from collections.abc import Sequence
from typing import Any

from pipeline.assembly import build_fold
from pipeline.dedup.fold import FoldParams
from pipeline.wire.codec import decode_log_record
from tests.harness.expectation import Place
from tests.harness.oracle import DUPLICATES, ENRICHED, Outcome

__all__ = ["Refold"]

_Verdict = tuple[str, int, str]
"""Kind, revision, canonical id."""


class Refold:
    """Folds the log twice; both must reach the verdicts that the workers reached live."""

    def __init__(self, params: FoldParams | None) -> None:
        """Start with empty folds; `params` have the windows of the workers."""
        windows = params or FoldParams()
        self._scratch, self._restored = (
            build_fold(near_window_secs=windows.near_window_secs, exact_window_secs=windows.exact_window_secs)
            for _ in range(2)
        )
        self._verdicts: dict[Place, tuple[_Verdict, _Verdict]] = {}

    def extend(self, records: Sequence[Any]) -> None:
        """Fold the next records of the log; one of the folds goes through a snapshot first."""
        entries = [(decode_log_record(record.value), record.timestamp) for record in records]
        self._restored = self._restored.restored(b"".join(self._restored.snapshot()))
        pairs = zip(self._scratch.apply_all(entries), self._restored.apply_all(entries), strict=True)
        for scratch, restored in pairs:
            if scratch is not None and restored is not None:
                place = scratch.origin.partition, scratch.origin.offset
                # An origin that was appended again keeps its first verdict.
                self._verdicts.setdefault(place, (_verdict(scratch), _verdict(restored)))

    def differences(self, outcomes: Sequence[Outcome]) -> int:
        """Count the outcomes that differ from the verdict of either fold."""
        wrong = 0
        for o in outcomes:
            if o.where in (ENRICHED, DUPLICATES):
                came_out = (o.kind, o.revision, o.canonical_id)
                wrong += self._verdicts.get(o.place) != (came_out, came_out)
        return wrong


def _verdict(verdict: Any) -> _Verdict:
    return "unique" if verdict.kind == "related" else verdict.kind, verdict.revision, verdict.canonical_id
