"""One service's work on a unit: source records to values, through the stages, to output records. No waiting.

The runner calls `prepare`, waits for verdicts where there is a `dedupe`, and calls `finish`. A unit is worked on in
batches small enough for a processor's cache: each is decoded, processed, encoded and let go before the next.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.clusters.fold import ClusterDraft
from pipeline.domain.article import Article, Event
from pipeline.domain.cluster import Cluster
from pipeline.domain.decisions import decided, lost
from pipeline.domain.outcome import Drop, Emit, Reject, RejectReason
from pipeline.domain.record import Record
from pipeline.domain.signature import Signature, Void
from pipeline.domain.stage import STAGES, StageName
from pipeline.domain.verdict import Lost, Verdict, VerdictRecord
from pipeline.errors import ContractError, FatalError
from pipeline.observability.article_samples import ArticleSamples
from pipeline.stages.chain import NO_RECORDS_FAULT, Chain, describe
from pipeline.stages.counts import Result, StageCounts
from pipeline.wire.catalogue import Catalogue
from pipeline.wire.codec import decode_article
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.output import Encoder, OutputRecord, Oversize
from pipeline.wire.partitioner import partitions

__all__ = ["Batch", "Output", "Service", "Work"]

_BATCH_RECORDS = 64  # a batch of 4 KB articles, as bytes, values and bytes again, fits 1 MiB of cache


@dataclass(slots=True)
class Batch:
    """Some records of a unit between `prepare` and `finish`: what has ended, and what waits for its verdict."""

    records: Sequence[Record]
    results: list[Result | None]
    waiting: list[tuple[int, Article]] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    verdicts: Sequence[Verdict] = ()
    died: list[Lost] = field(default_factory=list)


@dataclass(slots=True)
class Output:
    """What a unit comes to: records with their partitions, and what is counted once they are committed."""

    records: list[tuple[OutputRecord, int]] = field(default_factory=list)
    counts: dict[StageName, StageCounts] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    produced: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[tuple[StageName, RejectReason]] = field(default_factory=Counter)
    misrouted: int = 0
    tally: ArticleSamples = field(default_factory=ArticleSamples)
    clusters: list[Cluster] = field(default_factory=list)
    draft: ClusterDraft | None = None
    """Changes to the clusters in memory, to be adopted with the commit."""

    @classmethod
    def empty(cls) -> "Output":
        """Return the output of no records at all."""
        return cls()


@dataclass(slots=True)
class Work:
    """A unit between `prepare` and `finish`: batches that wait for verdicts, or the output where none is waited for."""

    batches: list[Batch]
    output: Output

    @property
    def signatures(self) -> list[Signature]:
        """What verdicts are needed for, in order."""
        return [signature for batch in self.batches for signature in batch.signatures]


class Service:
    """A run of consecutive stages with its codecs. Does not know who calls it."""

    def __init__(
        self, chain: Chain, catalogue: Catalogue, reporter: Reporter, wall_clock: Callable[[], float] = time.time
    ) -> None:
        """Take the stages, the topics of their lane, and who signs dead letters; the clock dates those only."""
        self._chain = chain
        self._catalogue = catalogue
        self._encoder = Encoder(catalogue)
        self._reporter = reporter
        self._wall_clock = wall_clock
        self._first, self._last = chain.names[0], chain.names[-1]
        self._partitions = catalogue.article_partitions
        self._dead_letter_topics = {
            stage: catalogue.topic(catalogue.stage(stage).dead_letters) for stage in chain.names
        }
        judged = STAGES.index("dedupe")
        self._after_verdict = frozenset(name for name in chain.names if STAGES.index(name) >= judged)

    @property
    def names(self) -> tuple[StageName, ...]:
        """The stages, in order."""
        return self._chain.names

    @property
    def judges(self) -> bool:
        """Whether the service needs verdicts."""
        return self._chain.judging is not None

    def prepare(self, records: Sequence[Record]) -> Work:
        """Take source records as far as they go without a verdict."""
        work = Work([], Output())
        for start in range(0, len(records), _BATCH_RECORDS):
            batch = self._prepare(records[start : start + _BATCH_RECORDS])
            if self.judges:
                work.batches.append(batch)
            else:
                self._finish(batch, work.output)
        return work

    def finish(self, work: Work, verdicts: Sequence[Verdict]) -> Output:
        """Take a unit through the rest and make its output records; `verdicts` are its signatures', in order."""
        if not self.judges:
            return work.output
        output = Output(verdicts=list(verdicts))
        start = 0
        for batch in work.batches:
            end = start + len(batch.signatures)
            batch.verdicts = verdicts[start:end]
            self._finish(batch, output)
            start = end
        return output

    def _prepare(self, records: Sequence[Record]) -> Batch:
        batch = Batch(records, [None] * len(records))
        values = self._values(batch)
        if self._chain.before is not None:
            results = self._chain.before.process([value for _, value in values])
            values = self._settle(batch, [index for index, _ in values], results, final=not self.judges)
        if self._chain.judging is not None and values:
            batch.waiting = values
            batch.signatures = self._chain.judging.sign([article for _, article in values])
        return batch

    def _finish(self, batch: Batch, output: Output) -> None:
        batch.died.clear()  # what is tried again begins anew
        articles = [article for _, article in batch.waiting]
        if self._chain.judging is not None and articles:
            judged = self._chain.judge(articles, batch.verdicts)
            for (index, _), result in zip(batch.waiting, judged, strict=True):
                batch.results[index] = result
        decisions = [decided(article, verdict) for article, verdict in zip(articles, batch.verdicts, strict=True)]
        self._encode(batch, output)
        self._count(batch, output)
        records: tuple[VerdictRecord, ...] = (*decisions, *batch.died)  # who reads the log sees it judged, then dead
        for record in records:
            self._add(output, self._encoder.verdict(record), 0)

    def _count(self, batch: Batch, output: Output) -> None:
        ended = [result for result in batch.results if result is not None]
        for name, counts in self._chain.stage_counts(ended).items():
            before = output.counts.get(name)
            output.counts[name] = counts if before is None else before + counts

    def _values(self, batch: Batch) -> list[tuple[int, Any]]:
        """Decode what a stage after `ingest` reads; `ingest` itself takes records as they are."""
        if self._first == "ingest":
            return list(enumerate(batch.records))
        values: list[tuple[int, Any]] = []
        for index, record in enumerate(batch.records):
            try:
                values.append((index, decode_article(record.value or b"")))
            except ContractError as exc:
                batch.results[index] = Result(self._first, Reject("invalid_schema", str(exc)))
        return values

    def _settle(
        self, batch: Batch, indexes: Sequence[int], results: Sequence[Result], *, final: bool
    ) -> list[tuple[int, Any]]:
        """Keep what has ended; return what goes on."""
        going_on: list[tuple[int, Any]] = []
        for index, result in zip(indexes, results, strict=True):
            if not final and isinstance(result.outcome, Emit):
                going_on.append((index, result.outcome.value))
            else:
                batch.results[index] = result
        return going_on

    def _encode(self, batch: Batch, output: Output) -> None:
        emitted: list[tuple[int, OutputRecord]] = []
        articles: list[Article | Event] = []
        for index, result in enumerate(batch.results):
            if result is None:
                raise FatalError(f"record {index} of a batch has no result")
            outcome = result.outcome
            if isinstance(outcome, Reject):
                self._reject(batch, index, result.stage, outcome, output)
                continue
            record: OutputRecord | Oversize | Reject
            value = outcome.event if isinstance(outcome, Drop) else outcome.value
            try:
                if isinstance(outcome, Drop):
                    record = self._encoder.drop(outcome)
                else:
                    record = self._encoder.emit(result.stage, value)
            except NO_RECORDS_FAULT:
                raise
            except Exception as error:  # noqa: BLE001  as in a stage, one article must not take its neighbours along
                record = Reject("unexpected", describe(error, result.stage))
            if isinstance(record, Oversize):
                # `ingest` leaves room for all that later stages add, so this is a bug of ours.
                record = Reject("too_large", record.detail)
            if isinstance(record, Reject):
                batch.results[index] = Result(result.stage, record)
                self._reject(batch, index, result.stage, record, output)
                continue
            emitted.append((index, record))
            articles.append(value)
        output.tally.add(articles)
        targets = self._targets([(batch.records[index], record) for index, record in emitted], output)
        output.records += zip([record for _, record in emitted], targets, strict=True)
        output.produced.update([record.topic for _, record in emitted])

    def _targets(self, pairs: Sequence[tuple[Record, OutputRecord]], output: Output) -> list[int]:
        """Return the partitions where keys put records; count those that are not their source's."""
        targets = [source.partition for source, _ in pairs]
        # After `ingest`, what keeps its key stays where it is: a stage of ours put it there by that key.
        trusted = self._first != "ingest"
        moving = [place for place, (source, record) in enumerate(pairs) if not (trusted and record.key == source.key)]
        found = partitions([pairs[place][1].key or b"" for place in moving], self._partitions)
        for place, partition in zip(moving, found, strict=True):
            output.misrouted += partition != targets[place]
            targets[place] = partition
        return targets

    def _reject(self, batch: Batch, index: int, stage: StageName, outcome: Reject, output: Output) -> None:
        source = batch.records[index]
        topic = self._dead_letter_topics[stage]
        failure = Failure(stage=stage, reason=outcome.reason, detail=outcome.detail)
        record = dead_letter(source, failure, self._reporter, topic, int(self._wall_clock() * 1000))
        self._add(output, record, source.partition % self._catalogue.partitions(topic))
        output.dead_letters[stage, outcome.reason] += 1
        if stage in self._after_verdict and (dead := self._dead_article(batch, index)) is not None:
            article, verdict = dead
            # With its dead letter or not at all: a void of an article that comes out after all would let copies pass.
            void = Void(article_id=article.id, origin=article.signature.origin)
            self._add(output, self._encoder.log_record(void, source.timestamp_ms), 0)
            batch.died.append(lost(article, verdict))

    def _dead_article(self, batch: Batch, index: int) -> tuple[Article, Verdict] | None:
        """Return the article that died after its verdict, so that its copies are not held back for it."""
        for (waiting, article), verdict in zip(batch.waiting, batch.verdicts, strict=True):
            if waiting == index:
                return article, verdict
        try:
            article = decode_article(batch.records[index].value or b"")
        except ContractError:
            return None
        return None if article.verdict is None else (article, article.verdict)

    def _add(self, output: Output, record: OutputRecord | Oversize, partition: int) -> None:
        if isinstance(record, Oversize):
            raise FatalError(record.detail)
        output.records.append((record, partition))
        output.produced[record.topic] += 1
