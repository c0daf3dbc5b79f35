"""Topics that change under a worker are noticed; a broker that does not answer changes nothing."""

from collections.abc import Collection, Mapping

import pytest

from pipeline.errors import ConfigError
from pipeline.runtime.topic_watch import TopicWatch, WatchedTopic, watched_topics
from pipeline.wire.catalogue import load_catalogue

TOPICS = [WatchedTopic("raw", 4, broker_time=True), WatchedTopic("letters", None, broker_time=False)]


class Cluster:
    """What the cluster answers."""

    def __init__(self) -> None:
        self.shapes: dict[str, int] | None = {"raw": 4, "letters": 1}
        self.times = {"raw": "LogAppendTime"}
        self.down = False

    async def partitions(self, topics: Collection[str]) -> Mapping[str, int] | None:
        if self.down:
            raise ConnectionError
        return None if self.shapes is None else {name: self.shapes[name] for name in topics if name in self.shapes}

    async def timestamps(self, topics: Collection[str]) -> Mapping[str, str]:
        return {name: self.times[name] for name in topics if name in self.times}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def watch(cluster: Cluster) -> TopicWatch:
    return TopicWatch(TOPICS, cluster.partitions, cluster.timestamps)


async def test_a_topic_that_is_gone_for_long_was_deleted(cluster: Cluster, watch: TopicWatch) -> None:
    assert cluster.shapes is not None
    for _ in range(2):  # created again at once: LogWatch says so
        await watch.check()
        del cluster.shapes["raw"]
        await watch.check()
        await watch.check()
        cluster.shapes["raw"] = 4
    await watch.check()
    del cluster.shapes["letters"]
    await watch.check()
    await watch.check()
    with pytest.raises(ConfigError, match="topic letters was deleted"):
        await watch.check()


async def test_more_partitions_matter_where_keys_decide(cluster: Cluster, watch: TopicWatch) -> None:
    cluster.shapes = {"raw": 4, "letters": 3}
    await watch.check()
    cluster.shapes["raw"] = 8
    with pytest.raises(ConfigError, match="topic raw has 8 partitions, and had 4"):
        await watch.check()


async def test_times_of_clients_are_named_with_the_remedy(cluster: Cluster, watch: TopicWatch) -> None:
    cluster.times["raw"] = "CreateTime"
    with pytest.raises(ConfigError, match=r"raw has message\.timestamp\.type CreateTime.*topics apply"):
        await watch.check()


async def test_what_is_not_told_ends_nothing(cluster: Cluster, watch: TopicWatch) -> None:
    cluster.shapes, cluster.times = None, {}
    for _ in range(5):
        await watch.check()
    cluster.down = True
    for _ in range(5):
        await watch.check()


def test_what_matters_of_the_topics_of_a_service() -> None:
    catalogue = load_catalogue("p.").sized(article_partitions=6)
    topics = catalogue.stage("dedupe")
    found = {one.name: one for one in watched_topics(catalogue, topics.all_reads, topics.all_writes)}
    raw, letters = found["p.news.articles.raw.v1"], found["p.news.dlq.dedupe.v1"]
    assert (raw.partitions, raw.broker_time) == (6, True)
    assert (letters.partitions, letters.broker_time) == (None, False)
    assert found["p.news.signatures.v1"].partitions == 1
    assert not found["p.news.articles.judged.v1"].broker_time, "only of what is read"
