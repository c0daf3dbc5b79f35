from collections.abc import Sequence

import pytest
import yaml
from msgspec.structs import replace

from pipeline.domain.stage import SINGLE, STAGES, StageName
from pipeline.errors import ConfigError
from pipeline.wire.catalogue import CURRENT, DUPLICATES, SIGNATURES, VERDICTS, Catalogue, load_catalogue, topic_prefix
from pipeline.wire.schemas import schema_dir, schema_names

HOUR_MS = 3_600_000


def test_the_chain_has_no_gap(catalogue: Catalogue) -> None:
    chain = [catalogue.stage(stage) for stage in STAGES]
    assert [stage.reads for stage in chain[1:]] == [stage.emits for stage in chain[:-1]]
    assert chain[0].reads == "news.articles.raw.v1"
    assert chain[-1].emits == "news.articles.enriched.v1"


def test_every_stage_has_a_dead_letter_topic_of_its_own(catalogue: Catalogue) -> None:
    assert {name: stage.dead_letters for name, stage in catalogue.stages.items()} == {
        name: f"news.dlq.{name}.v1" for name in (*STAGES, *SINGLE)
    }


def test_every_topic_is_of_a_stage_or_of_a_service_beside_them(catalogue: Catalogue) -> None:
    used = {name for stage in catalogue.stages.values() for name in (*stage.all_reads, *stage.all_writes)}
    assert used == {spec.name for spec in catalogue.topics if spec.owner not in {"operators", "alert"}}


def test_topics_of_articles_have_one_partition_count(catalogue: Catalogue) -> None:
    articles = [spec for spec in catalogue.topics if spec.kind == "article"]
    assert len(articles) == 8
    assert {catalogue.partitions(spec) for spec in articles} == {catalogue.article_partitions}


@pytest.mark.parametrize("name", [SIGNATURES, VERDICTS])
def test_the_logs_of_dedupe_are_one_order_kept_by_time_alone(catalogue: Catalogue, name: str) -> None:
    spec = catalogue.topic(name)
    configs = catalogue.configs(spec)
    assert catalogue.partitions(spec) == 1
    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert configs["cleanup.policy"] == "delete"
    assert configs["retention.bytes"] == "-1"
    assert int(configs["retention.ms"]) >= 9 * 24 * HOUR_MS


def test_raw_records_are_not_kept_longer_than_copies_are_recognised(catalogue: Catalogue) -> None:
    assert int(catalogue.configs(catalogue.topic("news.articles.raw.v1"))["retention.ms"]) <= 7 * 24 * HOUR_MS


def test_clusters_keep_their_latest_state_as_long_as_articles_are_kept(catalogue: Catalogue) -> None:
    configs = catalogue.configs(catalogue.topic("news.clusters.v1"))
    assert configs["cleanup.policy"] == "compact,delete"
    assert configs["retention.ms"] == catalogue.configs(catalogue.topic("news.articles.enriched.v1"))["retention.ms"]


def test_states_are_kept_until_withdrawn_and_withdrawals_longer_than_events(catalogue: Catalogue) -> None:
    configs = catalogue.configs(catalogue.topic(CURRENT))
    assert configs["cleanup.policy"] == "compact"
    assert "retention.ms" not in configs
    events = catalogue.configs(catalogue.topic("news.articles.enriched.v1"))
    assert int(configs["delete.retention.ms"]) > int(events["retention.ms"])
    assert int(configs["max.compaction.lag.ms"]) <= 7 * 24 * HOUR_MS
    assert configs["max.message.bytes"] == events["max.message.bytes"]


def test_a_dead_letter_topic_takes_what_its_stage_may_have_read(catalogue: Catalogue) -> None:
    raw = catalogue.topic("news.articles.raw.v1").max_message_bytes
    for stage in STAGES:
        assert catalogue.topic(catalogue.stage(stage).dead_letters).max_message_bytes == raw + 64 * 1024


