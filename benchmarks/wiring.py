"""Compare this runtime with a stock faust agent, aiokafka, Quix Streams and librdkafka, in one run.

    python -m benchmarks.wiring [--records 80000] [--rounds 3] [--only NAME…] [--json PATH]

Apache Kafka 4.3.1 is started on loopback. A passthrough only decodes and encodes articles of 3–4 KB, read and written
with lz4 as between workers; stock faust gets a quarter of the records, so that its runs do not last longer. The chain
processes raw articles by all five stages, with the deduplication log. Every contestant is started, warmed up, paused by
SIGSTOP while its topic is loaded, and continued. From then to its last commit, wall time and CPU time (user and system,
all its processes) are measured. Contestants take turns, round by round, so that other load on the machine affects all
of them. Medians and their ratios are printed.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.bench_topics import RAW, UNIQUE, BenchTopics, Keyed, raw_record, wait_for, worker_env
from benchmarks.peers.environment import make_environment
from benchmarks.processes import REPOSITORY, Processes
from benchmarks.stages import SAMPLES, make_records
from pipeline.assembly import build_stages
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES
from pipeline.wire.codec import encode
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

LOCALIZED = "news.articles.localized.v1"
READS = {
    "ingest": RAW,
    "dedupe": "news.articles.normalized.v1",
    "detect-language": UNIQUE,
    "classify": LOCALIZED,
    "publish": "news.articles.classified.v1",
}
PEERS = REPOSITORY / "benchmarks" / "peers"
PEER_VENV = REPOSITORY / ".cache" / "benchmark-peers"
PEER_PACKAGES = ("quixstreams==3.23.4", "confluent-kafka==2.11.1", "orjson")
POOL = 1000  # distinct articles
WARM_UP = 1000
SLOW_SHARE = 4  # stock faust, ten times as slow, gets a fourth of the records
PASSTHROUGH_WORDS = 230  # 3–4 KB as an internal article
CHAIN_WORDS = 700
START_SECS, RUN_SECS = 180.0, 300.0


class Contestant(Struct, frozen=True):
    """One program to measure.

    Attributes:
        name: Shown in the table.
        kind: `passthrough` or `chain`, which decides the input.
        commands: The command of each process.
        env: Variables added to the environment.
        groups: Consumer group and source topic of each service, in the order of the stages, when commits show that
            all is done; empty when the number of outputs does.
    """

    name: str
    kind: str
    commands: tuple[tuple[str, ...], ...]
    env: dict[str, str]
    groups: tuple[tuple[str, str], ...] = ()


class Run(Struct, frozen=True):
    """One measured run."""

    records: int
    cpu_secs: float
    wall_secs: float

    @property
    def per_cpu_sec(self) -> float:
        """Records per CPU-second."""
        return self.records / self.cpu_secs

    @property
    def per_sec(self) -> float:
        """Records per second."""
        return self.records / self.wall_secs


def main() -> None:
    """Measure all contestants in turn, print a table and write the figures as JSON after each run."""
    parser = argparse.ArgumentParser(description="Compare this runtime with other stream processing.")
    parser.add_argument("--records", type=int, default=80_000, help="records of a passthrough run")
    parser.add_argument("--chain-records", type=int, default=6_000, help="records of a run through all stages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compression", choices=["lz4", "none"], default="lz4")
    parser.add_argument("--only", nargs="*", help="contestants by name")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "wiring.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    _peer_python()
    names = _names(options.only)
    kinds = {kind for _, kind in names}
    loads = {
        "passthrough": articles_between(options.records) if "passthrough" in kinds else [],
        "chain": articles_raw(options.chain_records) if "chain" in kinds else [],
    }
    runs: dict[str, list[Run]] = {}
    with ApacheKafka() as broker:
        for turn in range(options.rounds):
            for number, (name, kind) in enumerate(names):
                prefix = f"bench{turn}n{number}."
                contestant = _contestant(name, kind, broker.bootstrap_servers, prefix, options.compression)
                load = loads[kind][: len(loads[kind]) // (SLOW_SHARE if name.startswith("stock faust") else 1)]
                run = _measure(contestant, BenchTopics(broker.bootstrap_servers, prefix), load)
                runs.setdefault(name, []).append(run)
                write_result(options.json, _result(runs, options))  # an interrupted run keeps its results
                print(f"  round {turn + 1} {name:<40} {run.per_cpu_sec:>9.0f} {run.per_sec:>9.0f}", file=sys.stderr)
    print(_table(_result(runs, options)))


OURS = ("exactly_once", "at_least_once")


def _names(only: Sequence[str] | None) -> list[tuple[str, str]]:
    names = [(f"passthrough, {guarantee}", "passthrough") for guarantee in OURS]
    names += [(f"passthrough, {guarantee}, two services", "passthrough") for guarantee in OURS]
    names += [
        (name, "passthrough")
        for name in (
            "stock faust",
            "stock faust, fast lz4",
            "stock faust, deliveries awaited",
            "aiokafka loop",
            "aiokafka loop, fast lz4",
            "Quix Streams",
            "Quix Streams, exactly-once",
            "confluent-kafka loop",
        )
    ]
    names += [(f"chain, {guarantee}, {cut}", "chain") for guarantee in OURS for cut in ("one service", "five services")]
    return [(name, kind) for name, kind in names if not only or name in only]


def _contestant(name: str, kind: str, bootstrap: str, prefix: str, compression: str) -> Contestant:
    guarantee = next((item for item in OURS if item in name), None)
    if guarantee is None:
        return _peer(name, bootstrap, prefix, compression)
    env = {
        **worker_env(bootstrap, prefix),
        "NEWS_KAFKA__COMPRESSION": compression,
        "NEWS_GUARANTEE": guarantee,
    }
    if kind == "passthrough":
        cut = [["detect-language"], ["classify"]] if "two services" in name else [["detect-language"]]
        launcher = "benchmarks.passthrough"
        commands = tuple((sys.executable, "-m", launcher, *stages) for stages in cut)
    else:
        cut = [[stage] for stage in STAGES] if "five" in name else [list(STAGES)]
        commands = tuple((sys.executable, "-m", "pipeline", "worker", *stages) for stages in cut)
    groups = tuple((f"{prefix}news-{stages[0]}", READS[stages[0]]) for stages in cut)
    return Contestant(name, kind, commands, env, groups)


def _peer(name: str, bootstrap: str, prefix: str, compression: str) -> Contestant:
    arguments = (bootstrap, prefix + UNIQUE, prefix + LOCALIZED, f"{prefix}peer", compression)
    ours, theirs = sys.executable, str(_peer_python())
    commands = {
        "stock faust": (ours, str(PEERS / "stock_faust.py"), *arguments),
        "stock faust, fast lz4": (ours, str(PEERS / "stock_faust.py"), *arguments, "fast"),
        "stock faust, deliveries awaited": (ours, str(PEERS / "stock_faust.py"), *arguments, "awaited"),
        "aiokafka loop": (ours, str(PEERS / "aiokafka_loop.py"), *arguments),
        "aiokafka loop, fast lz4": (ours, str(PEERS / "aiokafka_loop.py"), *arguments, "fast"),
        "Quix Streams": (theirs, str(PEERS / "quix_streams.py"), *arguments),
        "Quix Streams, exactly-once": (theirs, str(PEERS / "quix_streams.py"), *arguments, "exactly-once"),
        "confluent-kafka loop": (theirs, str(PEERS / "confluent_loop.py"), *arguments),
    }
    return Contestant(name, "passthrough", (commands[name],), {})


def _measure(contestant: Contestant, topics: BenchTopics, records: Sequence[Keyed]) -> Run:
    source = RAW if contestant.kind == "chain" else UNIQUE
    warm = min(WARM_UP, len(records) // 4)
    topics.create()
    try:
        topics.load(source, records[:warm])
        with Processes(contestant.commands, contestant.env) as processes:
            wait_for(_done(contestant, topics, warm), check=processes.check, seconds=START_SECS, what="warm-up")
            finished = _done(contestant, topics, len(records))
            return paused_run(processes, topics, source, records[warm:], finished)
    finally:
        topics.delete()


def paused_run(
    processes: Processes, topics: BenchTopics, source: str, records: Sequence[Keyed], finished: Callable[[], bool]
) -> Run:
    """Write records while the processes are paused, and measure these from then until they have finished."""
    processes.pause()
    topics.load(source, records)
    cpu, began = processes.cpu_secs(), time.monotonic()
    processes.go_on()
    wait_for(finished, check=processes.check, seconds=RUN_SECS, what="all records")
    return Run(len(records), processes.cpu_secs() - cpu, time.monotonic() - began)


def _done(contestant: Contestant, topics: BenchTopics, records: int) -> Callable[[], bool]:
    """Return the test for a finished run: by commits where transactions add markers to the outputs, else by outputs."""
    if contestant.groups:
        # In the order of the stages: when one has no lag, its outputs are in the topic of the next.
        return lambda: all(topics.lag(group, topic) == 0 for group, topic in contestant.groups)
    if "exactly-once" in contestant.name:
        return lambda: topics.lag(f"{topics.prefix}peer", UNIQUE) == 0
    return lambda: topics.ends(LOCALIZED) >= records


def articles_raw(count: int) -> list[Keyed]:
    """Return raw articles of about 700 words, keyed as our producers key them."""
    records = make_records(SAMPLES, count, CHAIN_WORDS)
    return [raw_record(record.value or b"") for record in records]


def articles_between(count: int) -> list[Keyed]:
    """Return `count` internal articles of 4 KB, keyed by id; POOL distinct ones are repeated."""
    ingest = build_stages(["ingest"])[0]
    articles = _articles(ingest, make_records(SAMPLES, POOL, PASSTHROUGH_WORDS))
    pool = [(article.id.encode(), encode(article)) for article in articles]
    print(f"internal articles have {statistics.mean(len(value) for _, value in pool):.0f} bytes", file=sys.stderr)
    return [pool[number % POOL] for number in range(count)]


def _articles(ingest: Any, records: Sequence[Record]) -> list[Any]:
    outcomes = ingest.process(records)
    if not all(isinstance(outcome, Emit) for outcome in outcomes):
        raise RuntimeError("an article of the input does not pass `ingest`")
    return [outcome.value for outcome in outcomes]


def _peer_python() -> Path:
    """Return the interpreter of the peers' own environment, which the first call creates."""
    python = PEER_VENV / "bin" / "python"
    return python if python.exists() else make_environment(PEER_VENV, PEER_PACKAGES)


