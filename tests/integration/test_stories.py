"""Sketch and story workers on a broker: events are folded once, and stories are those of the log, also after kills."""

import random
import signal
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

import orjson
import pytest

from pipeline.cli.app import run_command
from pipeline.domain.times import from_epoch_ms
from pipeline.stories.fold import Stories
from pipeline.stories.view import describe, membership_of
from pipeline.wire.codec import decode_membership, decode_sketch, decode_story
from tests.harness.cluster import TestCluster
from tests.harness.scenario import Raw
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

ENRICHED, SKETCHES = "news.articles.enriched.v1", "news.sketches.v1"
MEMBERSHIPS, STORIES = "news.memberships.v1", "news.stories.v1"
START = 1_795_946_400_000
PLACES = ("Valdoria", "Port Merane", "Norbury", "Eastcliff", "Upper Tanby", "Lornemouth", "Karvel", "Ostby")
EVENTS = (
    "earthquake destroys the old market hall",
    "ferry runs aground off the harbour",
    "mayor resigns over bridge costs",
)


def _event(article: str, headline: str, at: int, revision: int = 1, action: str = "add") -> Raw:
    value: dict[str, Any] = {
        "id": article,
        "revision": revision,
        "action": action,
        "ingested_at": from_epoch_ms(START + at * 1000),
        "headline": headline,
        "publisher": {"id": f"p{at % 7}.example"},
        "language": {"tag": "en"},
        "dedup": {"cluster_id": f"c-{article}"},
    }
    return article.encode(), orjson.dumps(value), ()


def _events(count: int) -> list[Raw]:
    chance = random.Random(7)
    made = []
    for at in range(count):
        place, what = chance.choice(PLACES), chance.choice(EVENTS)
        extra = chance.choice(("say witnesses", "officials confirm", "as rescuers arrive", "residents shocked"))
        made.append(_event(f"article-{at}", f"{place}: {what}, {extra} ({at % 5})", at))
    return made


def _published(cluster: TestCluster, topic: str) -> list[Any]:
    decode = decode_membership if topic == MEMBERSHIPS else decode_story
    return [decode(record.value) for record in cluster.read(topic)]


@pytest.mark.broker
@pytest.mark.timeout(180)
def test_reports_of_one_event_are_published_as_one_story_until_they_are_withdrawn(
    broker: Broker, topic_prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = TestCluster(broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    guarantee = "exactly_once" if broker.has_transactions else "at_least_once"
    env = environment(broker.bootstrap_servers, topic_prefix, NEWS_GUARANTEE=guarantee)
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, [stage])) for stage in ("sketch", "story")]
        for worker in workers:
            worker.wait_ready()

        def wait_for(topic: str, count: int) -> None:
            wait_until(lambda: len(cluster.read(topic)) >= count, seconds=60, what=f"{count} records on {topic}")

        reports = [
            _event("a", "Valdoria: earthquake destroys the old market hall", 0),
            _event("b", "Market hall of Valdoria destroyed by earthquake", 1),
            _event("a", "", 2, revision=2, action="delete"),
        ]
        for count, report in enumerate(reports, 1):  # one after the other: the order across partitions is undefined
            cluster.produce(ENRICHED, [report])
            wait_for(MEMBERSHIPS, count)
        cluster.produce(ENRICHED, [(b"k", b"no event", ())])
        cluster.produce(SKETCHES, [(b"k", b"no sketch", ())])
        wait_for("news.dlq.sketch.v1", 1)
        wait_for("news.dlq.story.v1", 1)
    memberships, stories = _published(cluster, MEMBERSHIPS), _published(cluster, STORIES)
    by_version = sorted(memberships, key=lambda item: item.version)
    assert [(item.article_id, item.how) for item in by_version] == [
        ("a", "founded"), ("b", "similar"), ("a", "withdrawn"),
    ]  # fmt: skip
    assert by_version[1].story_id == by_version[0].story_id
    # Offsets have gaps, those of the markers of transactions.
    assert [story.articles for story in sorted(stories, key=lambda story: story.version)] == [1, 2, 1]
    _check_explain(topic_prefix, broker, capsys, str(by_version[0].story_id))


