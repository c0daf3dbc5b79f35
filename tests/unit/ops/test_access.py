from typing import get_args

import pytest

from pipeline.domain.stage import STAGES
from pipeline.errors import ConfigError
from pipeline.ops.access import Grant, Operation, Resource, commands, grants
from pipeline.wire.catalogue import Catalogue, load_catalogue

CATALOGUE = load_catalogue()


def made(services: list[tuple[str, ...]], catalogue: Catalogue = CATALOGUE) -> list[Grant]:
    return grants(catalogue, services, "news-{}".format, "User:news-{}".format)


def names(found: list[Grant], who: str, operation: str, resource: str = "topic") -> set[str]:
    return {
        grant.name
        for grant in found
        if (grant.principal, grant.operation, grant.resource) == (f"User:news-{who}", operation, resource)
    }


def test_a_stage_by_itself_reads_and_writes_its_own_topics() -> None:
    found = made([(stage,) for stage in CATALOGUE.stages])
    for stage, topics in CATALOGUE.stages.items():
        assert names(found, stage, "Read") == set(topics.all_reads)
        assert names(found, stage, "Write") == set(topics.all_writes)
        assert names(found, stage, "Describe") == set()
        assert names(found, stage, "Read", "group") == {f"news-{stage}"}
        assert names(found, stage, "Write", "transactional-id") == {f"news-{stage}-{topics.reads}-"}


def test_between_the_stages_of_a_service_nothing_is_read_or_written() -> None:
    found = made([STAGES])
    between = {CATALOGUE.stage(stage).emits for stage in STAGES[:-1]}
    assert names(found, "ingest", "Describe") == between
    assert not between & (names(found, "ingest", "Read") | names(found, "ingest", "Write"))
    letters = {CATALOGUE.stage(stage).dead_letters for stage in STAGES}
    assert letters | {"news.articles.enriched.v1"} <= names(found, "ingest", "Write")


def test_fetchers_write_raw_records_and_store_their_own_positions() -> None:
    mine = [grant for grant in made([STAGES]) if grant.principal == "User:news-fetcher"]
    assert mine == [
        Grant("User:news-fetcher", "group", "Read", "news-source-feeds"),
        Grant("User:news-fetcher", "topic", "Write", "news.articles.raw.v1"),
        Grant("User:news-fetcher", "transactional-id", "Write", "news-source-feeds"),
    ]


def test_fetchers_read_the_topics_that_they_copy() -> None:
    found = grants(CATALOGUE, [STAGES], "news-{}".format, "User:news-{}".format, ("wire.items",))
    mine = [grant for grant in found if grant.principal == "User:news-fetcher"]
    assert set(mine) - set(made([STAGES])) == {
        Grant("User:news-fetcher", "topic", "Read", "wire.items"),
        Grant("User:news-fetcher", "group", "Read", "news-source-kafka-wire.items"),
        Grant("User:news-fetcher", "transactional-id", "Write", "news-source-kafka-wire.items"),
    }


def test_operators_read_no_product_and_write_no_output() -> None:
    found = made([STAGES])
    assert "news.articles.enriched.v1" not in names(found, "operator", "Read") | names(found, "operator", "Write")
    assert "news.verdicts.v1" not in names(found, "operator", "Write")
    assert names(found, "operator", "Read", "group") == {"news-replay"}


def test_erasers_read_everything_and_write_withdrawals_alone() -> None:
    found = made([STAGES])
    assert names(found, "eraser", "Read") == {spec.name for spec in CATALOGUE.topics}
    assert names(found, "eraser", "Write") == {"news.articles.raw.v1", "news.articles.current.v1"}
    assert names(found, "eraser", "Write", "transactional-id") == {"news-erase", "news-retract"}
    assert names(found, "eraser", "Read", "group") == set()


def test_the_alerts_read_events_and_write_their_own_topic() -> None:
    mine = [grant for grant in made([STAGES]) if grant.principal == "User:news-alert"]
    assert mine == [
        Grant("User:news-alert", "group", "Read", "news-alert"),
        Grant("User:news-alert", "topic", "Read", "news.alerts.v1"),
        Grant("User:news-alert", "topic", "Read", "news.articles.enriched.v1"),
        Grant("User:news-alert", "topic", "Read", "news.memberships.v1"),
        Grant("User:news-alert", "topic", "Write", "news.alerts.v1"),
        Grant("User:news-alert", "transactional-id", "Write", "news-alert-", prefixed=True),
    ]


def test_the_search_reads_what_stands_and_its_clusters_and_writes_nothing() -> None:
    mine = [grant for grant in made([STAGES]) if grant.principal == "User:news-search"]
    assert mine == [
        Grant("User:news-search", "group", "Read", "news-search"),
        Grant("User:news-search", "topic", "Read", "news.articles.current.v1"),
        Grant("User:news-search", "topic", "Read", "news.clusters.v1"),
    ]


def test_prefixes_are_part_of_every_name() -> None:
    found = made([STAGES], load_catalogue("again."))
    assert all(grant.name.startswith("again.") for grant in found if grant.resource == "topic")


def test_two_services_cannot_share_a_group() -> None:
    with pytest.raises(ConfigError, match="same stage"):
        made([("ingest",), ("ingest", "dedupe")])


def test_commands_grant_exactly_what_is_needed() -> None:
    found = made([STAGES])
    assert {grant for line in commands(found) for grant in parsed(line)} == set(found)


def parsed(line: str) -> list[Grant]:
    """Read a command line as Kafka's tool does."""
    words = line.removeprefix("kafka-acls.sh --add ").split()
    options = list(zip(words[::2], words[1::2], strict=True))
    settings = dict(options)
    resources: tuple[Resource, ...] = ("topic", "group", "transactional-id")
    return [
        Grant(
            settings["--allow-principal"],
            resource,
            next(operation for operation in get_args(Operation) if operation == settings["--operation"]),
            name,
            prefixed=settings.get("--resource-pattern-type") == "prefixed",
        )
        for resource in resources
        for option, name in options
        if option == f"--{resource}"
    ]