def _result(runs: dict[str, list[Run]], options: argparse.Namespace) -> dict[str, Any]:
    found = {name: medians(each) for name, each in runs.items()}
    return {"kafka": KAFKA_VERSION, "compression": options.compression, "contestants": found}


def medians(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the medians of one or more runs, with the runs."""
    return {
        "per_cpu_sec": round(statistics.median(run.per_cpu_sec for run in runs)),
        "per_sec": round(statistics.median(run.per_sec for run in runs)),
        "rounds": len(runs),
        "runs": [
            {"records": run.records, "cpu_secs": round(run.cpu_secs, 3), "wall_secs": round(run.wall_secs, 3)}
            for run in runs
        ],
    }


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def _table(result: dict[str, Any]) -> str:
    found = result["contestants"]
    rounds = sorted({item["rounds"] for item in found.values()})
    bases = [name for name in ("stock faust", "Quix Streams", "confluent-kafka loop") if name in found]
    lines = ["| | records per CPU-second | records per second |" + "".join(f" × {base} |" for base in bases)]
    lines.append("|---|" + "---:|" * (2 + len(bases)))
    for name, item in found.items():
        rate = item["per_cpu_sec"]
        ratios = "".join(
            " |" if name.startswith("chain") else f" {rate / found[base]['per_cpu_sec']:.2f} |" for base in bases
        )
        lines.append(f"| {name} | {rate:,} | {item['per_sec']:,} |{ratios}")
    lines += ["", f"medians of {' to '.join(map(str, rounds))} rounds"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
