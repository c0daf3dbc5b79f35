"""Measure what it costs to give copies a language and subjects, in CPU time, without a broker.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.copies [--articles 1024] [--share 0.25] [--reader cascade]

The same records, a share of them copies on other sites, pass through all stages as a service runs them, encoding
included, with NEWS_DEDUP__ENRICH_COPIES on and off in turn. Times are CPU time per raw record, the best of three
rounds.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence

import orjson
from msgspec.structs import replace

from benchmarks.stages import SAMPLES, make_records
from pipeline.assembly import build_chain, build_fold, newest_version
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import OutputAssembly
from pipeline.settings import DedupSettings, SubjectSettings
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.dead_letters import Reporter

BATCH = 256
ROUNDS = 3


def main() -> None:
    """Measure and print both times and their difference."""
    parser = argparse.ArgumentParser(description="CPU time per raw record with copies enriched and not.")
    parser.add_argument("--articles", type=int, default=1024)
    parser.add_argument("--words", type=int, default=700)
    parser.add_argument("--share", type=float, default=0.25, help="share of the records that are copies")
    parser.add_argument("--reader", choices=("cascade", "encoder", "fast"), default="cascade")
    options = parser.parse_args()
    records = with_copies(make_records(SAMPLES, options.articles, options.words), options.share)
    best: dict[bool, float] = {}
    for _ in range(ROUNDS):
        for enriched in (True, False):
            micros, topics = measure(records, SubjectSettings(reader=options.reader), enrich_copies=enriched)
            best[enriched] = min(micros, best.get(enriched, micros))
    print(f"{len(records)} records, outcomes {dict(topics)}, reader {options.reader}")
    print(f"  copies enriched     {best[True]:>8.0f} µs per record")
    print(f"  copies held back    {best[False]:>8.0f} µs per record")
    print(f"  cost                {best[True] / best[False] - 1:>8.1%}")


def with_copies(records: Sequence[Record], share: float) -> list[Record]:
    """Return the records, of which a share has the text of an earlier one, under a URL of another site."""
    chance = random.Random(11)
    found: list[Record] = []
    for record in records:
        copied = found and chance.random() < share
        value = orjson.loads((chance.choice(found) if copied else record).value or b"")
        host = f"www.example{'-copies' if copied else ''}.com"
        value["url"] = f"https://{host}/{record.offset}"
        found.append(replace(record, value=orjson.dumps(value)))
    return found


def measure(records: Sequence[Record], subjects: SubjectSettings, *, enrich_copies: bool) -> tuple[float, Counter[str]]:
    """Return microseconds of CPU per record, and the number of records on each topic of outcomes."""
    windows = DedupSettings(enrich_copies=enrich_copies)
    fold = build_fold(near_window_secs=windows.near_window_secs, exact_window_secs=windows.exact_window_secs)
    fold.apply(newest_version(), 0)
    reporter = Reporter(app="bench", version="0", group="bench")
    assembly = OutputAssembly(load_catalogue().sized(article_partitions=1), reporter, STAGES)
    service = ArticleService(build_chain(STAGES, subjects=subjects, dedup=windows), assembly)
    topics: Counter[str] = Counter()
    began = time.process_time()
    for start in range(0, len(records), BATCH):
        prepared = service.prepare(records[start : start + BATCH])
        verdicts = list(fold.apply_all([(item, item.ingested_at_ms) for item in prepared.signatures]))
        output = service.finish(prepared, [verdict for verdict in verdicts if verdict is not None])
        topics.update(record.topic for record, _ in output.records)
    spent = time.process_time() - began
    del topics["news.verdicts.v1"]
    return spent / len(records) * 1_000_000, topics


if __name__ == "__main__":
    main()
