"""The benchmark of the whole chain on peers: its programs compile, and it counts right what they lose or double."""

import ast
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.bench_topics import PARTITIONS
from benchmarks.peers.__main__ import table
from benchmarks.peers.chain import PeerChain
from benchmarks.peers.contestants import CONTESTANTS
from benchmarks.peers.inputs import make_load
from benchmarks.peers.outcomes import Counts, Kind, Place, Places, count
from benchmarks.processes import REPOSITORY
from pipeline.domain.record import Record

PROGRAMS = sorted((REPOSITORY / "benchmarks" / "peers").glob("chain_*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_peer_is_a_short_program_that_compiles_and_is_measured(program: Path) -> None:
    text = program.read_text("utf-8")
    names = {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert {"PeerChain", "Arguments"} <= names
    assert len(text.splitlines()) <= 60
    assert program.stem in {item.module for item in CONTESTANTS}


def test_every_contestant_has_a_program() -> None:
    assert {item.module for item in CONTESTANTS if item.module is not None} == {path.stem for path in PROGRAMS}


@pytest.mark.parametrize(
    ("outcomes", "counts"),
    [
        ({(0, 0): ["enriched"], (0, 1): ["duplicate"], (1, 0): ["dead"]}, Counts(0, 0, 0)),
        ({(0, 0): ["enriched"], (1, 0): ["dead"]}, Counts(1, 0, 0)),
        ({(0, 0): ["enriched", "enriched"], (0, 1): ["duplicate"], (1, 0): ["dead"]}, Counts(0, 1, 0)),
        ({(0, 0): ["enriched"], (0, 1): ["enriched"], (1, 0): ["dead"]}, Counts(0, 0, 1)),
        ({(0, 0): ["enriched"], (0, 1): ["duplicate", "enriched"], (1, 0): []}, Counts(1, 1, 1)),
    ],
)
def test_what_is_lost_or_doubled_is_counted_by_the_identity_of_the_input(
    outcomes: dict[Place, list[Kind]], counts: Counts
) -> None:
    inputs = [((0, 0), 7), ((0, 1), 7), ((1, 0), 8)]
    assert count(inputs, outcomes) == counts


def test_outcomes_of_other_inputs_do_not_count() -> None:
    assert count([((0, 0), 1)], {(0, 0): ["enriched"], (3, 9): ["enriched", "enriched"]}) == Counts(0, 0, 0)


def test_places_follow_the_order_of_each_partition() -> None:
    places = Places()
    first = places.add([(b"a", b""), (b"b", b""), (b"a", b"")])
    later = places.add([(b"a", b"")])
    assert first[0][1] == 0
    assert first[2] == (first[0][0], first[2][1])
    assert later[0] == (first[2][0], first[2][1] + 1)
    assert {partition for partition, _ in first} <= set(range(PARTITIONS))


def test_the_chain_of_peers_keeps_the_contract() -> None:
    load = make_load(100, 0)
    chain = PeerChain("peers.")
    places = Places().add(load.records)
    records = [
        Record(chain.source, partition, offset, 1_700_000_000_000, key, value)
        for (partition, offset), (key, value) in zip(places, load.records, strict=True)
    ]
    made = chain.process(records)
    enriched, duplicates, letters = chain.targets
    by_topic = {topic: [record for record in made if record.topic == topic] for topic in chain.targets}
    assert len(by_topic[letters]) == 2
    assert {record.topic for record in made[50::10]} == {duplicates}  # the copies of articles of the first half
    assert len(by_topic[enriched]) >= 85  # some of the extended samples are near-copies of each other
    value = orjson.loads(made[0].value or b"")
    assert (value["provenance"]["partition"], value["provenance"]["offset"]) == places[0]
    assert len(load.texts) - len(set(load.texts)) == 5


def _measured(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "guarantee": "at least once",
        "batch": "64",
        "gives_up": "transactions",
        "per_cpu_sec": 1000,
        "per_sec": 900,
        "start_secs": 2.5,
        "memory_mib": 300,
        "latency": {"p50_ms": 20, "p99_ms": 1200},
        "kill": {"recovery_secs": 6.25, "counts": {"lost": 0, "doubled": 64, "copies_published": 30}},
    }
    return {**found, **changes}


def test_the_tables_show_what_was_lost_and_doubled() -> None:
    text = table({"one": _measured(), "other": _measured(kill=None, latency=None)})
    assert "| one | at least once | 64 | 1,000 | 900 | 2.5 | 300 | 20 / 1,200 |" in text
    assert "| one | 6.2 | 0 | 64 | 30 | transactions |" in text
    assert text.count("| other |") == 1
