"""All stages over records, batch by batch, with the services of the worker and a deduplication log in memory.

The order of the records decides which copy is canonical. Time is each article's own (in a lane, `ingested_at` is
`fetched_at`), so the same input gives the same verdicts and bytes whenever it is run.
"""

import base64
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast

import orjson

from pipeline import __version__
from pipeline.dedup.fold import Fold
from pipeline.domain.article import EventType
from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.signature import Signature, Void
from pipeline.domain.stage import STAGES
from pipeline.domain.verdict import Lost, Verdict
from pipeline.offline.clusters import ClusterLines
from pipeline.offline.funnel import Funnel
from pipeline.offline.held_back import HeldBackRecords
from pipeline.offline.output import LineSink
from pipeline.offline.stories import StoryLines
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.stages.chain import Chain
from pipeline.wire.catalogue import DUPLICATES, load_catalogue
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import OutputRecord

__all__ = ["BATCH_RECORDS", "Engine"]

BATCH_RECORDS = 256
"""Records per batch. An article that is rejected after its verdict stops suppressing its copies with the next batch."""

_RESENT_PARTITION = 1
"""The partition of records that are sent again, in their places; sources have partition 0."""


class Engine:
    """Runs all stages over records and writes lines."""

    def __init__(
        self,
        chain: Chain,
        fold: Fold,
        sink: LineSink,
        funnel: Funnel,
        clusters: ClusterLines | None = None,
        stories: StoryLines | None = None,
    ) -> None:
        """Prepare for one run.

        Args:
            chain: All stages.
            fold: An empty fold of the deduplication log.
            sink: Takes the lines.
            funnel: Counts the records.
            clusters: Writes the changes of clusters; None if they are not wanted.
            stories: Writes the stories of articles; None if they are not wanted.

        Raises:
            ValueError: Stages are missing in the chain.
        """
        if chain.names != STAGES:
            raise ValueError("a run needs all stages")
        catalogue = load_catalogue().sized(article_partitions=1)
        reporter = Reporter(app="news-pipeline", version=__version__, group="run")
        self._service = ArticleService(chain, OutputAssembly(catalogue, reporter, chain.names))
        self._events = catalogue.stage("publish").emits
        self._duplicates = catalogue.full_name(DUPLICATES)
        self._fold = fold
        self._sink = sink
        self._funnel = funnel
        self._clusters = clusters
        self._stories = stories
        self._held_back = HeldBackRecords()
        self._raw = catalogue.stage("ingest").reads
        self._resent: list[Record] = []
        self._resent_count = 0

    def run(self, records: Iterable[Record], batch_records: int = BATCH_RECORDS) -> Iterator[int]:
        """Process records and fill the funnel; yield the number of records done after every batch.

        Raises:
            RuntimeError: The funnel does not add up (a bug).
        """
        source = iter(records)
        while batch := [*self._take_resent(), *islice(source, batch_records)]:
            prepared = self._service.prepare(batch)
            verdicts = [self._verdict(signature) for signature in prepared.signatures]
            self._held_back.keep(batch, verdicts)
            output = self._service.finish(prepared, verdicts, self._held_back.recall(verdicts))
            self._remove_dead(output)
            if self._clusters is not None:
                self._clusters.add(output.decisions)
            self._funnel.read(len(batch))
            self._funnel.stages(output.counts)
            for record, _ in output.records:
                self._write(record)
            for rejected, stage, reject in output.rejected:
                self._funnel.dead_letter(reject.reason)
                self._sink.write("dead_letters", _dead_letter_line(rejected, stage, reject))
            yield self._funnel.raw
        self._held_back.close()
        if self._stories is not None:
            self._stories.close()
        self._funnel.check()

    def _take_resent(self) -> list[Record]:
        resent, self._resent = self._resent, []
        return resent

    def _verdict(self, signature: Signature) -> Verdict:
        verdict = self._fold.apply(signature, signature.ingested_at_ms)
        if verdict is None:
            raise RuntimeError(f"the fold gave no verdict for a signature of version {signature.version}")
        return verdict

    def _remove_dead(self, output: Output) -> None:
        """Remove articles that were rejected after their verdict, so that their next copies are not suppressed."""
        for decision in output.decisions:
            if isinstance(decision, Lost):
                void = Void(article_id=decision.verdict.article_id, origin=decision.verdict.origin)
                self._fold.apply(void, decision.ingested_at_ms)

    def _write(self, record: OutputRecord) -> None:
        """Write an event or a duplicate as a line; the records of the two logs have none, raw ones are read again."""
        if record.topic == self._events:
            kind = dict(record.headers)["ce_type"] or b""
            self._funnel.event(cast("EventType", kind.decode()))
            self._sink.write("output", record.value or b"")
            if self._stories is not None:
                self._stories.add(record.value or b"")
        elif record.topic == self._duplicates:
            self._funnel.duplicate()
            self._sink.write("duplicates", record.value or b"")
        elif record.topic == self._raw:
            self._resent.append(
                Record(
                    topic=record.topic,
                    partition=_RESENT_PARTITION,
                    offset=self._resent_count,
                    timestamp_ms=record.timestamp_ms,
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )
            )
            self._resent_count += 1


def _dead_letter_line(record: Record, stage: str, reject: Reject) -> bytes:
    """Return a rejected record as a line, its original bytes as text where they are UTF-8, else as base64."""
    line: dict[str, Any] = {
        "stage": stage,
        "reason": reject.reason,
        "detail": reject.detail,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "headers": {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers},
    }
    value = record.value or b""
    try:
        line["value"] = value.decode("utf-8")
    except UnicodeDecodeError:
        line["value_base64"] = base64.b64encode(value).decode("ascii")
    return orjson.dumps(line)
