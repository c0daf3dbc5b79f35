"""Measure the fold of verdicts into clusters: records per second, and memory per article.

    python -m benchmarks.clusters [RECORDS]

Every fifth record is a copy of the one before; the others are unique, as most articles are. Catching up folds without
output, as at a start; publishing encodes an event for every change.
"""

import gc
import sys
import time
from collections.abc import Sequence
from hashlib import md5
from pathlib import Path

from pipeline.clusters.fold import Clusters
from pipeline.clusters.view import cluster_event
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.verdict import Decided, Verdict
from pipeline.wire.codec import decode_verdict_record, encode

BATCH = 1000
START_MS = 1_790_000_000_000
STATM = Path("/proc/self/statm")
PAGE_BYTES = 4096


def main(records: int = 300_000) -> None:
    """Print the figures of docs/performance.md, from a log of `records` verdicts."""
    log = [_record(number) for number in range(records)]
    gc.collect()
    before = _resident_bytes()
    clusters = Clusters()
    seconds = _fold(clusters, log, publish=False)
    print(f"catch-up: {records / seconds:,.0f} records per second")
    print(f"memory: {(_resident_bytes() - before) / records:.0f} bytes per article, {len(clusters):,} clusters")
    part = log[: records // 5]
    print(f"publishing: {len(part) / _fold(Clusters(), part, publish=True):,.0f} records per second")


def _fold(clusters: Clusters, log: Sequence[bytes], *, publish: bool) -> float:
    began = time.perf_counter()
    for start in range(0, len(log), BATCH):
        draft = clusters.draft()
        for position in range(start, min(start + BATCH, len(log))):
            for change in draft.apply(decode_verdict_record(log[position]), position, START_MS + position):
                if publish:
                    encode(cluster_event(change, clusters.params, lane="", pipeline_version="1").value)
        clusters.adopt(draft)
    return time.perf_counter() - began


def _record(number: int) -> bytes:
    copied = number % 5 == 4
    article, founder = _article(number), _article(number - copied)
    site = f"site{number % 3000}.example"
    verdict = Verdict(
        origin=Origin("", number % 12, number),
        article_id=article,
        kind="near" if copied else "unique",
        revision=1,
        cluster_id=cluster_id(founder),
        canonical_id=founder,
        canonical_at_ms=START_MS,
        method="minhash" if copied else "new",
        window_secs=259_200,
        matched_source="first.example" if copied else "",
        source=site,
    )
    url = f"https://www.{site}/news/2026/11/25/a-headline-of-some-length-{number}"
    return encode(Decided(verdict=verdict, ingested_at_ms=START_MS + number, url=url, publisher=site, language="en"))


def _article(number: int) -> ArticleId:
    return ArticleId(md5(str(number).encode(), usedforsecurity=False).hexdigest())


def _resident_bytes() -> int:
    return int(STATM.read_text().split()[1]) * PAGE_BYTES


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
