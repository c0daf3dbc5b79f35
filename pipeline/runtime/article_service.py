"""The work of consecutive stages on a unit: decode, run the chain, hand the results to the output assembly.

The runner calls `prepare`, waits for verdicts if there is a `dedupe`, and calls `finish`. A unit is worked on in
batches: each is decoded, processed, encoded and released before the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Reject
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import WITHOUT_EFFECT, Verdict
from pipeline.errors import ContractError, FatalError
from pipeline.runtime.output_assembly import NOTHING_RECALLED, Output, OutputAssembly, Recalled
from pipeline.runtime.stage_timing import StageTimer
from pipeline.stages.chain import Chain
from pipeline.stages.counts import Result
from pipeline.wire.codec import decode_article

__all__ = ["ArticleService", "Batch", "NewestAt", "PreparedUnit"]

NewestAt = Callable[[Origin], tuple[Verdict, int] | None]

_BATCH_RECORDS = 64
"""A batch of 4 KB articles, as bytes, values and bytes again, fits 1 MiB of cache. Has no influence on the output."""


@dataclass(slots=True)
class Batch:
    """Records of a unit between `prepare` and `finish`.

    Attributes:
        records: Source records, shape (n,).
        results: Results of the records that have ended, shape (n,); None for those that wait for a verdict.
        waiting: Index and article of each record that waits for a verdict.
        signatures: The signatures of the waiting articles, in the same order.
    """

    records: Sequence[Record]
    results: list[Result | None]
    waiting: list[tuple[int, Article]] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)


@dataclass(slots=True)
class PreparedUnit:
    """A unit between `prepare` and `finish`: batches that wait for verdicts, and the output so far."""

    batches: list[Batch]
    output: Output

    @property
    def signatures(self) -> list[Signature]:
        """The signatures that need verdicts, in order."""
        return [signature for batch in self.batches for signature in batch.signatures]


class ArticleService:
    """A run of consecutive stages with its codecs."""

    def __init__(
        self,
        chain: Chain,
        assembly: OutputAssembly,
        timer: StageTimer | None = None,
        *,
        newest_at: NewestAt | None = None,
        lane: str = "",
    ) -> None:
        """Prepare for work.

        Args:
            chain: The stages.
            assembly: Turns their results into records.
            timer: Has wrapped the stages, if their time is measured.
            newest_at: Returns the newest verdict on an article from an origin, and when it was ingested; needed if
                `dedupe` is among the stages and records may be rejected unseen.
            lane: Lane of the raw records, if `ingest` is among the stages; empty for live traffic.
        """
        self._chain = chain
        self._assembly = assembly
        self._timer = timer or StageTimer()
        self._newest_at = newest_at
        self._lane = lane

    @property
    def names(self) -> tuple[StageName, ...]:
        """The stages, in order."""
        return self._chain.names

    @property
    def needs_verdicts(self) -> bool:
        """Whether `dedupe` is among the stages."""
        return self._chain.judging is not None

    def prepare(self, records: Sequence[Record]) -> PreparedUnit:
        """Process source records as far as possible without verdicts."""
        self._timer.take()  # discards the time of an attempt that failed
        prepared = PreparedUnit([], Output())
        for start in range(0, len(records), _BATCH_RECORDS):
            batch = self._prepare(records[start : start + _BATCH_RECORDS])
            if self.needs_verdicts:
                prepared.batches.append(batch)
            else:
                self._finish(batch, (), prepared.output)
        prepared.output.add_times(self._timer.take())
        return prepared

    def finish(
        self, prepared: PreparedUnit, verdicts: Sequence[Verdict], recalled: Recalled = NOTHING_RECALLED
    ) -> Output:
        """Process the rest of a unit and return its output. Changes nothing of `prepared`, so it can be repeated.

        Args:
            prepared: What `prepare` returned.
            verdicts: The verdicts on its signatures, in the same order.
            recalled: The raw records of the copies that these verdicts promote.
        """
        if not self.needs_verdicts:
            return prepared.output
        self._timer.take()
        output = Output(verdicts=list(verdicts), times=dict(prepared.output.times))
        start = 0
        for batch in prepared.batches:
            end = start + len(batch.signatures)
            self._finish(batch, verdicts[start:end], output, recalled)
            start = end
        output.add_times(self._timer.take())
        return output

    def limit_letters(self, most_bytes: int | None) -> None:
        """Truncate dead letters to a size; None for that of their topics."""
        self._assembly.most_letter_bytes = most_bytes

    def reject(self, records: Sequence[Record], reject: Reject) -> Output:
        """Return the output of records that no stage is to see, rejected by the first one.

        Articles of theirs may have got a verdict in this service before it failed; they must not hold back copies.
        Reads the fold, so it must be called in the event loop.
        """
        output = Output()
        first = self.names[0]
        ended = self._assembly.add_batch(output, records, [Result(first, reject) for _ in records], {})
        output.add_counts(self._chain.stage_counts(ended))
        if self._newest_at is not None:
            for record in records:
                origin = self._origin(record)
                found = self._newest_at(origin) if origin is not None else None
                if found is not None and found[0].kind not in WITHOUT_EFFECT:
                    self._assembly.add_lost(output, record, first, *found)
        return output

    def _origin(self, record: Record) -> Origin | None:
        if self.names[0] == "ingest":
            return Origin(self._lane, record.partition, record.offset)
        try:
            return decode_article(record.value or b"").signature.origin
        except ContractError:
            return None

    def _prepare(self, records: Sequence[Record]) -> Batch:
        batch = Batch(records, [None] * len(records))
        values = self._decode(batch)
        if self._chain.before is not None:
            results = self._chain.before.process([value for _, value in values])
            values = self._keep_results(batch, [index for index, _ in values], results)
        if self._chain.judging is not None and values:
            batch.waiting = values
            batch.signatures = self._chain.judging.sign([article for _, article in values])
        return batch

    def _decode(self, batch: Batch) -> list[tuple[int, Any]]:
        """Return index and value of each record; `ingest` takes records as they are."""
        first = self.names[0]
        whole = []
        for index, record in enumerate(batch.records):
            if record.cut is None:
                whole.append((index, record))
            else:
                batch.results[index] = Result(first, Reject("too_large", record.cut.detail))
        if first == "ingest":
            return whole
        values: list[tuple[int, Any]] = []
        for index, record in whole:
            try:
                values.append((index, decode_article(record.value or b"")))
            except ContractError as error:
                batch.results[index] = Result(first, Reject("invalid_schema", str(error)))
        return values

    def _keep_results(
        self, batch: Batch, indexes: Sequence[int], results: Sequence[Result]
    ) -> list[tuple[int, Article]]:
        """Keep the results of records that have ended; return index and article of those that go to `dedupe`."""
        going_on: list[tuple[int, Article]] = []
        for index, result in zip(indexes, results, strict=True):
            if self.needs_verdicts and isinstance(result.outcome, Emit):
                going_on.append((index, result.outcome.value))
            else:
                batch.results[index] = result
        return going_on

    def _finish(
        self, batch: Batch, verdicts: Sequence[Verdict], output: Output, recalled: Recalled = NOTHING_RECALLED
    ) -> None:
        results = list(batch.results)
        if batch.waiting:
            judged = self._chain.judge([article for _, article in batch.waiting], verdicts)
            for (index, _), result in zip(batch.waiting, judged, strict=True):
                results[index] = result
        ended = [result for result in results if result is not None]
        if len(ended) < len(results):
            raise FatalError(f"record {results.index(None)} of a batch has no result")
        pairs = zip(batch.waiting, verdicts, strict=True)
        by_index = {index: (article, verdict) for (index, article), verdict in pairs}
        ended = self._assembly.add_batch(output, batch.records, ended, by_index, recalled)
        output.add_counts(self._chain.stage_counts(ended))
