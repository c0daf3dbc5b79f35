"""Run the whole chain on peers and beside them on our worker: speed, start, memory, latency, and a SIGKILL.

    python -m benchmarks.peers [--records 1500] [--rounds 3] [--rate 60] [--seconds 8] [--only NAME…] [--json PATH]

Apache Kafka 4.3.1 is started on loopback. Every contestant runs the same stages with the fast reader of subjects and
has the same contract: a raw record in, an event, a duplicate or a dead letter out. They take turns, round by round,
each on topics of its own. A contestant is started and warmed up, paused by SIGSTOP while its topic is loaded, and
continued; from then to its last visible outcome, wall time and CPU time are measured. In the last round articles
follow at a steady rate, and then it is killed by SIGKILL in the middle of a load and started again. Inputs are told
apart by partition and offset. The first run creates an environment for the peers in `.cache` with uv.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.peers.chain import SESSION_MS
from benchmarks.peers.contestants import CONTESTANTS, PACKAGES, peers_python
from benchmarks.peers.inputs import WORDS, make_load
from benchmarks.peers.measuring import Loads, Round, measure
from benchmarks.processes import REPOSITORY
from tests.brokers.apache import KAFKA_VERSION, ApacheKafka, why_unavailable

WARM_UP = 200


def main() -> None:
    """Measure all contestants in turn, print tables and write the figures as JSON after each run."""
    parser = argparse.ArgumentParser(description="The whole chain on this product and on peers.")
    parser.add_argument("--records", type=int, default=1500, help="records of a run for speed, and of one with a kill")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=60, help="articles per second for the latency")
    parser.add_argument("--seconds", type=float, default=8.0, help="duration of that rate")
    parser.add_argument("--only", nargs="*", help="contestants by name")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "peers.json")
    options = parser.parse_args()
    if reason := why_unavailable():
        sys.exit(f"Apache Kafka cannot run here: {reason}")
    peers_python()
    contestants = [item for item in CONTESTANTS if not options.only or item.name in options.only]
    paced, start = int(options.rate * options.seconds), 0
    made = []
    for size in (WARM_UP, options.records, paced, options.records):
        made.append(make_load(size, start))
        start += size
    rounds: dict[str, list[Round]] = {}
    with ApacheKafka() as broker:
        for turn in range(options.rounds):
            for number, contestant in enumerate(contestants):
                rate = options.rate if turn == options.rounds - 1 else None
                prefix = f"peers{turn}n{number}."
                try:
                    found = measure(contestant, broker.bootstrap_servers, prefix, Loads(*made), rate)
                except (RuntimeError, TimeoutError) as error:
                    print(f"  round {turn + 1} {contestant.name} failed: {error}", file=sys.stderr)
                    continue
                rounds.setdefault(contestant.name, []).append(found)
                result = _result(rounds, options)
                options.json.parent.mkdir(parents=True, exist_ok=True)
                options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")  # kept when interrupted
                print(f"  round {turn + 1} {contestant.name}: {found}", file=sys.stderr)
    print(table(result["contestants"]))


def _result(rounds: Mapping[str, Sequence[Round]], options: argparse.Namespace) -> dict[str, Any]:
    known = {item.name: item for item in CONTESTANTS}
    return {
        "kafka": KAFKA_VERSION,
        "packages": PACKAGES,
        "words": WORDS,
        "records": options.records,
        "session_timeout_secs": SESSION_MS / 1000,
        "contestants": {
            name: {
                "guarantee": known[name].guarantee,
                "batch": known[name].batch,
                "gives_up": known[name].gives_up,
                **_medians(found),
                "latency": found[-1].latency,
                "kill": msgspec.to_builtins(found[-1].kill),
                "rounds": [{"cpu_secs": round(one.cpu_secs, 3), "wall_secs": round(one.wall_secs, 3)} for one in found],
            }
            for name, found in rounds.items()
        },
    }


def _medians(rounds: Sequence[Round]) -> dict[str, float]:
    return {
        "per_cpu_sec": round(statistics.median(one.records / one.cpu_secs for one in rounds)),
        "per_sec": round(statistics.median(one.records / one.wall_secs for one in rounds)),
        "start_secs": round(statistics.median(one.start_secs for one in rounds), 1),
        "memory_mib": round(statistics.median(one.memory_mib for one in rounds)),
    }


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the two tables of the documentation: speed, and what a kill does."""
    lines = [
        "| | guarantee | records at once | per CPU-second | per second | start, s | memory, MiB | p50 / p99 ms |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in found.items():
        latency = one["latency"]
        delay = f"{latency['p50_ms']:,} / {latency['p99_ms']:,}" if latency else "–"
        lines.append(
            f"| {name} | {one['guarantee']} | {one['batch']} | {one['per_cpu_sec']:,} | {one['per_sec']:,} "
            f"| {one['start_secs']} | {one['memory_mib']:,} | {delay} |"
        )
    lines += [
        "",
        "| killed in the middle | recovery, s | lost | doubled | copies published | what its users do without |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, one in found.items():
        if kill := one["kill"]:
            counts = kill["counts"]
            secs = f"{kill['recovery_secs']:.1f}" if kill["recovery_secs"] is not None else "never"
            lines.append(
                f"| {name} | {secs} | {counts['lost']:,} | {counts['doubled']:,} "
                f"| {counts['copies_published']:,} | {one['gives_up']} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
