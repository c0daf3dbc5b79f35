"""Commands that talk to a broker."""

import json
from pathlib import Path

import pytest

from pipeline.cli.app import run_command
from tests.harness.workers import WorkerProcess, environment

pytestmark = pytest.mark.broker
ARTICLES = Path(__file__).resolve().parents[2] / "samples" / "articles"
LINES = b'{"url": "https://a.example/1", "text": "one"}\nnot json\n\n{"url": "https://a.example/1", "text": "two"}\n'


@pytest.fixture
def cluster(embedded_broker: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Point the settings at the broker, with topics of the test's own; return their prefix."""
    prefix = f"{request.node.name.replace('_', '-').replace('[', '-').replace(']', '').lower()[:60]}."
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVERS", embedded_broker)
    monkeypatch.setenv("NEWS_KAFKA__TOPIC_PREFIX", prefix)
    return prefix


def apply() -> None:
    assert run_command(["topics", "apply", "--partitions", "3", "--replication-factor", "1"]) == 0


def test_topics_are_planned_created_and_listed(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--partitions", "3", "--replication-factor", "1"]
    assert run_command(["topics", "plan", *sizes]) == 0
    assert f"create {cluster}news.articles.raw.v1: 3 partitions, 1 replicas" in capsys.readouterr().out
    assert run_command(["topics", "list"]) == 0
    assert "missing" in capsys.readouterr().out
    apply()
    assert f"create {cluster}news.articles.raw.v1" in capsys.readouterr().out
    assert run_command(["topics", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["name"]: row["partitions"] for row in rows}[f"{cluster}news.articles.raw.v1"] == 3
    assert all(row["partitions"] for row in rows)


def test_partitions_are_not_grown(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    apply()
    assert run_command(["topics", "plan", "--partitions", "5", "--replication-factor", "1"]) == 1
    assert "refuse" in capsys.readouterr().out
    assert run_command(["topics", "apply", "--partitions", "5", "--replication-factor", "1"]) == 78
    assert "Drain the pipeline" in capsys.readouterr().err


def test_what_is_produced_can_be_read(cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apply()
    (tmp_path / "a.jsonl").write_bytes(LINES)
    capsys.readouterr()
    assert run_command(["produce", str(tmp_path / "a.jsonl")]) == 0
    output = capsys.readouterr().out
    assert output == f"4 records sent to {cluster}news.articles.raw.v1, 2 of them without a usable identity\n"
    assert run_command(["tail", "raw", "--count", "4", "--timeout", "30", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(str(record["value"]) for record in records) == sorted(
        str(json.loads(line) if line[:1] == b"{" else line.decode()) for line in LINES.splitlines()
    )
    versions = [record for record in records if isinstance(record["value"], dict)]
    assert len({(record["key"], record["partition"]) for record in versions}) == 1
    assert [record["value"]["text"] for record in versions] == ["one", "two"]


def test_samples_can_be_sent_and_read(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    apply()
    capsys.readouterr()
    assert run_command(["produce", str(ARTICLES)]) == 0
    assert capsys.readouterr().out.startswith("95 records sent to ")
    assert run_command(["tail", "news.articles.raw.v1", "--count", "95", "--timeout", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 95
    assert any("Selwyn Rovers" in line for line in lines)


def test_the_lag_of_a_group_is_what_it_has_not_committed(
    cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply()
    for _ in range(4):
        (tmp_path / "a.jsonl").write_bytes(LINES.splitlines()[0])
        assert run_command(["produce", str(tmp_path / "a.jsonl")]) == 0
    capsys.readouterr()
    assert run_command(["lag"]) == 0
    assert capsys.readouterr().out == "", "no group has committed anything"
    assert run_command(["lag", "ingest", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["partition"] for row in rows] == [0, 1, 2]
    assert {row["topic"] for row in rows} == {f"{cluster}news.articles.raw.v1"}
    assert sum(row["lag"] for row in rows) == 4
    assert run_command(["lag", "ingest"]) == 0
    assert "4 records behind on" in capsys.readouterr().out
    assert run_command(["lag", "ingestion"]) == 2


def test_the_lag_without_topics_names_the_remedy(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["lag", "publish"]) == 78
    assert "topics apply" in capsys.readouterr().err


def test_what_is_too_large_is_reported_and_the_rest_sent(
    cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apply()
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "' + b"x" * (24 << 20) + b'"}\n' + LINES)
    assert run_command(["produce", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "4 records sent to" in captured.out
    assert "1 records are too large" in captured.err


def test_reading_ends_when_nothing_comes(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    apply()
    assert run_command(["tail", "enriched", "--timeout", "0.5"]) == 0
    assert run_command(["tail", "enriched", "--timeout", "0.5", "--count", "1"]) == 1
    capsys.readouterr()
    assert run_command(["tail", "dlq"]) == 78
    assert "matches several topics" in capsys.readouterr().err


def test_a_topic_that_is_not_there(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["tail", "enriched", "--timeout", "1"]) == 78
    assert "is not on the cluster" in capsys.readouterr().err
    assert run_command(["produce", str(ARTICLES)]) == 78
    assert "is not on the cluster" in capsys.readouterr().err


def test_a_cluster_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEWS_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:9")
    assert run_command(["topics", "plan"]) == 1
    assert capsys.readouterr().err == "news-pipeline: 127.0.0.1:9 refuses connections: no broker listens there\n"


def test_a_worker_logs_an_unreachable_cluster_in_one_sentence() -> None:
    with WorkerProcess(environment("127.0.0.1:9", ""), ["ingest"]) as worker:
        assert worker.wait(60) == 1
        failed = next(
            line for line in map(json.loads, worker.log_text().splitlines()) if line["event"] == "worker_failed"
        )
    assert failed["error.message"] == "127.0.0.1:9 refuses connections: no broker listens there"
    assert "exception" not in failed
