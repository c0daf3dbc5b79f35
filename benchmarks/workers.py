"""Measure the whole chain with 1, 2 and 4 workers side by side, on Apache Kafka.

    python -m benchmarks.workers [--workers 1 2 4] [--articles 6000] [--rounds 3] [--json PATH]

Every worker runs all five stages in exactly_once, with the fast reader of subjects, and folds the whole log of
deduplication. The topics have four partitions. All workers are started, share the partitions, are warmed up, and are
paused by SIGSTOP while raw articles of about 700 words are written; from when they continue to their last commit, wall
time and the CPU time of all workers are measured. The numbers of workers take turns, round by round. Medians are
printed.

Broker and workers share the machine: on two cores, two workers and the broker already have less than a core each, so
that only articles per CPU-second say what a further worker costs.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench_topics import RAW, BenchTopics, Keyed, wait_for, worker_env
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.wiring import START_SECS, WARM_UP, Run, articles_raw, medians, paused_run, write_result
from pipeline.domain.stage import STAGES
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

COMMAND = (sys.executable, "-m", "pipeline", "worker", *STAGES)


def main() -> None:
    """Measure all numbers of workers in turn, print a table and write the figures as JSON after each run."""
    parser = argparse.ArgumentParser(description="The whole chain with several workers.")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="numbers of workers, at most 4")
    parser.add_argument("--articles", type=int, default=6_000, help="articles of a run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "workers.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    articles = articles_raw(2 * WARM_UP + options.articles)
    runs: dict[int, list[Run]] = {count: [] for count in options.workers}
    with ApacheKafka() as broker:
        for turn in range(options.rounds):
            for count in options.workers:
                topics = BenchTopics(broker.bootstrap_servers, f"workers{turn}n{count}.")
                run = _measure(count, topics, articles)
                runs[count].append(run)
                print(f"  round {turn + 1}, {count} workers: {run.per_cpu_sec:.0f} {run.per_sec:.0f}", file=sys.stderr)
                write_result(options.json, _result(runs))
    print(table(_result(runs)["workers"]))


def _measure(count: int, topics: BenchTopics, articles: Sequence[Keyed]) -> Run:
    env = {
        **worker_env(topics.bootstrap_servers, topics.prefix),
        "NEWS_GUARANTEE": "exactly_once",
        "NEWS_SUBJECTS__READER": "fast",
    }
    group = f"{topics.prefix}news-{STAGES[0]}"

    def finished() -> bool:
        return topics.lag(group, RAW) == 0

    topics.create()
    try:
        with Processes([COMMAND] * count, env) as processes:
            topics.load(RAW, articles[:WARM_UP])
            joined = f"{count} workers share the partitions"
            wait_for(lambda: topics.members(group) == count, check=processes.check, seconds=START_SECS, what=joined)
            wait_for(finished, check=processes.check, seconds=START_SECS, what="first articles")
            # The first articles may all have gone to the worker that was there first.
            topics.load(RAW, articles[WARM_UP : 2 * WARM_UP])
            wait_for(finished, check=processes.check, seconds=START_SECS, what="warm-up")
            return paused_run(processes, topics, RAW, articles[2 * WARM_UP :], finished)
    finally:
        topics.delete()


def _result(runs: dict[int, list[Run]]) -> dict[str, Any]:
    found = {str(count): medians(each) for count, each in runs.items() if each}
    return {"kafka": KAFKA_VERSION, "guarantee": "exactly_once", "cores": os.cpu_count(), "workers": found}


def table(found: dict[str, Any]) -> str:
    """Return the table of `docs/performance.md`: the first number of workers is what the others are divided by."""
    base = next(iter(found.values()))
    lines = [
        "| workers | articles per CPU-second | articles per second | CPU per article ÷ the first |",
        "|---:|---:|---:|---:|",
    ]
    for count, item in found.items():
        ratio = base["per_cpu_sec"] / item["per_cpu_sec"]
        lines.append(f"| {count} | {item['per_cpu_sec']:,} | {item['per_sec']:,} | {ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
