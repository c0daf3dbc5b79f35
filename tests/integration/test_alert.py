"""The alert service on brokers: killed at random moments, it notifies of every story once, and of no other."""

import random
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from pipeline.exit_codes import ExitCode
from tests.harness.alert_records import ENRICHED, KEY, MEMBERSHIPS, membership, query_file, value_of
from tests.harness.cluster import TestCluster
from tests.harness.downstream_process import DownstreamProcess
from tests.harness.webhook_stub import WebhookStub
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

ALERTS = "news.alerts.v1"
ARTICLES = 1_200
STORIES = 500
KILLS = 4
SEED = 22


def _env(broker: Broker, prefix: str, directory: Path, queries: Path, **extra: str) -> Mapping[str, str]:
    return environment(
        broker.bootstrap_servers,
        prefix,
        NEWS_GUARANTEE="exactly_once" if broker.has_transactions else "at_least_once",
        NEWS_ALERT__PORT="0",
        NEWS_ALERT__STATE_DIR=str(directory / "state"),
        NEWS_ALERT__QUERIES=str(queries),
        **extra,
    )


@pytest.fixture
def topics(broker: Broker, topic_prefix: str) -> TestCluster:
    found = TestCluster(broker.bootstrap_servers, topic_prefix)
    found.provision()
    return found


@pytest.mark.parametrize("by", ["cluster", "membership"])
def test_killed_at_random_it_misses_nothing_and_doubles_nothing(
    broker: Broker, topics: TestCluster, tmp_path: Path, by: str
) -> None:
    rng = random.Random(SEED)
    stories = [f"s-{rng.randrange(STORIES)}" for _ in range(ARTICLES)]
    with WebhookStub(KEY) as stub:
        queries = [
            {"id": "ferries", "words": "ferry", "sinks": ["kafka", "webhook:hook"]},
            {"id": "trams", "words": "tram", "sinks": ["kafka"]},
        ]
        path = query_file(tmp_path, queries, {"hook": stub.url})
        env = _env(
            broker,
            topics.catalogue.prefix,
            tmp_path,
            path,
            NEWS_ALERT__STORIES="on" if by == "membership" else "auto",
            NEWS_ALERT__STORY_WAIT_SECS="60",  # it falls back to clusters in no case, which are others
            NEWS_ALERT__WEBHOOK_PORTS=str(stub.port),
            NEWS_ALERT__WEBHOOK_NETWORKS="127.0.0.0/8",
        )
        wanted = {("ferries", story) for place, story in enumerate(stories) if place % 3 != 0}
        hits = 0
        share = ARTICLES // (KILLS + 1)
        with DownstreamProcess(env, "alert") as service:
            service.wait_ready()
            for start in range(0, ARTICLES, share):
                part = range(start, min(start + share, ARTICLES))
                before = stub.requests
                _produce(topics, {place: stories[place] for place in part}, by, rng)
                if start < KILLS * share:
                    some = before + rng.randrange(1, 40)
                    wait_until(lambda: stub.requests >= some, seconds=60, what="some notifications", pause_secs=0.002)  # noqa: B023
                    service.send(signal.SIGKILL)
                    service.wait(10)
                    read = {("ferries", stories[place]) for place in range(part.stop) if place % 3 != 0}
                    hits += not _told(stub) >= read
                    service.ensure()
            service.wait_ready()
            wait_until(lambda: _told(stub) >= wanted, seconds=60, what="the webhook to have every story")
            wait_until(lambda: len(_on_topic(topics)) >= len(wanted), seconds=30, what="the topic to have every story")
            assert hits  # at least one kill was amid the notifications of its part
            assert service.exit_codes == [-signal.SIGKILL] * KILLS
            if by == "membership":
                wanted |= _merge(topics, stub)
            service.send(signal.SIGTERM)
            assert service.wait(30) == ExitCode.DRAINED
        by_id = {value["id"]: value for value in stub.taken}
        assert {(value["query_id"], value["story_id"]) for value in by_id.values()} == wanted
        assert len(by_id) == len(wanted)  # one id for each story
        assert stub.bad_signatures == 0
        on_topic = Counter(_on_topic(topics))
        assert on_topic.keys() == by_id.keys()
        if broker.has_transactions:  # without, a request of a killed process may arrive late, with the same id
            assert set(on_topic.values()) == {1}


def _produce(topics: TestCluster, stories: Mapping[int, str], by: str, rng: random.Random) -> None:
    """Write events whose clusters are stories, or events with memberships, some before and some after them."""
    if by == "cluster":
        topics.produce(ENRICHED, [_record(place, story) for place, story in stories.items()])
        return
    members = [_member(place, story) for place, story in stories.items()]
    rng.shuffle(members)
    early = len(members) // 4
    topics.produce(MEMBERSHIPS, members[:early])
    topics.produce(ENRICHED, [_record(place, f"c-{place}") for place in stories])
    topics.produce(MEMBERSHIPS, members[early:])


