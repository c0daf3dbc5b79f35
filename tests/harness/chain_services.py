"""All stages in services without a broker, in any cut: models are replaced, the deduplication log is in memory."""

from collections.abc import Sequence
from typing import Any

import orjson
from msgspec.structs import replace

from pipeline.assembly import build_fold, newest_version
from pipeline.domain.article import Article, Language, Versions
from pipeline.domain.events import Published
from pipeline.domain.outcome import Emit, Outcome, Reject
from pipeline.domain.record import Origin, Record
from pipeline.domain.stage import StageName
from pipeline.domain.subject import Subject
from pipeline.domain.verdict import Verdict
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.stages.chain import Chain
from pipeline.stages.dedupe import DedupeStage
from pipeline.stages.ingest import IngestStage
from pipeline.stages.publish import PublishStage
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_log_record
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import OutputRecord

__all__ = ["CATALOGUE", "Reading", "Services"]

VERSIONS = Versions(pipeline="test", language="l", subjects="s", taxonomy="t")
CATALOGUE = load_catalogue().sized(article_partitions=4)
NORWEGIAN = Language(tag="nb", confidence=1.0, reliable=True, method="cld2")
SUBJECT = Subject(
    code="medtop:04000000", name="economy", confidence=0.9, reliable=True, method="fast", scheme_version="1"
)
RAW, SIGNATURES = CATALOGUE.stage("ingest").reads, "news.signatures.v1"
FIRST_RESENT = 1_000_000  # offset of the first record that is sent again


class Reading:
    """A stage in place of a model: reads what is to be read, and rejects articles of one headline."""

    def __init__(self, name: StageName, doomed: str | None = None) -> None:
        self.name, self.read, self.doomed = name, 0, doomed

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        return [self._outcome(article) for article in batch]

    def _outcome(self, article: Article) -> Outcome[Article]:
        if article.headline == self.doomed:
            return Reject("unexpected", "told to")
        if not article.is_read:
            return Emit(article)
        self.read += 1
        if self.name == "detect-language":
            return Emit(replace(article, language=NORWEGIAN))
        return Emit(replace(article, subjects=(SUBJECT,)))


class Services:
    """Services of one cut, and what they wrote to the topics at the ends."""

    def __init__(
        self,
        cut: Sequence[tuple[StageName, ...]],
        *,
        enrich_copies: bool = True,
        published: Published = "unique",
        doomed: str | None = None,
    ) -> None:
        self.classify = Reading("classify", doomed)
        stages: dict[StageName, Any] = {
            "ingest": IngestStage(),
            "dedupe": DedupeStage(VERSIONS, enrich_copies=enrich_copies),
            "detect-language": Reading("detect-language"),
            "classify": self.classify,
            "publish": PublishStage(VERSIONS, published=published, validate=True),
        }
        self._services = []
        for names in cut:
            assembly = OutputAssembly(CATALOGUE, Reporter(app="t", version="1", group="g"), names, lambda: 1.8e9)
            self._services.append(ArticleService(Chain([stages[name] for name in names]), assembly))
        self.fold = build_fold(near_window_secs=72 * 3600, exact_window_secs=168 * 3600)
        self.fold.apply(newest_version(), 0)
        self.outputs: list[Output] = []
        self._arrived: dict[Origin, Record] = {}
        self._resent = 0

    def run(self, records: Sequence[Record]) -> dict[str, list[dict[str, Any]]]:
        """Take raw records through all services; return the values on each topic that no service reads."""
        written: dict[str, list[dict[str, Any]]] = {}
        for record in self.records(records):
            if record.value is not None:
                written.setdefault(record.topic, []).append(orjson.loads(record.value))
        return written

    def records(self, records: Sequence[Record]) -> list[OutputRecord]:
        """Take raw records, and those that are sent again, through all services; return what no service reads."""
        written = []
        while records:
            self._arrived |= {Origin("", record.partition, record.offset): record for record in records}
            again: list[Record] = []
            for service in self._services:
                output = self._work(service, records)
                self.outputs.append(output)
                last = service is self._services[-1]
                between = None if last else CATALOGUE.stage(service.names[-1]).emits
                records = [_read(record, at, where) for at, (record, where) in enumerate(output.records)]
                again += [record for record in records if record.topic == RAW]
                written += [record for record, _ in output.records if record.topic not in (RAW, between)]
                records = [record for record in records if record.topic == between]
            records = [self._sent_again(record) for record in again]
        return written

    def apply_voids(self, written: Sequence[OutputRecord]) -> None:
        """Fold the control records that were written for articles that were rejected after their verdict."""
        for record in written:
            if record.topic == SIGNATURES:
                self.fold.apply(decode_log_record(record.value or b""), record.timestamp_ms)

    def _work(self, service: ArticleService, records: Sequence[Record]) -> Output:
        prepared = service.prepare(records)
        verdicts: list[Verdict] = []
        for signature in prepared.signatures:
            verdict = self.fold.apply(signature, signature.ingested_at_ms)
            assert verdict is not None
            verdicts.append(verdict)
        promoted = [verdict.promotes.origin for verdict in verdicts if verdict.promotes is not None]
        return service.finish(prepared, verdicts, {origin: self._arrived[origin] for origin in promoted})

    def _sent_again(self, record: Record) -> Record:
        self._resent += 1
        offset = FIRST_RESENT + self._resent
        now_ms = max(known.timestamp_ms for known in self._arrived.values())
        return Record(record.topic, record.partition, offset, now_ms, record.key, record.value, record.headers)


def _read(record: OutputRecord, offset: int, partition: int) -> Record:
    return Record(record.topic, partition, offset, record.timestamp_ms, record.key, record.value, record.headers)
