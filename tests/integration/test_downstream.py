"""A search and an alerting service downstream, on Apache Kafka: what they hold after revisions, copies and withdrawals.

Both services are written from docs/consumers.md and docs/events.md alone. One run of the pipeline serves all tests.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec import Struct

from pipeline.assembly import newest_version
from pipeline.domain.record import Record
from pipeline.ops.dedup_control import begin_log
from pipeline.search.index import SearchIndex
from pipeline.search.query import read_query
from pipeline.search.searching import Search
from pipeline.settings import KafkaSettings
from tests.harness.alert_service import AlertService
from tests.harness.cluster import SEGMENT_KEY, TestCluster
from tests.harness.downstream_articles import (
    CORRECTED,
    FERRY,
    HARVEST,
    MARKET,
    NEW_AT_ADDRESS,
    OWL,
    QUARRY,
    ROADS,
    SPELLING,
    TRIAL,
    VINES,
    VINES_IMAGE,
    WITHDRAWN,
    arrivals,
)
from tests.harness.oracle import check_states
from tests.harness.scenario import ALL, RAW, Seen, read, send
from tests.harness.search_service import SearchService, Story
from tests.harness.standing_articles import StandingArticles
from tests.harness.states import CURRENT
from tests.harness.workers import WorkerProcess, environment, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.broker, pytest.mark.timeout(180)]

EVENTS, DUPLICATES, CLUSTERS = (f"news.{name}.v1" for name in ("articles.enriched", "articles.duplicates", "clusters"))
VERDICTS = "news.verdicts.v1"
BEFORE_WITHDRAWALS = 3


class Downstream(Struct, frozen=True):
    """What the two services hold, before the withdrawals and at the end, and all that they could read."""

    before: dict[str, Story]
    stories: dict[str, Story]
    alerts: AlertService
    seen: Seen
    topics: dict[str, list[Any]]
    cluster: TestCluster

    def story(self, url: str) -> Story:
        """Return the only entry of the index with a URL."""
        (found,) = [story for story in self.stories.values() if story.value["url"] == url]
        return found

    def revisions(self, url: str) -> list[dict[str, Any]]:
        """Return the events of an article, except for the first, in order."""
        return sorted((v for _, v in self.seen.events if v["url"] == url), key=lambda value: value["revision"])[1:]

    def held_back(self, url: str) -> list[str]:
        """Return the kinds of an article's duplicates, in order of revision."""
        found = sorted((v for v in self.seen.duplicates if v["url"] == url), key=lambda value: value["revision"])
        return [value["dedup"]["kind"] for value in found]


def _settle(cluster: TestCluster, workers: Sequence[WorkerProcess]) -> None:
    """Wait until nothing is left to do twice in a row: a promoted copy returns after the withdrawal is committed."""
    prefix = cluster.catalogue.prefix
    quiet = 0

    def done() -> bool:
        nonlocal quiet
        for worker in workers:
            assert worker.alive, worker.log_text()[-3000:]
        lag = cluster.lag(f"{prefix}news-ingest", RAW) + cluster.lag(f"{prefix}news-cluster", VERDICTS)
        quiet = quiet + 1 if lag == 0 else 0
        return quiet == 2

    wait_until(done, seconds=60, what="lag 0", pause_secs=0.3)


def _index(topics: dict[str, list[Any]], order: Sequence[str], times: int = 1) -> dict[str, Story]:
    search = SearchService()
    for _ in range(times):
        for topic in order:
            for record in topics[topic]:
                search.apply(record.headers, record.value)
    return search.stories()


def _topics(cluster: TestCluster) -> dict[str, list[Any]]:
    return {topic: cluster.read(topic) for topic in (EVENTS, DUPLICATES, CLUSTERS, CURRENT)}


@pytest.fixture(scope="module")
def downstream(kafka_broker: Broker) -> Downstream:
    """Both services, after one worker with all stages and one for clusters have processed all arrivals."""
    cluster = TestCluster(kafka_broker.bootstrap_servers, f"t{uuid4().hex[:10]}.")
    cluster.provision()
    kafka = KafkaSettings(bootstrap_servers=kafka_broker.bootstrap_servers)
    assert begin_log(kafka, cluster.catalogue, newest_version())
    env = environment(kafka_broker.bootstrap_servers, cluster.catalogue.prefix)
    before: dict[str, Story] = {}
    with WorkerProcess(env, ALL) as worker, WorkerProcess(env, ("cluster",)) as clusters:
        for one in (worker, clusters):
            one.wait_ready()
        for number, phase in enumerate(arrivals(), start=1):
            send(cluster, *phase)
            _settle(cluster, (worker, clusters))
            if number == BEFORE_WITHDRAWALS:
                before = _index(_topics(cluster), (EVENTS, DUPLICATES, CLUSTERS))
        topics, seen = _topics(cluster), read(cluster)
    assert not seen.dead_letters
    alerts = AlertService()
    for record in sorted(topics[EVENTS], key=lambda record: (record.timestamp, record.partition, record.offset)):
        alerts.apply(record.headers, record.value)
    return Downstream(before, _index(topics, (EVENTS, DUPLICATES, CLUSTERS)), alerts, seen, topics, cluster)


