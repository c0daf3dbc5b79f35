"""Folds one stream on one fold and on shards, and compares verdicts, traffic and work."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks.sharding.schedule import Costs, Judged, seconds
from benchmarks.sharding.sharded_fold import ShardedFold
from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

__all__ = ["BATCH", "HOP_SECS", "message_secs", "on_one_fold", "on_shards"]

BATCH = 500
"""Signatures that a worker fetches at once."""
HOP_SECS = 0.002
"""From one process to another through a broker on loopback. Chosen; the measured delay of a hop is of that order."""
_MESSAGES = 20_000


def on_one_fold(entries: Sequence[tuple[Signature, int]], warm_up: int) -> tuple[list[Verdict | None], float]:
    """Return the verdicts of the product's fold, and its CPU seconds for one article after the first `warm_up`."""
    fold = Fold(FOLD_VERSIONS[max(FOLD_VERSIONS)])
    verdicts = _in_batches(fold, entries[:warm_up])
    began = time.thread_time()
    verdicts += _in_batches(fold, entries[warm_up:])
    return verdicts, (time.thread_time() - began) / (len(entries) - warm_up)


def _in_batches(fold: Fold, entries: Sequence[tuple[Signature, int]]) -> list[Verdict | None]:
    starts = range(0, len(entries), BATCH)
    return [verdict for start in starts for verdict in fold.apply_all(entries[start : start + BATCH])]


def message_secs() -> float:
    """Measure the CPU seconds of encoding or decoding what a message says of one article, in messages of BATCH."""
    batch = [(number, bytes(128)) for number in range(BATCH)]
    decoder = msgspec.msgpack.Decoder(list[tuple[int, bytes]])
    began = time.thread_time()
    for _ in range(_MESSAGES // BATCH):
        decoder.decode(msgspec.msgpack.encode(batch))
    return (time.thread_time() - began) / _MESSAGES / 2


def on_shards(
    entries: Sequence[tuple[Signature, int]],
    expected: Sequence[Verdict | None],
    warm_up: int,
    shards: int,
    routes: int = 0,
    judge_secs: float | None = None,
) -> dict[str, Any]:
    """Fold a stream on shards; return what it took and which verdicts differ.

    Args:
        entries: The stream.
        expected: The verdicts of one fold.
        warm_up: Articles at the start whose work and traffic do not count.
        shards: How many.
        routes: As `ShardedFold` takes it.
        judge_secs: CPU seconds of one judgement without looking up and keeping; None: measure it, with one shard.
    """
    sharded = ShardedFold(shards, {1: FOLD_VERSIONS[max(FOLD_VERSIONS)]}, 1, routes)
    found = list(sharded.apply_all(entries[:warm_up]))
    sharded.start_counting()
    began = time.thread_time()
    found += sharded.apply_all(entries[warm_up:])
    total_secs = time.thread_time() - began
    count = len(entries) - warm_up
    bands = [sharded.work_of_bands(place, warm_up) / count for place in range(shards)]
    rows = [sharded.work_of_rows(place, warm_up) / count for place in range(shards)]
    if judge_secs is None:
        judge_secs = total_secs / count - sum(bands) - sum(rows)
    homes = Counter(number % shards for _, _, number, _ in sharded.decided[warm_up:])
    work = [bands[place] + rows[place] + judge_secs * homes[place] / count for place in range(shards)]
    traffic = sharded.traffic
    return {
        "shards": shards,
        "routes": routes,
        "messages_per_article": round(traffic.messages.total() / count, 2),
        "bytes_per_article": round(traffic.bytes.total() / count),
        "messages_by_kind": {kind: round(number / count, 2) for kind, number in sorted(traffic.messages.items())},
        "micros_bands": _micros(sum(bands)),
        "micros_rows": _micros(sum(rows)),
        "micros_judging": _micros(judge_secs),
        "micros_of_the_busiest": _micros(max(work)),
        "compared_per_article": round(sum(share.compared for share in sharded.shards.bands) / len(entries), 1),
        "micros_simulated": _micros(_simulated(sharded, warm_up, bands, rows, judge_secs) / count),
        **_differences(expected, found),
    }


def _micros(secs: float) -> float:
    return round(secs * 1e6, 1)


def _differences(expected: Sequence[Verdict | None], found: Sequence[Verdict | None]) -> dict[str, Any]:
    """Count the verdicts that differ in any field, and those of another kind by `kind of one fold > kind on shards`."""
    pairs = [(one, other) for one, other in zip(expected, found, strict=True) if one and other and one != other]
    kinds = Counter(f"{one.kind} > {other.kind}" for one, other in pairs if one.kind != other.kind)
    passing = sum(one.passes != other.passes for one, other in pairs)
    return {
        "differ": len(pairs),
        "pass_or_not_differs": passing,
        "verdicts": len(found),
        "other_kind": dict(kinds.most_common()),
    }


def _simulated(
    sharded: ShardedFold, warm_up: int, bands: Sequence[float], rows: Sequence[float], judge_secs: float
) -> float:
    count, shards = len(sharded.reads) - warm_up, len(sharded.shards)
    messages = round(sharded.traffic.messages.total() / count)
    articles = [
        Judged(
            home=number % shards,
            messages=messages,
            reads=tuple(read - warm_up - 1 for read in reads if read > warm_up),
        )
        for (_, _, number, _), reads in zip(sharded.decided[warm_up:], sharded.reads[warm_up:], strict=True)
    ]
    costs = Costs(
        looked_up=tuple(bands),
        committed=tuple(rows),
        judged=judge_secs,
        message_secs=message_secs(),
        hop_secs=HOP_SECS,
        batch=BATCH,
    )
    return seconds(articles, costs)
