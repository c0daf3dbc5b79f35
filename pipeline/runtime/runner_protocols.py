"""What the runner needs from others: the work on a unit, verdicts, commits, marks, and somebody to report to."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict
from pipeline.kafka_io.attempt_marks import AttemptMark
from pipeline.kafka_io.chunks import Lease
from pipeline.observability.label_values import RetryReason
from pipeline.runtime.article_service import PreparedUnit
from pipeline.runtime.output_assembly import Output, Recalled
from pipeline.runtime.unit import Unit

__all__ = ["Commit", "Mark", "RunnerObserver", "UnitService", "VerdictSource"]

Commit = Callable[[Unit, Output], Coroutine[Any, Any, None]]
Mark = Callable[[Lease, AttemptMark], Coroutine[Any, Any, bool]]
"""Marks an attempt at the records that follow a lease's committed offset; returns whether that was possible."""


class UnitService(Protocol):
    """The two CPU-bound halves of the work on a unit, as ArticleService and StageService implement them."""

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Process source records as far as possible without verdicts."""
        ...

    def finish(self, prepared: PreparedUnit, verdicts: Sequence[Verdict], recalled: Recalled) -> Output:
        """Process the rest of a unit and return its output."""
        ...

    def limit_letters(self, most_bytes: int | None) -> None:
        """Truncate dead letters to a size; None for that of their topics."""
        ...

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        """Return the output of records that become dead letters without being worked on. Called in the event loop."""
        ...


class VerdictSource(Protocol):
    """Decides on signatures, as DedupLog does."""

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        """Return the verdicts of signatures, in order."""
        ...

    async def recall(self, verdicts: Sequence[Verdict]) -> Recalled:
        """Return the raw records of the copies that verdicts promote; None for one that is gone."""
        ...


class RunnerObserver(Protocol):
    """Receives what the runner did, for metrics and readiness."""

    def committed(self, unit: Unit, output: Output, *, work_secs: float, commit_secs: float) -> None:
        """Note a unit whose outputs and offset are committed; its records are counted now.

        Args:
            unit: The unit.
            output: What it came to.
            work_secs: Time in the worker thread, without waiting for turns or verdicts.
            commit_secs: Time of the commit.
        """
        ...

    def retried(self, reason: RetryReason) -> None:
        """Note that something is tried again."""
        ...

    def in_flight(self, records: int, record_bytes: int) -> None:
        """Note how much waits or is being processed."""
        ...

    def taken(self) -> None:
        """Note a chunk that was fetched."""
        ...

    def dropped(self) -> None:
        """Note a chunk that is dropped without a commit."""
        ...