def test_the_search_has_the_articles_that_stand_and_no_other(downstream: Downstream, tmp_path: Path) -> None:
    """Withdrawn articles are gone and promoted copies in: the index from the topic of states is that of the oracle."""
    cluster_topic = downstream.topics[CLUSTERS][0].topic
    article_topic = downstream.topics[CURRENT][0].topic
    index = SearchIndex(tmp_path / "index", article_topic, cluster_topic, None, 3600.0)
    index.restore({article_topic: b"1", cluster_topic: b"2"})
    records = [
        Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value)
        for topic in (CURRENT, CLUSTERS)
        for one in downstream.topics[topic]
    ]
    assert index.apply(records) == 0
    index.store({}, caught_up=True)
    search = Search(index)
    stories = search.answer(read_query({"size": ["50"]})).stories
    asked = [read_query({"q": [f"story:{story.article['cluster']}"], "size": ["50"]}) for story in stories]
    found = [story.article["id"] for query in asked for story in search.answer(query).stories]
    # An article with a notice of withdrawal stands, as its publisher leaves it there.
    expected = {story.value["id"] for story in downstream.stories.values()}
    notices = {value["id"] for _, value in downstream.seen.events if value["url"] == WITHDRAWN}
    assert sorted(found) == sorted(expected | notices)
    (ferry,) = [story for story in stories if story.article["url"] == FERRY[1]]
    assert ferry.size == 1 + len(downstream.story(FERRY[1]).copies)
    index.close()


def test_a_negated_headline_is_told_and_mended_spelling_is_not(downstream: Downstream) -> None:
    (revision,) = downstream.revisions(TRIAL)
    assert {"headline", "negation"} <= {change["part"] for change in revision["changed"]}
    assert "change_labels" not in revision
    assert downstream.alerts.of(TRIAL) == ["new", "changed"]
    assert downstream.story(TRIAL).value["headline"] == "Harbour chief guilty of taking money"
    spelling, punctuation = downstream.revisions(SPELLING)
    assert spelling["changed"] == [{"part": "body", "added": 1, "removed": 1}]
    assert punctuation["change_labels"] == ["cosmetic"]
    assert downstream.alerts.of(SPELLING) == ["new"]
    assert "water – and" in downstream.story(SPELLING).value["body"]


def test_a_stated_correction_and_a_notice_of_withdrawal_are_told(downstream: Downstream) -> None:
    (revision,) = downstream.revisions(CORRECTED)
    assert revision["change_labels"] == ["correction"]
    assert "names" in [change["part"] for change in revision["changed"]]
    assert downstream.alerts.of(CORRECTED) == ["new", "correction"]
    assert "Hanna Lindqvist" in downstream.story(CORRECTED).value["body"]
    (revision,) = downstream.revisions(WITHDRAWN)
    assert {"part": "withdrawn_notice", "added": 1} in revision["changed"]
    assert downstream.alerts.of(WITHDRAWN) == ["new", "withdrawn"]
    assert WITHDRAWN not in {story.value["url"] for story in downstream.stories.values()}


def test_a_copy_takes_the_place_of_a_retracted_article(downstream: Downstream) -> None:
    first, second, third, fourth = FERRY
    (former,) = [story for story in downstream.before.values() if story.value["url"] == first]
    assert set(former.copies) == {second, third}
    story = downstream.story(second)
    assert story.value["dedup"]["kind"] == "promoted"
    assert story.value["dedup"]["cluster_id"] == former.value["dedup"]["cluster_id"]
    texts = [story.value["body"] for story in downstream.stories.values()]
    assert texts.count(former.value["body"]) == 1
    assert set(story.copies) == {fourth}
    assert story.copies[fourth]["dedup"]["canonical_id"] == story.name
    assert downstream.held_back(third) == ["exact", "retracted_copy"]
    assert downstream.alerts.of(first) == ["new", "withdrawn"]
    assert not any(downstream.alerts.of(url) for url in (second, third, fourth))