@pytest.mark.kafka
@pytest.mark.fault
@pytest.mark.timeout(240)
def test_kills_lose_and_double_nothing_and_leave_the_stories_of_the_log(
    kafka_broker: Broker, topic_prefix: str, tmp_path: Any
) -> None:
    cluster = TestCluster(kafka_broker.bootstrap_servers, topic_prefix)
    cluster.provision()
    small = {"NEWS_WORK__MAX_BATCH_RECORDS": "5"}  # many transactions, so that kills fall into them
    saved = {"NEWS_STORIES__SNAPSHOT_DIR": str(tmp_path), "NEWS_STORIES__SNAPSHOT_INTERVAL_SECS": "0.5"}
    env = environment(kafka_broker.bootstrap_servers, topic_prefix, **small, **saved)
    events = _events(900)
    with ExitStack() as stack:
        workers = [stack.enter_context(WorkerProcess(env, [stage])) for stage in ("sketch", "sketch", "story", "story")]
        for worker in workers:
            worker.wait_ready()
        for start in range(0, 900, 300):
            cluster.produce(ENRICHED, events[start : start + 300])
            _kill_at_work(workers[:2])
            _kill_at_work(workers[2:])

        def drained() -> bool:
            for worker in workers:
                worker.ensure()
            return (
                cluster.lag(f"{topic_prefix}news-sketch", ENRICHED) == 0
                and cluster.lag(f"{topic_prefix}news-story", SKETCHES) == 0
            )

        wait_until(drained, seconds=120, what="lag 0", pause_secs=0.5)
        starts = sum(worker.starts for worker in workers)
    assert starts >= 4 + 4, "void: the kills had no effect"
    log = [(record.offset, record.timestamp, decode_sketch(record.value)) for record in cluster.read(SKETCHES)]
    assert Counter(sketch.article_id for _, _, sketch in log) == {f"article-{at}": 1 for at in range(900)}
    stories, expected = Stories(), []
    for offset, timestamp, sketch in sorted(log, key=lambda item: item[0]):
        folded = stories.apply(sketch, offset, timestamp)
        expected += [membership_of(change, offset, stories.params) for change in folded.memberships]
    published = _published(cluster, MEMBERSHIPS)
    assert sorted(published, key=_place) == sorted(expected, key=_place)
    latest = {story.story_id: story for story in sorted(_published(cluster, STORIES), key=lambda story: story.version)}
    counts = {item.story_id: item.articles for item in (describe(stories, key) for key in stories.table.open)}
    assert {name: latest[name].articles for name in counts} == counts
    assert max(counts.values()) > 10


def _check_explain(topic_prefix: str, broker: Broker, capsys: pytest.CaptureFixture[str], story: str) -> None:
    env = environment(broker.bootstrap_servers, topic_prefix)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            if name.startswith("NEWS_"):
                patch.setenv(name, value)
        for name in ("b", "a"):
            assert run_command(["story", "explain", name]) == 0, capsys.readouterr()
        lines = capsys.readouterr().out.splitlines()
        assert run_command(["story", "explain", "b", "--json"]) == 0
        found = orjson.loads(capsys.readouterr().out)
        assert run_command(["story", "explain", "unknown"]) == 1
        assert "nothing is recorded about an article or story unknown" in capsys.readouterr().err
    assert "article b, revision 1: similar" in lines
    assert "  nearest article a; shared: " in "\n".join(lines)
    assert "article a, revision 2: withdrawn" in lines
    assert f"story {story}: open, 1 articles of 1 publishers" in lines
    assert (found["membership"]["nearest_id"], found["story"]["story_id"]) == ("a", story)


def _place(membership: Any) -> tuple[int, str]:
    return membership.version, membership.article_id


def _kill_at_work(workers: list[WorkerProcess]) -> None:
    """Kill a worker with records in progress, and start it again."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for worker in workers:
            if worker.alive and worker.metric("news_records_in_progress") > 0:
                worker.send(signal.SIGKILL)
                worker.wait(20)
                worker.ensure()
                return
        time.sleep(0.005)
    raise AssertionError("no worker was caught at work: the run is void")
