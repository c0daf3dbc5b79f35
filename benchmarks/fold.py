"""Measure the fold: memory per article, verdicts per second, snapshot and restore, as it fills.

    python benchmarks/fold.py --articles 1000000

Signatures are synthetic but shaped like news: 70 % new articles, 12 % exact copies, 8 % near-duplicates, 6 % repeats,
4 % revisions, over 5,000 sources. They are made in advance of each measured block.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.fold import Fold
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

_RECENT = 5_000
_BLOCK = 10_000


class Feed:
    """A stream of signatures."""

    def __init__(self, seed: int, unique: bool, step_ms: int) -> None:
        """Start a stream; `unique` makes every article a new one."""
        self._rng = np.random.default_rng(seed)
        self._unique = unique
        self._step_ms = step_ms
        self._offset = 0
        self._recent: list[Signature] = []

    def block(self, count: int) -> list[Signature]:
        """Return the next signatures."""
        sketches = self._rng.integers(0, 65536, (count, 128), dtype=np.uint16)
        digests = self._rng.bytes(48 * count)
        kinds = self._rng.random(count)
        return [self._one(sketches[i], digests[48 * i : 48 * i + 48], float(kinds[i])) for i in range(count)]

    def _one(self, sketch: NDArray[np.uint16], digest: bytes, kind: float) -> Signature:
        self._offset += 1
        at = self._offset * self._step_ms
        fresh = {
            "article_id": ArticleId(digest[:16].hex()),
            "content_hash": digest[16:32],
            "text_hash": digest[32:48],
            "sketch": sketch.astype("<u2").tobytes(),
        }
        if not self._unique and len(self._recent) == _RECENT:
            fresh |= self._change(self._recent[self._offset * 7919 % _RECENT], fresh, kind)
        signature = Signature(
            version=1,
            origin=Origin("", self._offset % 48, self._offset // 48),
            ingested_at_ms=at,
            observed_at_ms=at,
            source=f"source{(digest[0] * 256 + digest[1]) % 5000}.example",
            numbers_hash=digest[8:16],
            script="Latn",
            shingles=500,
            **fresh,  # type: ignore[arg-type]
        )
        if len(self._recent) < _RECENT:
            self._recent.append(signature)
        else:
            self._recent[self._offset % _RECENT] = signature
        return signature

    def _change(self, known: Signature, fresh: dict[str, object], kind: float) -> dict[str, object]:
        if kind < 0.70:
            return {}
        if kind < 0.82:
            return {"text_hash": known.text_hash, "sketch": known.sketch}
        blended = np.frombuffer(known.sketch, "<u2").copy()
        blended[:20] = np.frombuffer(fresh["sketch"], "<u2")[:20]  # type: ignore[call-overload]
        if kind < 0.90:
            return {"sketch": blended.tobytes()}
        if kind < 0.96:
            same = {"content_hash": known.content_hash, "text_hash": known.text_hash, "sketch": known.sketch}
            return {"article_id": known.article_id, **same}
        return {"article_id": known.article_id, "sketch": blended.tobytes()}


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
        return int(file.read().split()[1]) * resource.getpagesize()


def measure(articles: int, seed: int, unique: bool) -> Iterator[dict[str, float]]:
    """Fill a fold; yield figures at 100,000, 500,000, 1,000,000 and at the end."""
    # All articles fall into the near window.
    feed = Feed(seed, unique, max(1, 72 * 3_600_000 // (articles + _BLOCK)))
    warm = Fold()
    for signature in feed.block(1000):
        warm.apply(signature, signature.ingested_at_ms)
    fold = Fold()
    feed = Feed(seed, unique, max(1, 72 * 3_600_000 // (articles + _BLOCK)))
    feed.block(_RECENT)
    before = _resident_bytes()
    recent: list[float] = []
    spent = 0.0
    while len(fold) < articles:
        block = feed.block(_BLOCK)
        begin = time.process_time()
        for signature in block:
            fold.apply(signature, signature.ingested_at_ms)
        took = time.process_time() - begin
        spent += took
        recent = [*recent[-4:], took]
        if len(fold) in {100_000, 500_000, 1_000_000, articles}:
            per_second = _BLOCK / sorted(recent)[len(recent) // 2]
            yield {
                "articles": len(fold),
                "near": fold.stats().near,
                "applies_per_second": round(per_second),
                "applies_per_second_with_growth": round(len(fold) / spent),
                "bytes_per_article": round((_resident_bytes() - before) / len(fold)),
                "capped": fold.stats().capped,
            }
    begin = time.process_time()
    data = fold.snapshot()
    snapshot = time.process_time() - begin
    begin = time.process_time()
    restored = Fold.restore(data)
    restore = time.process_time() - begin
    probe = feed.block(2000)
    same = all(fold.apply(one, one.ingested_at_ms) == restored.apply(one, one.ingested_at_ms) for one in probe)
    yield {
        "snapshot_bytes_per_article": round(len(data) / len(restored)),
        "snapshot_seconds": round(snapshot, 2),
        "restore_seconds": round(restore, 2),
        "restored_decides_alike": float(same),
    }


def main() -> None:
    """Print one JSON line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000, help="a multiple of 10,000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unique", action="store_true", help="every article is a new one: the most memory")
    options = parser.parse_args()
    for figures in measure(options.articles, options.seed, options.unique):
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
