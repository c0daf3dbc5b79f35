"""The check of topics before a worker starts."""

from typing import Any, ClassVar

import pytest
from aiokafka.errors import KafkaConnectionError

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io import topic_check
from pipeline.kafka_io.topic_check import check_topics, required_partitions
from pipeline.wire.catalogue import SIGNATURES, Catalogue, load_catalogue

ARGUMENTS = {"bootstrap_servers": ["127.0.0.1:9", "127.0.0.1:10"]}
RAW, UNIQUE = "p.news.articles.raw.v1", "p.news.articles.judged.v1"


class Admin:
    """Describes the topics of a cluster: partitions and error code by name."""

    topics: ClassVar[dict[str, tuple[int, int]]] = {}
    reachable = True
    closed = 0

    def __init__(self, **arguments: Any) -> None:
        assert arguments == ARGUMENTS

    async def start(self) -> None:
        if not Admin.reachable:
            raise KafkaConnectionError

    async def describe_topics(self) -> list[dict[str, Any]]:
        return [
            {"topic": name, "partitions": [{}] * count, "error_code": error}
            for name, (count, error) in Admin.topics.items()
        ]

    async def close(self) -> None:
        Admin.closed += 1


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    found = load_catalogue("p.")
    monkeypatch.setattr(topic_check, "AIOKafkaAdminClient", Admin)
    monkeypatch.setattr(Admin, "topics", {spec.name: (spec.partitions or 6, 0) for spec in found.topics})
    monkeypatch.setattr(Admin, "reachable", True)
    monkeypatch.setattr(Admin, "closed", 0)
    return found


async def test_the_partition_count_of_the_cluster_is_adopted(catalogue: Catalogue) -> None:
    found = await check_topics(ARGUMENTS, catalogue, ("ingest", "dedupe"))
    assert found.article_partitions == 6
    assert Admin.closed == 1


async def test_only_topics_of_the_stages_are_checked(catalogue: Catalogue) -> None:
    Admin.topics[catalogue.full_name(SIGNATURES)] = (0, 0)
    await check_topics(ARGUMENTS, catalogue, ("ingest",))
    with pytest.raises(ConfigError, match=r"1 topics are missing, the first is p\.news\.signatures\.v1"):
        await check_topics(ARGUMENTS, catalogue, ("dedupe",))


@pytest.mark.parametrize("found", [None, (6, 3)], ids=["absent", "with an error code"])
async def test_a_missing_topic_is_named(catalogue: Catalogue, found: tuple[int, int] | None) -> None:
    del Admin.topics[RAW]
    if found is not None:
        Admin.topics[RAW] = found
    with pytest.raises(ConfigError, match=r"the first is p\.news\.articles\.raw\.v1: run `news-pipeline topics apply`"):
        await check_topics(ARGUMENTS, catalogue, ("ingest",))


async def test_article_topics_must_have_the_same_partition_count(catalogue: Catalogue) -> None:
    Admin.topics[UNIQUE] = (4, 0)
    with pytest.raises(ConfigError, match=rf"{UNIQUE} has 4"):
        await check_topics(ARGUMENTS, catalogue, ("dedupe",))


async def test_a_log_must_have_one_partition(catalogue: Catalogue) -> None:
    Admin.topics[catalogue.full_name(SIGNATURES)] = (2, 0)
    with pytest.raises(ConfigError, match="has 2 partitions; a log needs exactly one"):
        await check_topics(ARGUMENTS, catalogue, ("dedupe",))


async def test_an_unreachable_cluster_is_a_transient_error(catalogue: Catalogue) -> None:
    Admin.reachable = False
    with pytest.raises(TransientError, match=r"no answer from 127\.0\.0\.1:9,127\.0\.0\.1:10"):
        await check_topics(ARGUMENTS, catalogue, ("ingest",))
    assert Admin.closed == 1


async def test_an_optional_topic_may_be_missing(catalogue: Catalogue) -> None:
    assert await required_partitions(ARGUMENTS, [RAW], [UNIQUE]) == {RAW: 6, UNIQUE: 6}
    del Admin.topics[UNIQUE]
    assert await required_partitions(ARGUMENTS, [RAW], [UNIQUE]) == {RAW: 6}
