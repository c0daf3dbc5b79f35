"""No story vanishes: copies are published when their canonical articles are retracted, once, in spite of kills.

A small search applies the events as docs/consumers.md says.
"""

import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

import orjson
import pytest

from pipeline.assembly import newest_version
from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.ids import digest_hex
from pipeline.domain.verdict import Decided, Verdict
from pipeline.wire.codec import decode_log_record, decode_verdict_record
from tests.harness.cluster import TestCluster
from tests.harness.oracle import SIGNATURES
from tests.harness.scenario import ALL, RAW, Raw, article, read, retraction, send
from tests.harness.tools import run
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(300)]

VERDICTS, CLUSTERS = "news.verdicts.v1", "news.clusters.v1"
NEWEST = newest_version().fold_version
STORIES = 60
KILL_STEP_SECS = 0.02  # each kill comes this much later in the work than the one before


def _text(number: int) -> str:
    return " ".join(digest_hex(str(number), str(place), size=3) for place in range(120))


def _copy(site: str, number: int) -> Raw:
    return article(f"https://{site}.example/{number}", f"{site} {number}", _text(number))


def _provision(broker: Broker, prefix: str) -> tuple[TestCluster, dict[str, str]]:
    cluster = TestCluster(broker.bootstrap_servers, prefix)
    cluster.provision()
    env = environment(broker.bootstrap_servers, prefix)
    activated = run([sys.executable, "-m", "pipeline", "dedupe", "activate", str(NEWEST), "--yes"], env=env, seconds=60)
    assert activated.returncode == 0, activated.stderr
    return cluster, env


def _drain(cluster: TestCluster, workers: Sequence[WorkerProcess], groups: Sequence[tuple[str, str]]) -> None:
    """Wait until no group has lag twice in a row: a copy comes back after the retraction is committed."""
    quiet = 0

    def done() -> bool:
        nonlocal quiet
        for worker in workers:
            worker.ensure()
        quiet = quiet + 1 if all(cluster.lag(group, topic) == 0 for group, topic in groups) else 0
        return quiet == 2

    wait_until(done, seconds=120, what="lag 0", pause_secs=0.5)


def _kill_at_work(
    cluster: TestCluster, workers: Sequence[WorkerProcess], batch: Sequence[Raw], *, delay_secs: float
) -> bool:
    """Produce the batch while the workers stand still, let them work for a moment, kill the first; False if it had
    no record left by then."""
    for worker in workers:
        worker.send(signal.SIGSTOP)
    cluster.produce(RAW, batch)
    for worker in workers:
        worker.send(signal.SIGCONT)
    time.sleep(delay_secs)
    victim = workers[0]
    victim.send(signal.SIGSTOP)
    waiting = cluster.lag(f"{cluster.catalogue.prefix}news-ingest", RAW) > 0
    victim.send(signal.SIGKILL if waiting else signal.SIGCONT)
    return waiting


def _searchable(cluster: TestCluster) -> dict[str, str]:
    """Return the body of each article that a search has after reading all events."""
    newest: dict[str, dict[str, object]] = {}
    for _, value in read(cluster).events:
        known = newest.get(value["id"])
        if known is None or value["revision"] > known["revision"]:
            newest[value["id"]] = value
    return {key: str(value["body"]) for key, value in newest.items() if value["action"] != "delete"}