def _merge(topics: TestCluster, stub: WebhookStub) -> set[tuple[str, str]]:
    """Merge stories that were told into one that was not; return what is told after it."""
    told = sorted(story for _, story in _told(stub))[:2]
    topics.produce(ENRICHED, [_record(place, f"c-{place}") for place in (1_300, 1_303, 1_306)])
    topics.produce(MEMBERSHIPS, [_member(1_300, "merged", *told), _member(1_303, "merged", *told)])
    topics.produce(MEMBERSHIPS, [_member(1_306, "last")])
    wait_until(lambda: ("ferries", "last") in _told(stub), seconds=60, what="the last story")
    return {("ferries", "last")}


def _told(stub: WebhookStub) -> set[tuple[str, str]]:
    return {(value["query_id"], value["story_id"]) for value in list(stub.taken)}


def _on_topic(topics: TestCluster) -> list[str]:
    return [orjson.loads(record.value)["id"] for record in topics.read(ALERTS)]


def _record(place: int, story: str) -> tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]:
    headline = "Waves" if place % 3 == 0 else "A new ferry"
    value = value_of(f"article-{place}", headline, "Waves. " * 50, cluster_id=story)
    return value["id"].encode(), orjson.dumps(value), ()


def _member(place: int, story: str, *absorbed: str) -> tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]:
    record = membership(f"article-{place}", story, *absorbed)
    return record.key or b"", record.value or b"", ()


def test_reports_of_one_event_are_told_once(embedded_broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    topics = TestCluster(embedded_broker.bootstrap_servers, topic_prefix)
    topics.provision()
    path = query_file(tmp_path, [{"id": "quakes", "words": "earthquake", "sinks": ["kafka"]}])
    env = _env(
        embedded_broker,
        topic_prefix,
        tmp_path,
        path,
        NEWS_ALERT__STORIES="on",
        NEWS_ALERT__STORY_WAIT_SECS="60",  # longer than any machine needs for a membership
    )
    headlines = (
        "Valdoria: earthquake destroys the old market hall",
        "Market hall of Valdoria destroyed by earthquake",
        "Lornemouth ferry crew trains for an earthquake at sea",
    )
    with ExitStack() as stack:
        for stage in ("sketch", "story"):
            stack.enter_context(WorkerProcess(env, [stage])).wait_ready()
        service = stack.enter_context(DownstreamProcess(env, "alert"))
        service.wait_ready()
        for place, headline in enumerate(headlines):  # one after the other: the order across partitions is undefined
            value = value_of(f"article-{place}", headline)
            topics.produce(ENRICHED, [(value["id"].encode(), orjson.dumps(value), ())])
            wait_until(lambda: len(topics.read(MEMBERSHIPS)) > place, seconds=60, what="its membership")  # noqa: B023
        wait_until(lambda: len(_on_topic(topics)) >= 2, seconds=60, what="both stories")
    told = [orjson.loads(record.value) for record in topics.read(ALERTS)]
    members = [orjson.loads(record.value) for record in topics.read(MEMBERSHIPS)]
    stories = {member["article_id"]: member["story_id"] for member in members}
    assert stories["article-0"] == stories["article-1"] != stories["article-2"]
    assert [(value["article"]["id"], value["story_id"]) for value in told] == [
        (name, stories[name]) for name in ("article-0", "article-2")
    ]


def test_a_notification_reaches_every_sink_without_transactions_too(
    embedded_broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    topics = TestCluster(embedded_broker.bootstrap_servers, topic_prefix)
    topics.provision()
    with WebhookStub(KEY) as stub:
        sinks = ["kafka", "webhook:hook", "stdout", "events"]
        path = query_file(tmp_path, [{"id": "ferries", "words": "ferries", "sinks": sinks}], {"hook": stub.url})
        env = _env(
            embedded_broker,
            topic_prefix,
            tmp_path,
            path,
            NEWS_ALERT__WEBHOOK_PORTS=str(stub.port),
            NEWS_ALERT__WEBHOOK_NETWORKS="127.0.0.0/8",
        )
        with DownstreamProcess(env, "alert") as service:
            service.wait_ready()
            topics.produce(ENRICHED, [_record(place, f"c-{place // 4}") for place in range(9)])
            wait_until(lambda: len(stub.taken) >= 3, seconds=60, what="the webhook to have every story")
            wait_until(lambda: len(_on_topic(topics)) >= 3, seconds=60, what="the topic to have every story")
            wait_until(lambda: service.log_text().count('"query_id"') >= 3, seconds=60, what="the lines")
            ids = {value["id"] for value in stub.taken}
            assert set(_on_topic(topics)) == ids
            preview = service.ask("/preview", q="ferry")
            assert preview is not None
            assert (preview["matching"], preview["stories"]) == (6, 3)
            service.send(signal.SIGTERM)
            assert service.wait(30) == ExitCode.DRAINED
