"""`news-pipeline dedupe` on the logs of a worker, with copies, revisions and a retraction."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.assembly import build_fold
from pipeline.cli.app import run_command
from pipeline.kafka_io.log_identity import log_identity
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.settings import DedupSettings, KafkaSettings
from tests.harness.cluster import TestCluster
from tests.harness.scenario import ALL, Seen, article, drain, retraction, send
from tests.harness.workers import WorkerProcess, environment
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker]

WORDS = ("harbour", "council", "ferry", "bridge", "winter", "orchard", "museum", "railway", "glacier", "festival")
STORIES = 10


def story(number: int) -> str:
    """Return a text that is unique to this number."""
    return " ".join(f"{WORDS[(number * 3 + place) % 10]}{number} and {WORDS[place % 10]}{place}" for place in range(80))


def output(capsys: pytest.CaptureFixture[str], line: str, code: int = 0) -> str:
    assert run_command(line.split()) == code, capsys.readouterr()
    return capsys.readouterr().out


def _run(cluster: TestCluster, env: dict[str, str], group: str) -> Seen:
    urls = [f"https://news.example/{number}" for number in range(STORIES)]
    originals = [article(url, f"Story {number}", story(number)) for number, url in enumerate(urls)]
    copies = [article(f"https://mirror.example.org/{n}", f"Copy {n}", story(n)) for n in range(STORIES)]
    later = "2026-11-20T11:00:00Z"
    revisions = [
        article(url, f"Story {number}", f"{story(number)} Added is one more line.", later)
        for number, url in enumerate(urls[:4])
    ]
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        cluster.produce("news.articles.raw.v1", originals)
        drain(cluster, worker, group)
        cluster.produce("news.articles.raw.v1", [*copies, *revisions])
        send(cluster, retraction(urls[9]))
        return drain(cluster, worker, group)


def test_stats_explain_rebuild_and_activate_on_a_workers_logs(
    kafka_broker: Broker,
    topic_prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    env = environment(kafka_broker.bootstrap_servers, topic_prefix)
    for name, value in env.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    seen = _run(cluster, env, f"{topic_prefix}news-ingest")
    _check_stats(capsys)
    _check_explain(capsys, seen)
    _check_rebuild(cluster, capsys, tmp_path, topic_prefix)
    _check_activate(cluster, capsys)


def _check_stats(capsys: pytest.CaptureFixture[str]) -> None:
    counted: dict[str, dict[str, Any]] = json.loads(output(capsys, "dedupe stats --json"))
    assert counted["kinds"] == {"unique": STORIES, "exact": STORIES, "revision": 4, "retraction": 1}
    assert counted["syndicated"] == {"example.org": STORIES}
    assert (counted["signatures"]["signatures"], counted["signatures"]["articles"]) == (25, 20)
    assert counted["signatures"]["end_offset"] == 25
    assert "example.org" in output(capsys, "dedupe stats")


def _check_explain(capsys: pytest.CaptureFixture[str], seen: Seen) -> None:
    revised = next(value for kind, value in seen.events if kind == "news.article.revised.v1")
    found = json.loads(output(capsys, f"dedupe explain {revised['id']} --json"))
    assert [(step["kind"], step["revision"]) for step in found["verdicts"]] == [("unique", 1), ("revision", 2)]
    assert found["cluster_id"] == revised["dedup"]["cluster_id"]
    (copy,) = found["pointed_at_by"]
    assert (copy["kind"], copy["canonical_id"], copy["publisher"]) == ("exact", revised["id"], "example.org")
    text = output(capsys, f"dedupe explain {revised['id']}")
    assert "Story" not in text
    assert f"{copy['article_id']}, example.org, exact by text_hash" in text
    output(capsys, "dedupe explain nobody", code=1)


def _check_rebuild(cluster: TestCluster, capsys: pytest.CaptureFixture[str], directory: Path, prefix: str) -> None:
    done = json.loads(output(capsys, f"dedupe rebuild --json --output {directory}"))
    assert (done["signatures"], done["compared"], done["different"], done["position"]) == (25, 25, 0, 25)
    topic, windows = cluster.name("news.signatures.v1"), DedupSettings()
    identity = log_identity(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, topic_prefix=prefix), topic)
    restored = SnapshotStore(directory, topic, identity).load(
        build_fold(near_window_secs=windows.near_window_secs, exact_window_secs=windows.exact_window_secs)
    )
    assert restored is not None
    assert (restored[0], len(restored[1])) == (25, 25)


def _check_activate(cluster: TestCluster, capsys: pytest.CaptureFixture[str]) -> None:
    output(capsys, "dedupe activate 99 --yes", code=2)
    output(capsys, "dedupe activate 1", code=2)
    assert "in force: fold 1; from offset 25 " in output(capsys, "dedupe activate 1 --dry-run")
    assert len(cluster.read("news.signatures.v1")) == 25
    assert "appended at offset 25" in output(capsys, "dedupe activate 1 --yes")
    assert json.loads(output(capsys, "dedupe stats --json"))["signatures"]["activations"] == 1
    assert json.loads(output(capsys, "dedupe rebuild --json"))["position"] == 26
