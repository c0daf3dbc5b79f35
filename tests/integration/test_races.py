"""Two copies of an article processed by two workers at the same time: exactly one becomes the canonical article."""

import itertools
from collections import Counter
from collections.abc import Iterator

import pytest

from pipeline.wire.partitioner import partitions
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, RAW, Raw, article, read
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(240)]

RACES = 1000
HEAT = 50  # races started together


def _racers(race: int) -> tuple[Raw, Raw]:
    """Return copies of one article on two sites, the first for partition 0, the second for partition 1."""
    text = " ".join(f"w{race}x{place} and{place}" for place in range(60))
    found: dict[int, Raw] = {}
    for site in itertools.count():
        raw = article(f"https://site{site}.example/{race}", f"Race {race}", text)
        found.setdefault(partitions([raw[0] or b""], 2)[0], raw)
        if len(found) == 2:
            return found[0], found[1]
    raise AssertionError("unreachable")


def _heats() -> Iterator[list[Raw]]:
    """Yield the copies in groups, of which each worker is given the first record in turn.

    One stream would do for most runs, but a worker that is ahead by a unit wins every race of a stream.
    """
    for start in range(0, RACES, HEAT):
        pairs = [_racers(race) for race in range(start, start + HEAT)]
        yield [raw for pair in pairs for raw in (pair if start // HEAT % 2 else reversed(pair))]


def test_two_copies_racing_on_two_workers_have_exactly_one_canonical_a_thousand_times(
    kafka_broker: Broker, topic_prefix: str
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix, partitions=2)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix, NEWS_WORK__MAX_BATCH_RECORDS="10")
    with WorkerProcess(env, ALL) as one, WorkerProcess(env, ALL) as other:
        for worker in (one, other):
            worker.wait_ready()
        wait_until(
            lambda: [worker.metric("news_partitions_assigned") for worker in (one, other)] == [1, 1],
            seconds=60,
            what="a partition for each worker",
        )
        for heat in _heats():
            cluster.produce(RAW, heat)
            wait_until(lambda: cluster.lag(f"{topic_prefix}news-ingest", RAW) == 0, seconds=120, what="lag 0")
        assert [worker.metric("news_records_consumed_total", stage="ingest") for worker in (one, other)] == [RACES] * 2
    seen = read(cluster)
    first = {value["id"]: value for _, value in seen.events}
    assert len(seen.events) == len(first) == len(seen.duplicates) == RACES
    assert not seen.dead_letters
    races = Counter(first[copy["dedup"]["canonical_id"]]["headline"] for copy in seen.duplicates)
    assert races == {f"Race {race}": 1 for race in range(RACES)}
    assert all(copy["headline"] == first[copy["dedup"]["canonical_id"]]["headline"] for copy in seen.duplicates)
    won = Counter(value["provenance"]["partition"] for value in first.values())
    assert min(won[0], won[1]) > 0, f"void: one worker was always first, {won}"