@pytest.mark.parametrize("cut", [[ALL], [("ingest",), ("dedupe",), ALL[2:]]], ids=["one service", "three services"])
def test_a_copy_is_published_when_its_canonical_article_is_retracted(
    kafka_broker: Broker, topic_prefix: str, cut: list[tuple[str, ...]]
) -> None:
    cluster, env = _provision(kafka_broker, topic_prefix)
    sources = [(f"{topic_prefix}news-{cut[0][0]}", RAW)]
    sources += [(f"{topic_prefix}news-{stages[0]}", cluster.catalogue.stage(stages[0]).reads) for stages in cut[1:]]
    sources = [(group, topic.removeprefix(cluster.catalogue.prefix)) for group, topic in sources]
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, stages)) for stages in [*cut, ("cluster",)]]
        for worker in workers:
            worker.wait_ready()

        def step(*records: Raw) -> None:
            send(cluster, *records)
            _drain(cluster, workers, [*sources, (f"{topic_prefix}news-cluster", VERDICTS)])

        for site in ("first", "second", "third", "fourth"):
            step(_copy(site, 0))
        step(retraction("https://fourth.example/0"))
        step(retraction("https://first.example/0"))
        step(_copy("fifth", 0))
        dedupe = workers[min(1, len(cut) - 1)]
        assert dedupe.metric("news_promotions_total", result="resent") == 1

    seen = read(cluster)
    assert not seen.dead_letters
    events = {
        (value["url"].split(".")[0].removeprefix("https://"), value["dedup"]["kind"]): value for _, value in seen.events
    }
    assert set(events) == {("first", "unique"), ("first", "retraction"), ("second", "promoted")}
    first, gone, second = (
        events[key] for key in (("first", "unique"), ("first", "retraction"), ("second", "promoted"))
    )
    assert gone["dedup"]["promotes_id"] == second["id"]
    assert second["action"] == "add"
    assert second["body"] == _text(0)
    assert second["dedup"] | {"matched_id": first["id"], "flags": ["canonical_retracted"]} == second["dedup"]
    assert second["dedup"]["cluster_id"] == first["dedup"]["cluster_id"]
    held_back = {value["url"].split(".")[0].removeprefix("https://"): value["dedup"] for value in seen.duplicates}
    assert held_back["fourth"]["kind"] == "retracted_copy"
    assert (held_back["fifth"]["kind"], held_back["fifth"]["canonical_id"]) == ("exact", second["id"])
    state = orjson.loads(cluster.read(CLUSTERS)[-1].value)
    assert state["canonical"]["state"] == "retracted"
    assert state["canonical"]["promoted_id"] == second["id"]
    roles = sorted((member["role"], member["publisher"]) for member in state["members"])
    assert roles == [("copy", "fifth.example"), ("copy", "third.example"), ("promoted", "second.example")]
    assert (state["size"], state["withdrawn"], state["origins"]["count"]) == (3, 2, 1)


def test_no_story_is_lost_or_published_twice_by_kills(kafka_broker: Broker, topic_prefix: str) -> None:
    cluster, env = _provision(kafka_broker, topic_prefix)
    with WorkerProcess(env, ALL) as one, WorkerProcess(env, ALL) as two:
        for worker in (one, two):
            worker.wait_ready()
        for site in ("first", "second", "third"):
            cluster.produce(RAW, [_copy(site, number) for number in range(STORIES)])
            _drain(cluster, (one, two), [(f"{topic_prefix}news-ingest", RAW)])
        canonical = [value["url"] for _, value in read(cluster).events]
        assert len(canonical) == STORIES
        kills = 0
        for start in range(0, STORIES, STORIES // 3):
            batch = [retraction(url) for url in canonical[start : start + STORIES // 3]]
            kills += _kill_at_work(cluster, (one, two), batch, delay_secs=kills * KILL_STEP_SECS)
            _drain(cluster, (one, two), [(f"{topic_prefix}news-ingest", RAW)])
            one.wait_ready()
        assert kills, "no worker was killed with work left: the run is void"
    kinds = Counter(value["dedup"]["kind"] for _, value in read(cluster).events)
    assert kinds == {"unique": STORIES, "retraction": STORIES, "promoted": STORIES}
    assert sorted(_searchable(cluster).values()) == sorted(_text(number) for number in range(STORIES))
    _check_folds(cluster)


def _check_folds(cluster: TestCluster) -> None:
    """Compare the verdicts on record with folds of the log from scratch and from snapshot to snapshot."""
    known = {version: params for version, params in FOLD_VERSIONS.items() if version > 1}
    scratch, restored = Fold(FOLD_VERSIONS[1], known), Fold(FOLD_VERSIONS[1], known)
    folded: dict[tuple[int, int], Verdict] = {}
    for number, record in enumerate(cluster.read(SIGNATURES)):
        entry = decode_log_record(record.value), record.timestamp
        if number % 20 == 0:
            restored = restored.restored(b"".join(restored.snapshot()))
        verdict = scratch.apply(*entry)
        assert restored.apply(*entry) == verdict
        if verdict is not None:
            folded.setdefault((verdict.origin.partition, verdict.origin.offset), verdict)
    assert b"".join(restored.snapshot()) == b"".join(scratch.snapshot())
    on_record = [decode_verdict_record(record.value) for record in cluster.read(VERDICTS)]
    decided = [found.verdict for found in on_record if isinstance(found, Decided)]
    assert {(one.origin.partition, one.origin.offset): one for one in decided} == folded
    assert len(decided) == len(folded)
