"""From the results of stages to output records: encoding, dead letters, records of the logs, partitions.

Serves the article service, the cluster service and runs without a broker. Nothing here waits or touches Kafka.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from pipeline.clusters.fold import ClusterDraft
from pipeline.domain.article import Article, Event
from pipeline.domain.cluster import Cluster, ClusterEvent
from pipeline.domain.decisions import decided, lost
from pipeline.domain.outcome import Drop, Emit, Reject, RejectReason
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Void
from pipeline.domain.sketch import Sketch
from pipeline.domain.stage import STAGES, StageName
from pipeline.domain.story import Story, StoryEvent, StoryMembership
from pipeline.domain.verdict import WITHOUT_EFFECT, Lost, Successor, Verdict, VerdictRecord
from pipeline.errors import ContractError, FatalError
from pipeline.observability.article_samples import ArticleSamples
from pipeline.observability.label_values import PromotionResult
from pipeline.runtime.stage_timing import StageTime
from pipeline.stages.chain import NO_RECORDS_FAULT, unexpected
from pipeline.stages.counts import Result, StageCounts
from pipeline.wire.catalogue import Catalogue
from pipeline.wire.codec import decode_article
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.output import Encoder, OutputRecord, Oversize
from pipeline.wire.partitioner import partitions
from pipeline.wire.promotions import resent

__all__ = ["NOTHING_RECALLED", "Judged", "Output", "OutputAssembly", "Recalled", "died_after_verdict"]

Judged = Mapping[int, tuple[Article, Verdict]]
"""Articles that a batch has verdicts on, by the index of their record."""

Recalled = Mapping[Origin, Record | None]
"""Raw records that were read again, by their origins; None for one that is gone."""
NOTHING_RECALLED: Final[Recalled] = MappingProxyType({})

_AFTER_VERDICT = frozenset(STAGES[STAGES.index("dedupe") :])


@dataclass(slots=True)
class Output:
    """The output of a unit of work, and everything that is counted once it is committed.

    Attributes:
        records: Output records, each with its partition, in the order in which they are sent.
        counts: What each stage consumed, emitted, dropped and rejected.
        times: When each stage worked on the unit, and how long.
        verdicts: The verdicts on the unit's articles.
        decisions: The records of the verdict log among `records`, as values.
        produced: Number of records by the stage that produced them and their topic.
        rejected: Source record, stage and reject of each dead letter among `records`, as values.
        misrouted: Number of records whose partition is not that of their source.
        samples: Counts and samples over the articles.
        clusters: Clusters that the unit changed.
        promotions: What became of the raw records of promoted copies.
        draft: Changes to the clusters in memory, which are adopted after the commit.
        memberships: Memberships of stories among `records`, as values.
        stories: Stories that the unit changed.
    """

    records: list[tuple[OutputRecord, int]] = field(default_factory=list)
    counts: dict[StageName, StageCounts] = field(default_factory=dict)
    times: dict[StageName, StageTime] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    decisions: list[VerdictRecord] = field(default_factory=list)
    produced: Counter[tuple[StageName, str]] = field(default_factory=Counter)
    rejected: list[tuple[Record, StageName, Reject]] = field(default_factory=list)
    misrouted: int = 0
    samples: ArticleSamples = field(default_factory=ArticleSamples)
    clusters: list[Cluster] = field(default_factory=list)
    promotions: Counter[PromotionResult] = field(default_factory=Counter)
    draft: ClusterDraft | None = None
    memberships: list[StoryMembership] = field(default_factory=list)
    stories: list[Story] = field(default_factory=list)

    @property
    def dead_letters(self) -> Counter[tuple[StageName, RejectReason]]:
        """Number of dead letters by stage and reason."""
        return Counter((stage, reject.reason) for _, stage, reject in self.rejected)

    def add_counts(self, counts: Mapping[StageName, StageCounts]) -> None:
        """Add what the stages did to a batch."""
        for name, stage in counts.items():
            before = self.counts.get(name)
            self.counts[name] = stage if before is None else before + stage

    def add_times(self, times: Mapping[StageName, StageTime]) -> None:
        """Add the time that the stages took for later batches."""
        for name, later in times.items():
            before = self.times.get(name)
            self.times[name] = later if before is None else before.joined(later)


class OutputAssembly:
    """Makes the output records of one service."""

    def __init__(
        self,
        catalogue: Catalogue,
        reporter: Reporter,
        stages: Sequence[StageName],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare for the stages of a service.

        Args:
            catalogue: The topics of the service's lane, with their partition counts.
            reporter: The program and group that dead letters name.
            stages: The service's stages, in order.
            wall_clock: Seconds since the epoch; dates dead letters and nothing else.
        """
        self._catalogue = catalogue
        self._encoder = Encoder(catalogue)
        self._reporter = reporter
        self._wall_clock = wall_clock
        self._first = stages[0]
        self.most_letter_bytes: int | None = None
        """Largest dead letter over a slow network; None where only the limits of topics count."""
        self._raw = catalogue.topic(catalogue.stage("ingest").reads)
        self._dead_letter_topics = {name: catalogue.topic(catalogue.stage(name).dead_letters) for name in stages}

    def add_batch(
        self,
        output: Output,
        records: Sequence[Record],
        results: Sequence[Result],
        judged: Judged | None = None,
        recalled: Recalled = NOTHING_RECALLED,
    ) -> list[Result]:
        """Add everything that the results of a batch come to.

        Args:
            output: The output of the unit, which is extended.
            records: Source records of the batch, shape (n,).
            results: One result for each of them, shape (n,).
            judged: The articles of the batch that got a verdict in this service.
            recalled: The raw records of the copies that their verdicts promote.

        Returns:
            The results, shape (n,), with a reject for every record that could not be encoded.
        """
        judged = judged or {}
        encoded = [self._encode(result) for result in results]
        ended = [
            Result(result.stage, made) if isinstance(made, Reject) else result
            for result, made in zip(results, encoded, strict=True)
        ]
        self._add_passed(output, records, ended, [made for made in encoded if isinstance(made, OutputRecord)])
        died = died_after_verdict(records, ended, judged)
        for index, result in enumerate(ended):
            if isinstance(result.outcome, Reject):
                self.add_dead_letter(output, records[index], result.stage, result.outcome)
            if index in died:
                article = died[index][0]
                void = Void(article_id=article.id, origin=article.signature.origin)
                self._add_void(output, records[index], result.stage, void)
        # Readers of the log find an article judged first, and dead after that.
        for article, verdict in judged.values():
            self._add_decision(output, "dedupe", decided(article, verdict))
        for index, (_, verdict) in judged.items():
            if verdict.promotes is not None and index not in died:
                self._promote(output, records[index], verdict.promotes, recalled)
        for index, (article, verdict) in died.items():
            self._add_decision(output, ended[index].stage, lost(article, verdict))
        return ended

    def add_dead_letter(self, output: Output, source: Record, stage: StageName, reject: Reject) -> None:
        """Add the dead letter of a source record that a stage rejected."""
        topic = self._dead_letter_topics[stage]
        if self.most_letter_bytes is not None and self.most_letter_bytes < topic.max_message_bytes:
            topic = replace(topic, max_message_bytes=self.most_letter_bytes)
        failure = Failure(
            stage=stage, reason=reject.reason, detail=reject.detail, exception_class=reject.exception_class
        )
        record = dead_letter(source, failure, self._reporter, topic, int(self._wall_clock() * 1000))
        self._add(output, stage, record, source.partition % self._catalogue.partitions(topic))
        output.rejected.append((source, stage, reject))

    def add_lost(self, output: Output, source: Record, stage: StageName, verdict: Verdict, ingested_at_ms: int) -> None:
        """Add what makes deduplication forget an article with a verdict that is known only by its origin.

        Its time does not count in any fold: whether the article has a date of its own is not known.
        """
        self._add_void(output, source, stage, Void(article_id=verdict.article_id, origin=verdict.origin))
        self._add_decision(output, stage, Lost(verdict=verdict, ingested_at_ms=ingested_at_ms, undated=True))

    def add_clusters(self, output: Output, events: Sequence[ClusterEvent]) -> None:
        """Add the events of changed clusters, on the partitions of their ids."""
        count = self._catalogue.partitions(self._catalogue.topic(self._catalogue.stage("cluster").emits))
        targets = partitions([event.value.cluster_id.encode() for event in events], count)
        for event, partition in zip(events, targets, strict=True):
            output.clusters.append(event.value)
            self._add(output, "cluster", self._encoder.cluster(event), partition)

    def add_sketch(self, output: Output, sketch: Sketch) -> None:
        """Add a sketch to its log, which has one partition."""
        self._add(output, "sketch", self._encoder.sketch(sketch), 0)

    def add_stories(
        self,
        output: Output,
        memberships: Sequence[StoryMembership],
        events: Sequence[StoryEvent],
        lane: str,
        version: str,
    ) -> None:
        """Add memberships and changed stories, on the partitions of their keys.

        Args:
            output: The output of the unit, which is extended.
            memberships: The memberships that changed.
            events: The stories that changed.
            lane: The lane that events carry in their ids; empty for live traffic.
            version: The pipeline's version, which events carry.
        """
        output.memberships += memberships
        output.stories += [event.value for event in events]
        made = [self._encoder.membership(membership, lane, version) for membership in memberships]
        made += [self._encoder.story(event) for event in events]
        keys = [item.article_id for item in memberships] + [event.value.story_id for event in events]
        targets = partitions([key.encode() for key in keys], self._catalogue.article_partitions)
        for record, partition in zip(made, targets, strict=True):
            self._add(output, "story", record, partition)

    def _encode(self, result: Result) -> OutputRecord | Reject:
        """Return the record of what was emitted or dropped; a reject where there is none or it does not fit."""
        outcome = result.outcome
        if isinstance(outcome, Reject):
            return outcome
        try:
            if isinstance(outcome, Drop):
                record = self._encoder.drop(result.stage, outcome)
            else:
                record = self._encoder.emit(result.stage, outcome.value)
        except NO_RECORDS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001  one article must not fail the others of its batch
            return unexpected(error, result.stage)
        # `ingest` leaves room for everything that later stages add, so an oversize record is a bug.
        return Reject("too_large", record.detail) if isinstance(record, Oversize) else record

    def _add_passed(
        self, output: Output, records: Sequence[Record], results: Sequence[Result], encoded: Sequence[OutputRecord]
    ) -> None:
        """Add the encoded records of articles that were emitted or dropped."""
        passed = [index for index, result in enumerate(results) if not isinstance(result.outcome, Reject)]
        articles = [_article(results[index].outcome) for index in passed]
        output.samples.add(articles)
        targets = self._targets(output, [records[index] for index in passed], encoded)
        output.records += zip(encoded, targets, strict=True)
        output.produced.update(
            [(results[index].stage, record.topic) for index, record in zip(passed, encoded, strict=True)]
        )
        for index, article, record, partition in zip(passed, articles, encoded, targets, strict=True):
            state = self._encoder.current(article, record) if isinstance(article, Event) else None
            if state is not None:
                self._add(output, results[index].stage, state, partition)

    def _targets(self, output: Output, sources: Sequence[Record], encoded: Sequence[OutputRecord]) -> list[int]:
        """Return the partitions of output records by their keys; count those that differ from the source's."""
        targets = [source.partition for source in sources]
        # After `ingest`, a record that keeps its key stays where it is: one of our stages put it there by that key.
        trusted = self._first != "ingest"
        moving = [
            place
            for place, (source, record) in enumerate(zip(sources, encoded, strict=True))
            if not (trusted and record.key == source.key)
        ]
        found = partitions([encoded[place].key or b"" for place in moving], self._catalogue.article_partitions)
        for place, partition in zip(moving, found, strict=True):
            output.misrouted += partition != targets[place]
            targets[place] = partition
        return targets

    def _promote(self, output: Output, source: Record, successor: Successor, recalled: Recalled) -> None:
        """Send the raw record of a copy again; void the copy if that is gone, so that the next one passes."""
        record = resent(recalled.get(successor.origin), successor, self._raw)
        output.promotions["resent" if record is not None else "gone"] += 1
        if record is not None:
            self._add(output, "dedupe", record, successor.origin.partition)
        else:
            void = Void(article_id=successor.article_id, origin=successor.origin)
            self._add_void(output, source, "dedupe", void)

    def _add_void(self, output: Output, source: Record, stage: StageName, void: Void) -> None:
        """Add the control record that keeps the copies of a dead article from being suppressed.

        It is in the transaction of the dead letter: the void of an article that comes out after all would let its
        copies pass too.
        """
        self._add(output, stage, self._encoder.log_record(void, source.timestamp_ms), 0)

    def _add_decision(self, output: Output, stage: StageName, decision: VerdictRecord) -> None:
        output.decisions.append(decision)
        self._add(output, stage, self._encoder.verdict(decision), 0)

    def _add(self, output: Output, stage: StageName, record: OutputRecord | Oversize, partition: int) -> None:
        if isinstance(record, Oversize):
            raise FatalError(record.detail)
        output.records.append((record, partition))
        output.produced[stage, record.topic] += 1


def died_after_verdict(records: Sequence[Record], results: Sequence[Result], judged: Judged) -> Judged:
    """Return the articles that were rejected after they had a verdict, by the index of their record.

    An article that was judged in an earlier service carries its verdict in its source record. Those whose verdict had
    no effect are left out: a void would concern the article of which they are a repeat.

    Args:
        records: Source records of a batch, shape (n,).
        results: The final result of each, shape (n,).
        judged: The articles of the batch that got a verdict in this service.
    """
    died = {}
    for index, result in enumerate(results):
        if not isinstance(result.outcome, Reject) or result.stage not in _AFTER_VERDICT:
            continue
        found = judged.get(index) or _judged_before(records[index])
        if found is not None and found[1].kind not in WITHOUT_EFFECT:
            died[index] = found
    return died


def _judged_before(record: Record) -> tuple[Article, Verdict] | None:
    try:
        article = decode_article(record.value or b"")
    except ContractError:
        return None
    return None if article.verdict is None else (article, article.verdict)


def _article(outcome: Emit[Any] | Drop | Reject) -> Article | Event:
    if isinstance(outcome, Drop):
        return outcome.event
    if isinstance(outcome, Emit):
        value: Article | Event = outcome.value
        return value
    raise TypeError("a reject has no article")