def test_copies_do_not_follow_a_url_to_its_next_article(downstream: Downstream) -> None:
    first, second, third = QUARRY
    (former,) = [story for story in downstream.before.values() if story.value["url"] == first]
    assert set(former.copies) == {second, third}
    new = downstream.story(first)
    assert (new.value["headline"], new.value["dedup"]["flags"]) == (NEW_AT_ADDRESS, ["reused_url"])
    assert new.name != former.name
    assert not new.copies
    promoted = downstream.story(second)
    assert promoted.value["dedup"]["flags"] == ["canonical_replaced"]
    assert promoted.value["body"] == former.value["body"]
    assert set(promoted.copies) == {third}
    assert promoted.copies[third]["dedup"]["kind"] == "near"
    assert promoted.copies[third]["dedup"]["canonical_id"] == former.name
    assert downstream.alerts.of(first) == ["new", "new"]


def test_a_copy_has_all_that_a_search_shows(downstream: Downstream) -> None:
    first, second = VINES
    story = downstream.story(first)
    copy = story.copies[second]
    assert copy["dedup"]["kind"] == "exact"
    assert (copy["language"]["tag"], copy["section"], copy["tags"]) == ("fr", "Économie", ["vendanges", "viticulture"])
    assert copy["summary"] == story.value["summary"] != ""
    assert copy["subjects"][0]["code"] == story.value["subjects"][0]["code"]
    assert copy["rights"] == {"licence": "CC BY 4.0"}
    assert copy["images"] == [VINES_IMAGE]


def test_notices_of_one_template_are_stories_of_their_own(downstream: Downstream) -> None:
    for url in (*ROADS, *MARKET):
        story = downstream.story(url)
        assert not story.copies
        assert not downstream.held_back(url)
        assert downstream.alerts.of(url) == ["new"]
    assert "Abbey Lane" in downstream.story(ROADS[1]).value["body"]
    assert "lower" in downstream.story(MARKET[1]).value["headline"]


def test_a_later_arrival_that_was_published_earlier_is_the_origin(downstream: Downstream) -> None:
    first, second, third = OWL
    story = downstream.story(first)
    assert story.origins == (("morning.example", "published_at"),)
    assert set(story.copies) == {second, third}
    assert "published_first" in story.copies[second]["dedup"]["flags"]
    assert not story.copies[second].get("syndication", {}).get("is_syndicated", False)
    assert "published_later" in story.copies[third]["dedup"]["flags"]
    assert story.copies[third]["syndication"]["is_syndicated"]


def test_only_the_source_of_an_article_can_retract_it(downstream: Downstream) -> None:
    kept, gone = HARVEST
    assert downstream.story(kept).value["headline"] == "Largest harvest in a decade"
    assert downstream.held_back(kept) == ["refused_retraction", "refused_retraction"]
    assert downstream.alerts.of(kept) == ["new"]
    assert gone not in {story.value["url"] for story in downstream.stories.values()}
    assert downstream.alerts.of(gone) == ["new", "withdrawn"]


@pytest.mark.parametrize("order", [(DUPLICATES, EVENTS, CLUSTERS), (CLUSTERS, DUPLICATES, EVENTS)], ids=str)
def test_the_index_does_not_depend_on_the_order_of_topics(downstream: Downstream, order: Sequence[str]) -> None:
    assert _index(downstream.topics, order, times=2) == downstream.stories


def test_each_cluster_is_told_once(downstream: Downstream) -> None:
    told = [alert.cluster_id for alert in downstream.alerts.alerts if alert.reason == "new"]
    assert len(told) == len(set(told))
    assert set(told) == {value["dedup"]["cluster_id"] for _, value in downstream.seen.events}
    for record in downstream.topics[EVENTS]:
        number = len(downstream.alerts.alerts)
        downstream.alerts.apply(record.headers, record.value)
        assert len(downstream.alerts.alerts) == number, "an event that is read again is told again"


def test_an_index_built_from_the_compacted_states_is_that_of_all_events(downstream: Downstream) -> None:
    everything, cluster = StandingArticles(), downstream.cluster
    for topic in (DUPLICATES, EVENTS):
        for record in downstream.topics[topic]:
            everything.apply(dict(record.headers), record.value)
    assert not any(check_states(cluster).values())
    written = cluster.read(CURRENT)
    cluster.compact(CURRENT)
    left: list[Any] = []

    def done() -> bool:
        left[:] = [record for record in cluster.read(CURRENT) if record.key != SEGMENT_KEY]
        return len(left) == len({record.key for record in written})

    wait_until(done, seconds=60, what="compaction", pause_secs=0.5)
    assert len(written) > len(left), "nothing was outdated: the test is void"
    assert any(record.value is None for record in left), "nothing was withdrawn: the test is void"
    assert {record.key: record.value for record in left if record.value is not None} == everything.values
