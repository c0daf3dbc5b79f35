"""What inputs are given to: the reader of record batches, and all stages as a worker runs them.

Whatever is promised of every record is checked: one outcome, no exception, sizes, original bytes in dead letters, the
same bytes when it is processed again.
"""

from collections.abc import Iterator
from functools import cache

import orjson
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from benchmarks.fuzzing.values import Input
from pipeline.assembly import build_chain, build_fold
from pipeline.dedup.fold import Fold
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.kafka_io.fetching import FetchedBatches, RecordReader, install_record_reader
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.settings import SubjectSettings
from pipeline.wire.catalogue import DUPLICATES, load_catalogue
from pipeline.wire.dead_letters import Reporter, original_headers
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, record_bytes

__all__ = ["BrokenPromiseError", "process"]

_TOPIC = "news.articles.raw.v1"
_TIME_MS = 1_790_000_000_000
_WINDOW_SECS = 3600
_UNIT_RECORDS = 1000
_MOST_EMPTY = 100_000  # calls without a record, each a slice of time


class BrokenPromiseError(Exception):
    """Something that is promised of every record does not hold."""


def process(made: Input) -> list[bytes]:
    """Process an input as a worker with all stages does, and return the bytes of what would be written.

    Raises:
        BrokenPromiseError: A promise is broken.
        Exception: A bug.
    """
    fold = build_fold(near_window_secs=_WINDOW_SECS, exact_window_secs=_WINDOW_SECS)
    written: list[bytes] = []
    for unit in _units(made):
        written += _process(unit, fold)
    # What is unpacked together depends on time, and with it the order of letters and events, but nothing else.
    return sorted(written)


def _units(made: Input) -> Iterator[list[Record]]:
    if made.kind == "batch":
        yield from _fetched(made.value)
    else:
        yield [Record(_TOPIC, 0, 0, _TIME_MS, b"k", made.value, tuple(made.headers))]


def _fetched(data: bytes) -> Iterator[list[Record]]:
    """Yield what a fetch of these bytes delivers; nothing more where the checksum is wrong."""
    install_record_reader()
    batches = FetchedBatches(data)
    has_batch = batches.has_next()
    place = TopicPartition(_TOPIC, 0)
    reader = RecordReader(place, batches, [], 0, None, None, check_crcs=True, isolation_level=1)
    empty, last = 0, -1
    try:
        while not reader.exhausted:
            records = reader.take(_UNIT_RECORDS)
            empty = 0 if records else empty + 1
            if empty > _MOST_EMPTY:
                raise BrokenPromiseError("the reader delivers nothing more and does not end")
            for record in records:
                if record.offset <= last:
                    raise BrokenPromiseError("two records have one offset")
                last = record.offset
            if records:
                yield records
    except CorruptRecordException:
        return
    if has_batch and reader.next_fetch_offset < 1:
        raise BrokenPromiseError("the same batch would be fetched again")


@cache
def _service() -> ArticleService:
    # The encoder would take nearly all the time, and reads no more than a fixed number of words.
    chain = build_chain(STAGES, subjects=SubjectSettings(reader="fast"))
    catalogue = load_catalogue().sized(article_partitions=1)
    reporter = Reporter(app="fuzz", version="0", group="fuzz")
    return ArticleService(chain, OutputAssembly(catalogue, reporter, chain.names, lambda: _TIME_MS / 1000))


def _process(records: list[Record], fold: Fold) -> list[bytes]:
    service = _service()
    prepared = service.prepare(records)
    verdicts = []
    for signature in prepared.signatures:
        verdict = fold.apply(signature, signature.ingested_at_ms)
        if verdict is None:
            raise BrokenPromiseError("a signature has no verdict")
        verdicts.append(verdict)
    output = service.finish(prepared, verdicts)
    _check(records, output)
    return [b"\0".join((one.key or b"", one.value or b"", repr(one.headers).encode())) for one, _ in output.records]


def _check(records: list[Record], output: Output) -> None:
    catalogue = load_catalogue()
    outcomes = {catalogue.stage("publish").emits, catalogue.full_name(DUPLICATES)}
    letters = {catalogue.stage(name).dead_letters for name in STAGES}
    ended = 0
    rejected = iter(output.rejected)
    for written, _ in output.records:
        size = record_bytes(written.key, written.value, written.headers) + BATCH_OVERHEAD_BYTES
        if size > catalogue.topic(written.topic).max_message_bytes:
            raise BrokenPromiseError(f"a record of {size} bytes is too large for {written.topic}")
        if written.topic in letters:
            (source, stage, reject), ended = next(rejected), ended + 1
            if stage != "ingest" or reject.reason == "unexpected":
                raise BrokenPromiseError(f"rejected by {stage}: {reject.reason}, {reject.exception_class}")
            _check_letter(source, written.value, dict(written.headers))
        else:
            ended += written.topic in outcomes
            orjson.loads(written.value or b"null")
    if ended != len(records):
        raise BrokenPromiseError(f"{ended} outcomes of {len(records)} records")
    for stage, counts in output.counts.items():
        if counts.consumed != counts.emitted + sum(counts.dropped.values()) + sum(counts.rejected.values()):
            raise BrokenPromiseError(f"the counts of {stage} do not add up")


def _check_letter(source: Record, value: bytes | None, headers: dict[str, bytes | None]) -> None:
    if source.cut is not None or "news.dlq.truncated" in headers:
        return
    if value != source.value:
        raise BrokenPromiseError("a dead letter has other bytes than its record")
    if any(headers.get(name) is None for name, content in original_headers(source.headers) if content is not None):
        raise BrokenPromiseError("a dead letter lacks a header of its record")
