"""Measure the prototype of deduplication on shards beside the single fold.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.sharding [--articles 20000] [--shards 2 4 8 16] [--json PATH]

The stream is that of benchmarks/fold.py, folded by the newest version of the fold; the first half fills the state, the
second half counts. All shards run in this process, one after the other; how fast they would be side by side is
simulated, with the CPU time that each of them took. `--routes` also compares articles only in the shards that some
values of their sketches name, which loses pairs: how many depends on the similarity, which is 0.84 in this stream, so
pairs of less similar sketches are drawn too.

The exit code is 1 if shards of bands made another verdict than the single fold.
"""

import argparse
import gc
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.fold import Feed
from benchmarks.processes import REPOSITORY
from benchmarks.sharding.measure import BATCH, HOP_SECS, on_one_fold, on_shards
from benchmarks.sharding.routes import pairs_that_meet

STEP_MS = 100
MANY_SHARDS = (16, 256)
RECENT_PART = 5
"""The first fifth of the stream is new; later articles are copies and versions of the latest fifth."""


def main() -> None:
    """Print one JSON line per number of shards and of routes; write them all to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", type=int, nargs="+", default=[2, 4, 8, 16], help="besides 1")
    parser.add_argument("--routes", type=int, nargs="*", default=[4, 16], help="with the largest number of shards")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "sharding.json")
    options = parser.parse_args()
    gc.disable()  # its pauses would fall on one shard or another
    warm_up = options.articles // 2
    block = Feed(options.seed, unique=False, step_ms=STEP_MS, recent=options.articles // RECENT_PART).block(
        options.articles
    )
    entries = [(one, one.ingested_at_ms) for one in block]
    expected, single = on_one_fold(entries, warm_up)
    found = {
        "articles": len(entries),
        "batch": BATCH,
        "hop_secs": HOP_SECS,
        "micros_of_one_fold": round(single * 1e6, 1),
    }
    print(json.dumps(found), flush=True)
    runs = [(shards, 0) for shards in options.shards] + [(max(options.shards), routes) for routes in options.routes]
    figures: list[dict[str, Any]] = []
    judge_secs = None
    for shards, routes in [(1, 0), *runs]:
        figures.append(on_shards(entries, expected, warm_up, shards, routes, judge_secs))
        judge_secs = judge_secs or figures[-1]["micros_judging"] / 1e6
        print(json.dumps(figures[-1]), flush=True)
    meeting = [met for routes in options.routes for shards in MANY_SHARDS for met in pairs_that_meet(routes, shards)]
    for met in meeting:
        print(json.dumps(met), flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**found, "runs": figures, "routes": meeting}, indent=1) + "\n", "utf-8")
    if any(run["differ"] for run in figures if not run["routes"]):
        sys.exit("shards made another verdict than the single fold")


if __name__ == "__main__":
    main()
