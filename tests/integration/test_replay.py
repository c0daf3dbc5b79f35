"""A replay into a lane: beside live traffic, repeatable, with the articles' own times and another model."""

import re
import time
from pathlib import Path

import orjson
import pytest
from msgspec.structs import asdict

from pipeline.cli.app import run_command
from pipeline.domain.times import from_epoch_ms
from tests.harness.cluster import TestCluster
from tests.harness.faulty import other_model
from tests.harness.feed import Feed, issued
from tests.harness.ledger import Ledger
from tests.harness.oracle import DUPLICATES, SIGNATURES
from tests.harness.scenario import ALL, RAW, Raw, article, send
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
OTHER = "A ferry with two hundred passengers reached the harbour of the island in spite of the heavy storm. " * 4
LANE = "again"
ENRICHED = "news.articles.enriched.v1"


def undated() -> Raw:
    """Return an article without a time."""
    key, value, headers = article("https://news.example/undated", "A ferry in the storm", OTHER)
    plain = orjson.loads(value or b"")
    del plain["fetched_at"]
    return key, orjson.dumps(plain), headers


def test_a_replay_makes_the_same_articles_with_another_version(
    broker: Broker,
    topic_prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    live = TestCluster(broker.bootstrap_servers, topic_prefix)
    lane = TestCluster(broker.bootstrap_servers, f"{topic_prefix}{LANE}.")
    live.provision()
    guarantee = "exactly_once" if broker.has_transactions else "at_least_once"
    env = environment(broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE=guarantee)
    for name, value in env.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    began = from_epoch_ms(int(time.time() * 1000) - 60_000)
    line = ["replay", "--from", began, "--lane", LANE]
    assert run_command(line) == 78
    assert f"NEWS_LANE={LANE} news-pipeline topics apply" in capsys.readouterr().err
    lane.provision()
    sent = send(live, article("https://news.example/a", "The bridge", STORY), undated())
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        wait_until(lambda: len(live.read(ENRICHED)) == 2, seconds=60, what="two live events")
        committed = live.committed(f"{topic_prefix}news-ingest", RAW)
        assert run_command([*line, "--rate", "100"]) == 0
        assert "2 records copied" in capsys.readouterr().out
        assert run_command(line) == 0
        printed = capsys.readouterr()
        assert "0 records copied" in printed.out
        # The embedded broker does not support offsets by time.
        assert ("about 2 records of this time are not copied" in printed.err) == broker.has_transactions
        assert live.committed(f"{topic_prefix}news-ingest", RAW) == committed
    copies = lane.read(RAW)
    assert sorted((copy.key, copy.value) for copy in copies) == sorted((one.key, one.value) for one in sent)
    with WorkerProcess({**env, "NEWS_LANE": LANE, **other_model(tmp_path, "subjects-retrained")}, ALL) as worker:
        worker.wait_ready()
        wait_until(lambda: len(lane.read(ENRICHED)) == 2, seconds=60, what="two events of the lane")
    _compare(live, lane)


@pytest.mark.kafka
def test_a_replay_beside_live_traffic_leaves_it_alone(
    kafka_broker: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    lane = TestCluster(kafka_broker.bootstrap_servers, f"{topic_prefix}{LANE}.")
    live.provision()
    lane.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    for name, value in env.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    began = from_epoch_ms(int(time.time() * 1000) - 60_000)
    feed = Feed(live, issued(50_000, seed=41), 150, least=600)
    with WorkerProcess(env, ALL) as worker, WorkerProcess({**env, "NEWS_LANE": LANE}, ALL) as second:
        worker.wait_ready()
        second.wait_ready()
        feed.start()
        wait_until(lambda: feed.handed_over >= 300, seconds=60, what="traffic")
        assert run_command(["replay", "--from", began, "--lane", LANE, "--rate", "200"]) == 0
        copied = int(re.findall(r"(\d+) records copied", capsys.readouterr().out)[-1])
        wait_until(lambda: _ends(lane) == copied, seconds=90, what="all copies are published")
        assert feed.is_alive(), "void: the feed had ended"
        sent = feed.finish(60)
        wait_until(lambda: live.lag(f"{topic_prefix}news-ingest", RAW) == 0, seconds=90, what="lag 0")
    assert copied >= 300
    ledger = Ledger(live)
    ledger.update()
    found = asdict(ledger.check(sent))
    assert not any(found.values()), found
    assert len(live.read(SIGNATURES)) == len(live.read(RAW)) == len(sent)
    assert len(lane.read(SIGNATURES)) == len(lane.read(RAW)) == copied


def _ends(cluster: TestCluster) -> int:
    return len(cluster.read(ENRICHED)) + len(cluster.read(DUPLICATES))


def _compare(live: TestCluster, lane: TestCluster) -> None:
    first = {record.key: record for record in live.read(ENRICHED)}
    second = {record.key: record for record in lane.read(ENRICHED)}
    assert first.keys() == second.keys()
    for key, record in first.items():
        before, after = orjson.loads(record.value), orjson.loads(second[key].value)
        assert before["id"] == after["id"]
        assert dict(record.headers)["ce_id"] != dict(second[key].headers)["ce_id"]
        assert after["provenance"]["versions"]["subjects"] == "subjects-retrained"
        # In a lane, ingested_at is when the article was fetched, or else when its record was first ingested.
        assert after["ingested_at"] == (before.get("fetched_at") or before["ingested_at"])
