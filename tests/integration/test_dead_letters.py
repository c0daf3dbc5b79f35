"""Dead letters on a broker: listed without content, replayed once, and published exactly once."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.app import run_command
from tests.harness.cluster import TestCluster
from tests.harness.faulty import bad_deployment
from tests.harness.scenario import ALL, RAW, article, read, send
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

STORY = "The council met again on Monday and agreed to mend the bridge over the river before the first frost. " * 4
OTHER = "A ferry with two hundred passengers reached the harbour of the island in spite of the heavy storm. " * 4
TITLE = "Unspeakable headline"
BROKEN = b'{"url": "https://news.example/c", "title": "Unspeakable page"'
DLQ = "news.dlq.ingest.v1"
BEFORE_VERDICT, AFTER_VERDICT = ("ingest", "dedupe"), ("detect-language", "classify", "publish")


@pytest.fixture
def cluster(broker: Broker, topic_prefix: str) -> TestCluster:
    found = TestCluster(broker.bootstrap_servers, topic_prefix)
    found.provision()
    return found


@pytest.fixture
def env(broker: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of workers, also set for commands in the test's process."""
    guarantee = "exactly_once" if broker.has_transactions else "at_least_once"
    made = environment(broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE=guarantee)
    for name, value in made.items():
        if name.startswith("NEWS_"):
            monkeypatch.setenv(name, value)
    return made


def output(capsys: pytest.CaptureFixture[str], line: str, code: int = 0) -> str:
    assert run_command(line.split()) == code, capsys.readouterr()
    return capsys.readouterr().out


def letters(cluster: TestCluster, count: int, topic: str = DLQ) -> list[Any]:
    """Return the dead letters of a topic once there are so many."""
    found: list[Any] = []

    def there() -> bool:
        found[:] = cluster.read(topic)
        return len(found) >= count

    wait_until(there, seconds=60, what=f"{count} dead letters")
    assert len(found) == count
    return found


def test_a_replayed_article_is_published_exactly_once(
    cluster: TestCluster, env: dict[str, str], topic_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with WorkerProcess({**env, **bad_deployment(tmp_path / "bad", "ingest", TITLE)}, ALL) as worker:
        worker.wait_ready()
        send(
            cluster,
            article("https://news.example/a", TITLE, STORY),
            article("https://news.example/b", "A ferry in the storm", OTHER),
            (b"k", BROKEN, (("title", b"Unspeakable"),)),
        )
        reasons = [dict(letter.headers)["news.dlq.reason"].decode() for letter in letters(cluster, 2)]
    assert sorted(reasons) == ["invalid_json", "unexpected"]
    broken = _inspect(capsys, topic_prefix, tmp_path)
    assert "1 would be sent" in output(capsys, "dlq replay --reason unexpected --dry-run")
    assert f"1 sent to {topic_prefix}{RAW}" in output(capsys, "dlq replay --reason unexpected --rate 50")
    assert "0 sent" in output(capsys, "dlq replay --reason unexpected")
    with WorkerProcess(env, ALL) as worker:
        worker.wait_ready()
        cluster.produce("news.replays.v1", [(b"nobody", b"{}", ())])  # an invalid record, which must be ignored
        _until_refused(cluster, capsys, broken)
        wait_until(lambda: cluster.lag(f"{topic_prefix}news-ingest", RAW) == 0, seconds=60, what="lag 0")
    seen = read(cluster)
    assert Counter(value["url"] for _, value in seen.events) == {
        "https://news.example/a": 1,
        "https://news.example/b": 1,
    }
    assert not seen.duplicates


def _inspect(capsys: pytest.CaptureFixture[str], prefix: str, scratch: Path) -> str:
    """Inspect two dead letters with every command; return the place of the broken one."""
    listed = output(capsys, "dlq list")
    assert len(listed.splitlines()) == 2
    rows = [json.loads(line) for line in output(capsys, "dlq list --reason invalid_json --json").splitlines()]
    assert [(row["stage"], row["reason"]) for row in rows] == [("ingest", "invalid_json")]
    place: str = rows[0]["place"]
    value = scratch / "value"
    shown = output(capsys, f"dlq show {place} --output {value}")
    assert value.read_bytes() == BROKEN
    assert json.loads(shown)["original_headers"] == ["title"]
    counted = json.loads(output(capsys, "dlq stats --json"))
    assert counted["stage"] == {"ingest": 2}
    assert counted["source"] == {f"{prefix}{RAW}": 2}
    for text in (listed, shown, str(counted), str(rows)):
        assert "Unspeakable" not in text
    assert output(capsys, "dlq list --from 2030-01-01T00:00:00Z") == ""
    output(capsys, f"dlq show {prefix}{DLQ}/0/999999", code=1)
    return place


def _until_refused(cluster: TestCluster, capsys: pytest.CaptureFixture[str], place: str) -> None:
    """Replay a record that always fails: each dead letter is replayed once, up to the limit of attempts."""
    line = "dlq replay --reason invalid_json"
    for attempt in range(1, 4):
        assert "1 sent" in output(capsys, line)
        *_, last = letters(cluster, 2 + attempt)
        headers = dict(last.headers)
        assert (last.key, last.value) == (b"k", BROKEN)
        assert headers["news.replay.attempts"] == str(attempt).encode()
        assert headers["news.replay.source"] == place.encode()
        assert headers["title"] == b"Unspeakable"
        place = f"{last.topic}/{last.partition}/{last.offset}"
    assert "3 times already" in output(capsys, line, code=1)
    assert "0 sent" in output(capsys, f"{line} --again", code=1)


@pytest.mark.kafka
@pytest.mark.parametrize("broker", ["kafka"], indirect=True)
def test_articles_that_died_after_their_verdict_get_a_new_one(
    cluster: TestCluster, env: dict[str, str], topic_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two articles die in `classify`; a copy of one is published in its place. Then both are replayed."""
    bad = {**env, **bad_deployment(tmp_path / "bad", "classify", TITLE)}
    with WorkerProcess(env, BEFORE_VERDICT) as first:
        with WorkerProcess(bad, AFTER_VERDICT) as second:
            first.wait_ready()
            second.wait_ready()
            send(
                cluster,
                article("https://news.example/lost", f"{TITLE} one", STORY),
                article("https://news.example/copied", f"{TITLE} two", OTHER),
            )
            letters(cluster, 2, "news.dlq.classify.v1")
            send(cluster, article("https://other.example/copy", "A ferry in the storm", OTHER))
            wait_until(lambda: len(cluster.read("news.articles.enriched.v1")) == 1, seconds=60, what="the copy")
        with WorkerProcess(env, AFTER_VERDICT) as second:
            second.wait_ready()
            assert f"2 sent to {topic_prefix}{RAW}" in output(capsys, "dlq replay --stage classify")
            wait_until(lambda: len(cluster.read("news.articles.enriched.v1")) == 2, seconds=60, what="the lost one")
            wait_until(lambda: len(cluster.read("news.articles.duplicates.v1")) == 1, seconds=60, what="the other one")
    seen = read(cluster)
    assert Counter(value["url"] for _, value in seen.events) == {
        "https://news.example/lost": 1,
        "https://other.example/copy": 1,
    }
    assert [value["url"] for value in seen.duplicates] == ["https://news.example/copied"]
