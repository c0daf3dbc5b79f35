"""The search service on Apache Kafka: killed at random moments, it has every standing article once, and no other."""

import random
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from pipeline.exit_codes import ExitCode
from tests.harness.cluster import TestCluster
from tests.harness.downstream_process import DownstreamProcess
from tests.harness.standing_records import ARTICLES, CLUSTERS, cluster, enriched
from tests.harness.workers import environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(180)]

ARTICLE_COUNT = 400
CHANGES = 2_400
KILLS = 4
SEED = 20


def _changes(rng: random.Random) -> Iterator[tuple[str, int | None]]:
    """Yield states of articles: the number of a revision, or None for a withdrawal."""
    for revision in range(CHANGES):
        article_id = f"article-{rng.randrange(ARTICLE_COUNT)}"
        yield article_id, (None if rng.random() < 0.25 else revision)


def _standing(service: DownstreamProcess) -> dict[str, list[str]]:
    """Return the articles that the service finds, with the headlines of all entries of each."""
    found: dict[str, list[str]] = {}
    for page in range(1, 51):
        answer = service.ask("/search", q="seaside", sort="newest", size="50", page=str(page))
        assert answer is not None
        for story in answer["stories"]:
            found.setdefault(story["id"], []).append(story["headline"])
        if page >= answer["pages"]:
            break
    return found


def _env(broker: Broker, prefix: str, directory: Path, **extra: str) -> Mapping[str, str]:
    return environment(
        broker.bootstrap_servers,
        prefix,
        NEWS_SEARCH__PORT="0",
        NEWS_SEARCH__INDEX_DIR=str(directory / "index"),
        **extra,
    )


@pytest.fixture
def topics(kafka_broker: Broker) -> TestCluster:
    found = TestCluster(kafka_broker.bootstrap_servers, f"t{uuid4().hex[:10]}.")
    found.provision()
    return found


def test_killed_at_random_it_misses_nothing_and_doubles_nothing(
    kafka_broker: Broker, topics: TestCluster, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    changes = list(_changes(rng))
    expected: dict[str, int] = {}
    env = _env(kafka_broker, topics.catalogue.prefix, tmp_path)
    share = CHANGES // (KILLS + 1)
    with DownstreamProcess(env, "search") as service:
        service.wait_ready()
        for start in range(0, CHANGES, share):
            part = changes[start : start + share]
            topics.produce(ARTICLES, [_record(article_id, revision) for article_id, revision in part])
            for article_id, revision in part:
                if revision is None:
                    expected.pop(article_id, None)
                else:
                    expected[article_id] = revision
            if start < KILLS * share:
                time.sleep(rng.random() * 1.5)
                service.send(signal.SIGKILL)
                service.wait(10)
                service.ensure()
        service.wait_ready()
        counts = cluster("c-article-1", 3, "a.example", "b.example")
        topics.produce(CLUSTERS, [(counts.key, counts.value, ())])
        wanted = {article_id: [f"Seaside {revision}"] for article_id, revision in expected.items()}
        wait_until(lambda: _standing(service) == wanted, seconds=60, what="the index to be that of the topic")
        assert service.exit_codes == [-signal.SIGKILL] * KILLS
        service.send(signal.SIGTERM)
        assert service.wait(30) == ExitCode.DRAINED
        service.ensure()
        service.wait_ready()
        assert _standing(service) == wanted
        assert '"resumed":' in service.log_text()
        assert "index_discarded" not in service.all_logs()


def test_a_service_that_would_be_open_to_everyone_does_not_start(
    kafka_broker: Broker, topics: TestCluster, tmp_path: Path
) -> None:
    env = _env(kafka_broker, topics.catalogue.prefix, tmp_path, NEWS_SEARCH__HOST="0.0.0.0")  # noqa: S104  # refused
    with DownstreamProcess(env, "search") as service:
        assert service.wait(60) == ExitCode.CONFIG
        assert "set a token" in service.log_text()
        assert "service_listening" not in service.log_text()


def _record(article_id: str, revision: int | None) -> tuple[bytes, bytes | None, tuple[tuple[str, bytes], ...]]:
    value = None if revision is None else enriched(article_id, f"Seaside {revision}", "Waves. " * 50)
    return article_id.encode(), None if value is None else orjson.dumps(value), ()
