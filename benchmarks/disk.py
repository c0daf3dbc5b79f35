"""Measure the bytes per article on every topic, as they lie on disk: record batches with lz4, one replica.

    .venv/bin/python -m benchmarks.disk [--articles 1024] [--words 700]

Articles go through five services in turn, in memory; batches are what a worker sends. `docs/sizing.md` is made from the
result. Articles come from the samples; all are new, so that none is held back as a copy.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.stages import SAMPLES, make_records
from pipeline.assembly import build_fold, build_stages
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import OutputAssembly
from pipeline.settings import SubjectSettings
from pipeline.stages.chain import Chain
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import Encoder, OutputRecord, Oversize

RESULT = Path(__file__).resolve().parent / "results" / "disk.json"
BATCH_RECORDS = 100  # of one partition in a unit of work of moderate load
LIMIT_BYTES, LZ4 = 4 * 1024 * 1024, 3
NOW_MS = 1_800_000_000_000


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description="Bytes per article on every topic.")
    parser.add_argument("--articles", type=int, default=1024)
    parser.add_argument("--words", type=int, default=700)
    options = parser.parse_args()
    sizes = measure(make_records(SAMPLES, options.articles, options.words))
    for topic, size in sizes.items():
        print(f"{topic:34}{size:8.0f} bytes an article")
    found = {
        "articles": options.articles,
        "words": options.words,
        "bytes": {name: round(n) for name, n in sizes.items()},
    }
    RESULT.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def measure(raw: Sequence[Record]) -> dict[str, float]:
    """Return the bytes per raw article by topic."""
    catalogue = load_catalogue().sized(article_partitions=1, replication_factor=1)
    encoder, fold = Encoder(catalogue), build_fold(near_window_secs=259_200, exact_window_secs=604_800)
    reporter = Reporter(app="news-pipeline", version="0", group="disk")
    source = catalogue.stage("ingest").reads
    written: dict[str, list[OutputRecord]] = defaultdict(list)
    written[source] = [OutputRecord(source, one.key, one.value, one.headers, NOW_MS) for one in raw]
    for stage in STAGES:
        built = build_stages((stage,), subjects=SubjectSettings(reader="fast"))
        assembly = OutputAssembly(catalogue, reporter, (stage,))
        service = ArticleService(Chain(built), assembly)
        read = written[catalogue.stage(stage).reads]
        records = [
            Record(one.topic, 0, offset, NOW_MS, one.key, one.value, one.headers) for offset, one in enumerate(read)
        ]
        prepared = service.prepare(records)
        verdicts = [verdict for one in prepared.signatures if (verdict := fold.apply(one, NOW_MS)) is not None]
        for signature in prepared.signatures:
            appended = encoder.log_record(signature, NOW_MS)
            if not isinstance(appended, Oversize):
                written[appended.topic].append(appended)
        for record, _ in service.finish(prepared, verdicts).records:
            written[record.topic].append(record)
    return {topic: _on_disk(records) / len(raw) for topic, records in sorted(written.items())}


def _on_disk(records: Sequence[OutputRecord]) -> int:
    total = 0
    for start in range(0, len(records), BATCH_RECORDS):
        batch = RecordBatch(LIMIT_BYTES, LZ4, is_transactional=True)
        batch.take(records[start : start + BATCH_RECORDS])
        total += len(batch._build())  # noqa: SLF001
    return total


if __name__ == "__main__":
    main()
