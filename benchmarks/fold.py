"""Measure the fold as it fills: memory per article, verdicts per second, snapshot, restore, adoption.

    python benchmarks/fold.py --articles 1000000 --output benchmarks/results/fold.json

Signatures are synthetic with the shares of news, over 5,000 sources: 68 % new articles, 2 % reports from 300 templates
(one source each, other numbers), 12 % exact copies, 8 % near-duplicates, 6 % repeats, 4 % revisions. All are within the
window of near-duplicates. Each block is generated before its time is taken. Times are CPU time on one core.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS, FoldParams
from pipeline.dedup.signature.facts import pack_facts
from pipeline.domain.changes import ArticleFacts
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature

_RECENT = 5_000
_BLOCK = 10_000
_BATCH = 500
"""Signatures folded together, as many as a worker fetches at once."""
_TEMPLATES = 300
_NAMES = 20
_HEADLINE_WORDS = 10
_STANDFIRST_WORDS = 10
_BODY_WORDS = 500


class Feed:
    """An endless stream of synthetic signatures."""

    def __init__(self, seed: int, unique: bool, step_ms: int, recent: int = _RECENT) -> None:
        """Start a stream.

        Args:
            seed: Of the random numbers; the same seed gives the same stream.
            unique: Make every article a new one, which needs the most memory.
            step_ms: Milliseconds between two signatures.
            recent: New articles before the first that depends on one of them.
        """
        self._rng = np.random.default_rng(seed)
        self._unique = unique
        self._step_ms = step_ms
        self._offset = 0
        self._recent: list[Signature] = []
        self._most_recent = recent
        self._templates = self._rng.integers(0, 65536, (_TEMPLATES, 128), dtype=np.uint16)

    def block(self, count: int) -> list[Signature]:
        """Return the next `count` signatures."""
        sketches = self._rng.integers(0, 65536, (count, 128), dtype=np.uint16)
        digests = self._rng.bytes(48 * count)
        kinds = self._rng.random(count)
        return [self._one(sketches[i], digests[48 * i : 48 * i + 48], float(kinds[i])) for i in range(count)]

    def _one(self, sketch: NDArray[np.uint16], digest: bytes, kind: float) -> Signature:
        self._offset += 1
        at = self._offset * self._step_ms
        fresh: dict[str, object] = {
            "article_id": ArticleId(digest[:16].hex()),
            "content_hash": digest[16:32],
            "text_hash": digest[32:48],
            "sketch": sketch.astype("<u2").tobytes(),
            "facts": self._facts(),
        }
        if not self._unique and len(self._recent) == self._most_recent:
            fresh |= self._change(self._recent[self._offset * 7919 % self._most_recent], fresh, kind)
        signature = Signature(
            version=1,
            origin=Origin("", self._offset % 48, self._offset // 48),
            ingested_at_ms=at,
            observed_at_ms=at,
            script="Latn",
            shingles=500,
            **{
                "source": f"source{(digest[0] * 256 + digest[1]) % 5000}.example",
                "numbers_hash": digest[8:16],
                **fresh,
            },  # type: ignore[arg-type]
        )
        if len(self._recent) < self._most_recent:
            self._recent.append(signature)
        else:
            self._recent[self._offset % self._most_recent] = signature
        return signature

    def _facts(self) -> bytes:
        """Return facts of the usual size."""
        names = self._rng.integers(0, 1 << 16, _NAMES).tolist()
        title, standfirst = (
            " ".join(f"w{word}" for word in self._rng.integers(0, 1 << 16, count).tolist())
            for count in (_HEADLINE_WORDS, _STANDFIRST_WORDS)
        )
        words = self._rng.integers(0, 1 << 63, _BODY_WORDS, dtype=np.uint64)
        facts = ArticleFacts(names=frozenset(f"n{name}" for name in names), body_negations=3)
        return pack_facts(facts, title, standfirst, title, (words, words % np.uint64(40) == 0))

    def _change(self, known: Signature, fresh: dict[str, object], kind: float) -> dict[str, object]:
        if kind < 0.68:
            return {}
        if kind < 0.70:
            template = self._offset % _TEMPLATES
            filled = np.frombuffer(fresh["sketch"], "<u2").copy()  # type: ignore[call-overload]
            filled[40:] = self._templates[template][40:]
            return {"sketch": filled.tobytes(), "source": f"template{template}.example"}
        if kind < 0.82:
            return {"text_hash": known.text_hash, "sketch": known.sketch, "facts": known.facts}
        blended = np.frombuffer(known.sketch, "<u2").copy()
        blended[:20] = np.frombuffer(fresh["sketch"], "<u2")[:20]  # type: ignore[call-overload]
        if kind < 0.90:
            return {"sketch": blended.tobytes(), "facts": known.facts}
        if kind < 0.96:
            same = {"content_hash": known.content_hash, "text_hash": known.text_hash, "sketch": known.sketch}
            return {"article_id": known.article_id, **same}
        return {"article_id": known.article_id, "sketch": blended.tobytes()}


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
        return int(file.read().split()[1]) * resource.getpagesize()


def _fill(fold: Fold, block: list[Signature]) -> float:
    """Fold signatures in batches, as a worker does; return the CPU seconds."""
    begin = time.process_time()
    for start in range(0, len(block), _BATCH):
        for _ in fold.apply_all([(one, one.ingested_at_ms) for one in block[start : start + _BATCH]]):
            pass
    return time.process_time() - begin


def measure(articles: int, seed: int, params: FoldParams, *, unique: bool) -> Iterator[dict[str, object]]:
    """Fill a fold; yield its figures at 100,000, 500,000, 1,000,000 and all articles, then those of `_full`."""
    step_ms = max(1, 72 * 3_600_000 // (articles + 2 * _BLOCK))
    _fill(Fold(params), Feed(seed, unique, step_ms).block(_BLOCK))
    fold, feed = Fold(params), Feed(seed, unique, step_ms)
    feed.block(_BLOCK)  # its memory is reused for later blocks, so it must not count
    before = _resident_bytes()
    recent: list[float] = []
    while len(fold) < articles:
        recent = [*recent[-4:], _fill(fold, feed.block(_BLOCK))]
        if len(fold) in {100_000, 500_000, 1_000_000, articles}:
            yield {
                "articles": len(fold),
                "in_near_index": fold.stats().near,
                "verdicts_per_second": round(_BLOCK / sorted(recent)[len(recent) // 2]),
                "bytes_per_article": round((_resident_bytes() - before) / len(fold)),
                "compared_per_article": round(fold.stats().compared / len(fold), 1),
                "crowded_bands_cut": fold.stats().capped,
            }
    yield _full(fold, feed, params)


def _full(fold: Fold, feed: Feed, params: FoldParams) -> dict[str, object]:
    """Measure snapshot, restore and the adoption of recorded verdicts on a full fold."""
    begin = time.process_time()
    parts = fold.snapshot()
    snapshot = time.process_time() - begin
    data = b"".join(parts)
    del parts
    begin = time.process_time()
    restored = Fold(params).restored(data)
    restore = time.process_time() - begin
    size = len(data)
    del data
    adopting = []
    for _ in range(5):
        block = feed.block(_BLOCK)
        verdicts = restored.apply_all([(one, one.ingested_at_ms) for one in block])
        recorded = [(one, verdict, one.ingested_at_ms) for one, verdict in zip(block, verdicts, strict=True) if verdict]
        begin = time.process_time()
        for start in range(0, len(recorded), _BATCH):
            fold.adopt_all(recorded[start : start + _BATCH])
        adopting.append(time.process_time() - begin)
    return {
        "snapshot_bytes_per_article": round(size / len(fold)),
        "snapshot_seconds": round(snapshot, 2),
        "restore_seconds": round(restore, 2),
        "adopted_per_second": round(_BLOCK / sorted(adopting)[2]),
        "same_state_restored_and_adopted": all(
            bytes(one) == bytes(other) for one, other in zip(fold.snapshot(), restored.snapshot(), strict=True)
        ),
    }


def main() -> None:
    """Print one JSON line per measurement; write them all to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000, help="a multiple of 10,000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", type=int, default=max(FOLD_VERSIONS), help="version of the fold")
    parser.add_argument(
        "--unique", action="store_true", help="make every article a new one, which needs the most memory"
    )
    parser.add_argument("--output", type=Path, help="file for all figures, JSON")
    options = parser.parse_args()
    figures = []
    for measured in measure(options.articles, options.seed, FOLD_VERSIONS[options.version], unique=options.unique):
        print(json.dumps(measured), flush=True)
        figures.append(measured)
    if options.output is not None:
        options.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