def test_brokers_set_the_time_of_everything_but_dead_letters(catalogue: Catalogue) -> None:
    # A raw record with a producer's wrong clock would be deleted at once; a dead letter keeps what it had.
    times = {spec.kind: spec.timestamp_type for spec in catalogue.topics}
    assert times.pop("dead_letter") == "CreateTime"
    assert set(times.values()) == {"LogAppendTime"}


def test_named_schemas_exist(catalogue: Catalogue) -> None:
    assert {spec.schema for spec in catalogue.topics if spec.schema is not None} <= set(schema_names())


@pytest.mark.parametrize("stages", [STAGES, ["classify"], ["cluster"]])
def test_a_producer_may_send_whatever_a_topic_of_its_stages_takes(
    catalogue: Catalogue, stages: Sequence[StageName]
) -> None:
    written = [catalogue.topic(name) for stage in stages for name in catalogue.stage(stage).all_writes]
    assert catalogue.max_request_size(stages) > max(spec.max_message_bytes for spec in written)


def test_a_prefix_is_on_every_name() -> None:
    lane = load_catalogue(topic_prefix("staging.", "back-2019"))
    assert all(spec.name.startswith("staging.back-2019.news.") for spec in lane.topics)
    assert lane.stage("dedupe").also_writes[2] == lane.full_name(DUPLICATES) == "staging.back-2019." + DUPLICATES
    assert lane.topic(DUPLICATES) is lane.topic(lane.full_name(DUPLICATES))
    assert lane.max_request_size(STAGES) == load_catalogue().max_request_size(STAGES)


@pytest.mark.parametrize(
    ("environment", "lane", "prefix"),
    [("", "", ""), ("staging.", "", "staging."), ("", "bf", "bf."), ("staging.", "bf", "staging.bf.")],
)
def test_environment_and_lane_make_the_prefix(environment: str, lane: str, prefix: str) -> None:
    assert topic_prefix(environment, lane) == prefix


def test_a_prefix_is_put_once() -> None:
    with pytest.raises(ConfigError, match="already"):
        load_catalogue("a.").with_prefix("b.")


def test_names_longer_than_kafka_takes_are_refused() -> None:
    with pytest.raises(ConfigError, match="longer than 249"):
        load_catalogue("x" * 240)


def test_what_is_not_in_the_catalogue_is_an_error(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match=r"news\.nothing\.v1"):
        catalogue.topic("news.nothing.v1")
    with pytest.raises(ConfigError, match="summarise"):
        catalogue.stage("summarise")


def test_a_small_cluster_asks_for_no_more_replicas_than_it_has(catalogue: Catalogue) -> None:
    small = catalogue.sized(article_partitions=3, replication_factor=1)
    assert (small.article_partitions, small.replication_factor, small.min_in_sync_replicas) == (3, 1, 1)
    raw = small.topic("news.articles.raw.v1")
    assert small.partitions(raw) == 3
    assert small.configs(raw)["min.insync.replicas"] == "1"
    assert small.partitions(small.topic(SIGNATURES)) == 1
    assert catalogue.sized() == catalogue


def test_the_catalogue_is_complete(catalogue: Catalogue) -> None:
    written = yaml.safe_load(schema_dir().joinpath("topics.yaml").read_text(encoding="utf-8"))
    assert [topic["name"] for topic in written["topics"]] == [spec.name for spec in catalogue.topics]
    assert replace(catalogue, prefix="").article_partitions == written["article_partitions"]


def test_a_service_writes_what_leaves_it_and_what_is_at_the_side_of_its_stages() -> None:
    catalogue = load_catalogue("x.")
    assert catalogue.outputs(("ingest",)) == {"x.news.articles.normalized.v1", "x.news.dlq.ingest.v1"}
    assert catalogue.outputs(("ingest", "dedupe")) == {
        "x.news.articles.judged.v1",
        "x.news.articles.duplicates.v1",
        "x.news.articles.current.v1",
        "x.news.articles.raw.v1",
        "x.news.signatures.v1",
        "x.news.verdicts.v1",
        "x.news.dlq.ingest.v1",
        "x.news.dlq.dedupe.v1",
    }
