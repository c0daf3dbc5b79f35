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
from pipeline.domain.record import Record
from pipeline.domain.signature import Signature, Void
from pipeline.domain.stage import STAGES
from pipeline.domain.verdict import Lost, Verdict
from pipeline.offline.clusters import ClusterLines
from pipeline.offline.funnel import Funnel
from pipeline.offline.output import LineSink
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.stages.chain import Chain
from pipeline.wire.catalogue import DUPLICATES, load_catalogue
from pipeline.wire.dead_letters import CONNECT_PREFIX, OWN_PREFIX, Reporter, original_headers
from pipeline.wire.output import OutputRecord

__all__ = ["BATCH_RECORDS", "Engine"]

BATCH_RECORDS = 256
"""Records whose verdicts are computed together, as in a worker; the order of verdicts does not depend on it."""


class Engine:
    """Runs all stages over records and writes lines."""

    def __init__(
        self, chain: Chain, fold: Fold, sink: LineSink, funnel: Funnel, clusters: ClusterLines | None = None
    ) -> None:
        """Prepare for one run.

        Args:
            chain: All stages.
            fold: An empty fold of the deduplication log.
            sink: Takes the lines.
            funnel: Counts the records.
            clusters: Writes the changes of clusters; None if they are not wanted.

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
        self._dead_letters = {catalogue.stage(name).dead_letters for name in chain.names}
        self._fold = fold
        self._sink = sink
        self._funnel = funnel
        self._clusters = clusters

    def run(self, records: Iterable[Record], batch_records: int = BATCH_RECORDS) -> Iterator[int]:
        """Process records and fill the funnel; yield the number of records done after every batch.

        Raises:
            RuntimeError: The funnel does not add up (a bug).
        """
        source = iter(records)
        while batch := list(islice(source, batch_records)):
            prepared = self._service.prepare(batch)
            verdicts = [self._verdict(signature) for signature in prepared.signatures]
            output = self._service.finish(prepared, verdicts)
            self._remove_dead(output)
            if self._clusters is not None:
                self._clusters.add(output.decisions)
            self._funnel.read(len(batch))
            self._funnel.stages(output.counts)
            for record, _ in output.records:
                self._write(record)
            yield self._funnel.raw
        self._funnel.check()

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
        """Write an output record as a line; the records of the two logs have none."""
        if record.topic == self._events:
            kind = dict(record.headers)["ce_type"] or b""
            self._funnel.event(cast("EventType", kind.decode()))
            self._sink.write("output", record.value or b"")
        elif record.topic == self._duplicates:
            self._funnel.duplicate()
            self._sink.write("duplicates", record.value or b"")
        elif record.topic in self._dead_letters:
            line = _dead_letter_line(record)
            self._funnel.dead_letter(line["reason"])
            self._sink.write("dead_letters", orjson.dumps(line))


def _dead_letter_line(record: OutputRecord) -> dict[str, Any]:
    """Return a dead letter as JSON values, its original bytes as text where they are UTF-8, else as base64."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    line: dict[str, Any] = {
        "stage": headers[f"{CONNECT_PREFIX}stage"],
        "reason": headers[f"{OWN_PREFIX}reason"],
        "detail": headers[f"{CONNECT_PREFIX}exception.message"],
        "topic": headers[f"{CONNECT_PREFIX}topic"],
        "partition": int(headers[f"{CONNECT_PREFIX}partition"]),
        "offset": int(headers[f"{CONNECT_PREFIX}offset"]),
        "timestamp_ms": int(headers[f"{OWN_PREFIX}timestamp-ms"]),
        "headers": {name: headers[name] for name, _ in original_headers(record.headers)},
    }
    value = record.value or b""
    try:
        line["value"] = value.decode("utf-8")
    except UnicodeDecodeError:
        line["value_base64"] = base64.b64encode(value).decode("ascii")
    return line
