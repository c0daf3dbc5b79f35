"""Measure the parts of a passthrough without a broker: microseconds of CPU for an article of 4 KB.

    python -m benchmarks.records [--rounds 40]

A unit of 1,000 records is unpacked from fetched bytes, decoded, encoded, written into record batches, and these into
requests. Parts that replace one of aiokafka's are measured beside it. Times are CPU time, the best of all rounds; in a
worker, other work competes for caches and memory and the same parts take longer.
"""

import argparse
import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import codec
from aiokafka.consumer import fetcher
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record._crecords import default_records
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from benchmarks.passthrough import Passthrough
from benchmarks.wiring import articles_between
from pipeline.domain.record import Headers, Record
from pipeline.kafka_io.fetching import FetchedBatches, RecordReader
from pipeline.kafka_io.patches import install_patches
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import OutputAssembly
from pipeline.runtime.stage_timing import StageTimer
from pipeline.stages.chain import Chain
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_article, encode
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import OutputRecord

UNIT = 1000
BATCH = 64  # as a service works
LIMIT = 4_000_000
LZ4 = 3
TIME_MS = 1_790_000_000_000
HEADERS: Headers = (("content-type", b"application/json"),)
TP = TopicPartition("t", 0)
REQUEST_VERSIONS = {0: (3, 13)}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="CPU time of the parts of a passthrough.")
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    pairs = articles_between(UNIT)
    outputs = [OutputRecord("t", key, value, HEADERS, TIME_MS) for key, value in pairs]
    theirs = _theirs(outputs, rounds)
    install_patches()
    batches = [bytes(batch._build()) for batch in _batches(outputs)]  # noqa: SLF001  as the sender asks
    fetched = b"".join(batches)
    sources = [Record("t", 0, number, TIME_MS, key, value, HEADERS) for number, (key, value) in enumerate(pairs)]
    timer, catalogue = StageTimer(), load_catalogue("").sized(article_partitions=1, replication_factor=1)
    reporter = Reporter(app="benchmark", version="0", group="benchmark")
    assembly = OutputAssembly(catalogue, reporter, ("detect-language",))
    service = ArticleService(Chain([timer.wrap(Passthrough("detect-language"))]), assembly, timer)
    ours = {
        "unpack what was fetched": lambda: _read(RecordReader, FetchedBatches(fetched)),
        "decode": lambda: _in_batches(pairs, lambda part: [decode_article(value) for _, value in part]),
        "decode and encode": lambda: _in_batches(
            pairs, lambda part: [encode(article) for article in [decode_article(value) for _, value in part]]
        ),
        "the same in a service": lambda: service.prepare(sources),
        "make record batches": lambda: [batch._build() for batch in _batches(outputs)],  # noqa: SLF001
        "make their requests": lambda: [_request(batch) for batch in batches],
    }
    print("| | µs | aiokafka's |\n|---|---:|---:|")
    for name, work in ours.items():
        print(f"| {name} | {best(work, rounds):.1f} | {theirs.get(name, '')} |")


def _theirs(outputs: Sequence[OutputRecord], rounds: int) -> dict[str, str]:
    """Measure aiokafka's own classes, with its level of lz4 and with level 1; level 1 stays set."""
    slow = best(lambda: _aiokafka_batches(outputs), max(3, rounds // 10))
    default_records.lz4_encode = functools.partial(codec.lz4_encode, level=1)
    fast = best(lambda: _aiokafka_batches(outputs), rounds)
    batches = [bytes(batch) for batch in _aiokafka_batches(outputs)]
    fetched = b"".join(batches)
    unpack = best(lambda: _read(fetcher.PartitionRecords, MemoryRecords(fetched)), rounds)
    return {
        "unpack what was fetched": f"{unpack:.1f}",
        "make record batches": f"{fast:.1f}; {slow:.1f} with its level of lz4",
        "make their requests": f"{best(lambda: [_request(batch) for batch in batches], rounds):.1f}",
    }


def best(work: Callable[[], object], rounds: int) -> float:
    """Return the CPU time per record in microseconds, the best of all rounds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) * 1e6 / UNIT


def _in_batches(items: Sequence[Any], work: Callable[[Sequence[Any]], object]) -> None:
    for start in range(0, len(items), BATCH):
        work(items[start : start + BATCH])


def _read(reader: Any, records: Any) -> list[Any]:
    unpacked = reader(TP, records, [], 0, None, None, check_crcs=True, isolation_level=1)
    return unpacked.take(None) if hasattr(unpacked, "take") else list(unpacked)


def _batches(outputs: Sequence[OutputRecord]) -> list[RecordBatch]:
    batches, taken = [], 0
    while taken < len(outputs):
        batches.append(RecordBatch(LIMIT, LZ4, is_transactional=True))
        taken = batches[-1].take(outputs, taken)
    return batches


def _aiokafka_batches(outputs: Sequence[OutputRecord]) -> list[bytes]:
    batches = [BatchBuilder(LIMIT, LZ4, is_transactional=1)]
    for one in outputs:
        fields = {"key": one.key, "value": one.value, "timestamp": one.timestamp_ms, "headers": list(one.headers)}
        while batches[-1].append(**fields) is None:
            batches.append(BatchBuilder(LIMIT, LZ4, is_transactional=1))
    return [batch._build() for batch in batches]  # noqa: SLF001


def _request(batch: bytes) -> bytes:
    request = ProduceRequest("transactional-id", -1, 60_000, [("t", [(0, batch)])]).prepare(REQUEST_VERSIONS)
    encoded: bytes = request.encode()
    return encoded


if __name__ == "__main__":
    main()
