"""The work of consecutive stages on a unit: decode, run the chain, hand the results to the output assembly.

The runner calls `prepare`, waits for verdicts if there is a `dedupe`, and calls `finish`. A unit is worked on in
batches: each is decoded, processed, encoded and released before the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Reject
from pipeline.domain.record import Record
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError, FatalError
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.runtime.stage_timing import StageTimer
from pipeline.stages.chain import Chain
from pipeline.stages.counts import Result
from pipeline.wire.codec import decode_article

__all__ = ["ArticleService", "Batch", "PreparedUnit"]

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

    def __init__(self, chain: Chain, assembly: OutputAssembly, timer: StageTimer | None = None) -> None:
        """Take the stages and what turns their results into records; `timer` has wrapped the stages."""
        self._chain = chain
        self._assembly = assembly
        self._timer = timer or StageTimer()

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
        prepared.output.add_seconds(self._timer.take())
        return prepared

    def finish(self, prepared: PreparedUnit, verdicts: Sequence[Verdict]) -> Output:
        """Process the rest of a unit and return its output. Changes nothing of `prepared`, so it can be repeated.

        Args:
            prepared: What `prepare` returned.
            verdicts: The verdicts on its signatures, in the same order.
        """
        if not self.needs_verdicts:
            return prepared.output
        self._timer.take()
        output = Output(verdicts=list(verdicts), seconds=dict(prepared.output.seconds))
        start = 0
        for batch in prepared.batches:
            end = start + len(batch.signatures)
            self._finish(batch, verdicts[start:end], output)
            start = end
        output.add_seconds(self._timer.take())
        return output

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
        if first == "ingest":
            return list(enumerate(batch.records))
        values: list[tuple[int, Any]] = []
        for index, record in enumerate(batch.records):
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

    def _finish(self, batch: Batch, verdicts: Sequence[Verdict], output: Output) -> None:
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
        ended = self._assembly.add_batch(output, batch.records, ended, by_index)
        output.add_counts(self._chain.stage_counts(ended))
