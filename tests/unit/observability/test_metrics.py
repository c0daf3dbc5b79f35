"""Metrics follow Prometheus' rules, add up, and are documented."""

import itertools
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.dedup.fold import FoldStats
from pipeline.domain.outcome import DROP_REASONS, REJECT_REASONS
from pipeline.domain.stage import StageName
from pipeline.domain.subject import ReaderName, SubjectsReason
from pipeline.observability.buckets import LATENCY_SECONDS
from pipeline.observability.constant_labels import ConstantLabels, labels_of
from pipeline.observability.counted_histogram import CountedHistogram
from pipeline.observability.downstream_table import DOWNSTREAM_METRICS
from pipeline.observability.feeds_table import FEEDS_METRICS
from pipeline.observability.label_values import ABSTENTIONS, READERS
from pipeline.observability.metric import PREFIX, Metric
from pipeline.observability.metric_names import DownstreamMetricName, MetricName, SourceMetricName
from pipeline.observability.metric_table import METRICS
from pipeline.observability.metrics import Metrics
from pipeline.observability.monitor_table import MONITOR_METRICS
from pipeline.observability.source_table import SOURCE_METRICS
from pipeline.observability.stage_metrics import StageCount
from pipeline.settings import Settings
from scripts.generate_metrics import REPOSITORY, metrics_page

ALL_METRICS = (*METRICS, *MONITOR_METRICS, *DOWNSTREAM_METRICS, *SOURCE_METRICS, *FEEDS_METRICS)
NORMALIZED, UNIQUE, DUPLICATES = "news.articles.normalized.v1", "news.articles.judged.v1", "news.articles.duplicates.v1"
ENDINGS = {
    "counter": r"_total$",
    "gauge": r"(_seconds|_records|_bytes|_articles|_clusters|_assigned|_in_progress|_info|_connected|_members|_names"
    r"|_ratio|_queries|_outdated|_notifications|_readers|_feeds|_stories)$",
}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(PREFIX + name, labels)


def test_the_page_is_current() -> None:
    assert (REPOSITORY / "docs" / "metrics.md").read_text("utf-8") == metrics_page(), "run make docs"


@pytest.mark.parametrize("metric", ALL_METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_rules(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    if metric.kind in ENDINGS:
        assert re.search(ENDINGS[metric.kind], metric.name)
    else:
        assert re.search(r"(_seconds|_confidence|_articles|_records)$", metric.name)
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert metric.buckets
    assert not re.search(r"_(ms|millis|kb|mb)\b|_(ms|millis)_", metric.name), "base units only"
    assert metric.help.endswith(".")
    assert "le" not in metric.labels


def test_every_name_is_declared_once() -> None:
    tables = (METRICS, MONITOR_METRICS, DOWNSTREAM_METRICS, SOURCE_METRICS, FEEDS_METRICS)
    assert len({metric.name for table in tables for metric in table}) == sum(map(len, tables))
    assert {metric.name for metric in METRICS} == set(MetricName.__args__)  # type: ignore[attr-defined]
    assert {metric.name for metric in DOWNSTREAM_METRICS} == set(DownstreamMetricName.__args__)  # type: ignore[attr-defined]
    assert {metric.name for metric in (*SOURCE_METRICS, *FEEDS_METRICS)} == set(SourceMetricName.__args__)  # type: ignore[attr-defined]


def test_what_is_served_can_be_parsed_and_is_complete(metrics: Metrics) -> None:
    text = generate_latest(metrics.registry).decode()
    families = {family.name for family in text_string_to_metric_families(text)}
    ours = {PREFIX + metric.name.removesuffix("_total") for metric in METRICS}
    assert ours <= families
    assert "process_cpu_seconds" in families
    assert "_created" not in text


def test_series_exist_before_anything_is_counted(metrics: Metrics) -> None:
    metrics.stage("dedupe", NORMALIZED, [UNIQUE, DUPLICATES])
    assert value(metrics, "records_consumed_total", stage="dedupe", topic=NORMALIZED) == 0
    assert value(metrics, "records_produced_total", stage="dedupe", topic=DUPLICATES) == 0
    for drop in DROP_REASONS["dedupe"]:
        assert value(metrics, "records_processed_total", stage="dedupe", outcome="drop", reason=drop) == 0
    for reject in REJECT_REASONS:
        assert value(metrics, "dead_letters_produced_total", stage="dedupe", reason=reject) == 0
    assert value(metrics, "verdicts_total", kind="unique") == 0
    assert value(metrics, "articles_by_language_total", language="other") == 0


def test_only_dedupe_drops(metrics: Metrics) -> None:
    metrics.stage("classify", "a", ["b"])
    assert value(metrics, "records_processed_total", stage="classify", outcome="drop", reason="exact") is None


def test_a_chunk_adds_up(metrics: Metrics) -> None:
    stage = metrics.stage("dedupe", NORMALIZED, [UNIQUE, DUPLICATES])
    done = StageCount(
        records=10,
        record_bytes=5000,
        emitted=6,
        drops={"exact": 2, "near": 1},
        rejects={"unexpected": 1},
        produced={UNIQUE: 6, DUPLICATES: 3},
        dead_letters={"unexpected": 1},
        at_secs=1000.0,
        duration_secs=0.1,
        latencies_secs=[0.2, 7.0],
        ages_secs=[-5.0, 100.0],
    )
    stage.count(done)
    stage.count(done)
    processed = [
        sample.value
        for family in metrics.registry.collect()
        if family.name == f"{PREFIX}records_processed"
        for sample in family.samples
    ]
    assert sum(processed) == value(metrics, "records_consumed_total", stage="dedupe", topic=NORMALIZED) == 20
    assert value(metrics, "records_produced_total", stage="dedupe", topic=DUPLICATES) == 6
    assert value(metrics, "dead_letters_produced_total", stage="dedupe", reason="unexpected") == 2
    assert value(metrics, "record_bytes_consumed_total", stage="dedupe", topic=NORMALIZED) == 10_000
    assert value(metrics, "last_record_processed_timestamp_seconds", stage="dedupe") == 1000.0
    assert value(metrics, "end_to_end_latency_seconds_count", stage="dedupe") == 4
    assert value(metrics, "event_age_seconds_sum", stage="dedupe") == 200, "a wrong clock counts as no age"
    assert value(metrics, "stage_duration_seconds_count", stage="dedupe") == 2


def test_an_empty_chunk_is_not_the_last_one_with_records(metrics: Metrics) -> None:
    stage = metrics.stage("ingest", "a", ["b"])
    stage.count(StageCount(records=0, emitted=0, at_secs=1000.0, duration_secs=0.0))
    assert value(metrics, "last_record_processed_timestamp_seconds", stage="ingest") == 0


def test_a_topic_that_was_not_announced_still_counts(metrics: Metrics) -> None:
    metrics.stage("ingest", "a", []).count(
        StageCount(records=1, emitted=1, at_secs=0, duration_secs=0, produced={"b": 1})
    )
    assert value(metrics, "records_produced_total", stage="ingest", topic="b") == 1


def test_lag_of_revoked_partitions_disappears(metrics: Metrics) -> None:
    metrics.lag({("t", 0): 5, ("t", 1): 7}, {("t", 0): 0, ("t", 1): 2})
    metrics.lag({("t", 1): 3}, {("t", 1): 4})
    assert value(metrics, "consumer_lag_records", topic="t", partition="0") is None
    assert value(metrics, "consumer_lag_records", topic="t", partition="1") == 3
    assert value(metrics, "undecided_records", topic="t", partition="0") is None
    assert value(metrics, "undecided_records", topic="t", partition="1") == 4


def test_labels_of_content_are_bounded(metrics: Metrics) -> None:
    metrics.languages({"ar": 3, "zh-Hant": 1, "tlh": 1, "x" * 1000: 1}, [0.9])
    metrics.subjects(
        {"medtop:11000000": 1, "medtop:20000999": 1, "nonsense": 1},
        answers={("fast", True): 2, ("nonsense", False): 1},
        abstentions={"no_text": 1, "nonsense": 1},
    )
    assert value(metrics, "articles_by_language_total", language="ar") == 3
    assert value(metrics, "articles_by_language_total", language="zh") == 1
    assert value(metrics, "articles_by_language_total", language="other") == 2
    assert value(metrics, "articles_by_subject_total", subject="medtop:11000000") == 1
    assert value(metrics, "articles_by_subject_total", subject="other") == 2
    assert value(metrics, "articles_by_subject_total", subject="none") == 2
    assert value(metrics, "subject_abstentions_total", reason="no_text") == 1
    assert value(metrics, "subject_abstentions_total", reason="other") == 1
    assert value(metrics, "subject_answers_total", reader="fast", reliable="true") == 2
    assert value(metrics, "subject_answers_total", reader="other", reliable="false") == 1
    assert value(metrics, "model_confidence_count", model="language") == 1


def test_every_reason_and_reader_has_a_series() -> None:
    assert set(ABSTENTIONS) == set(get_args(SubjectsReason))
    assert set(READERS) == set(get_args(ReaderName))


def test_the_other_counts_have_metrics_of_their_own(metrics: Metrics) -> None:
    metrics.set_build(language_model="cld2")
    metrics.transaction(0.01)
    metrics.misrouted(2)
    metrics.in_progress(3, 400)
    metrics.assigned(4)
    metrics.verdicts({"near": 5})
    metrics.appended(6, 0.02)
    before = FoldStats(version=1, records=5, sources=1, agencies=1, near=2, folded=10, compared=40, capped=1, time_ms=1)
    metrics.fold(before, None, lag_records=8, skipped=9)
    metrics.fold(replace(before, records=7, near=3, folded=13, compared=50, capped=3, version=2), before, lag_records=8)
    metrics.snapshot(ok=True)
    metrics.snapshot(ok=False)
    metrics.fold_caught_up(10.0)
    metrics.stage("dedupe", "a", []).retried("append_timeout")
    counted = {
        "transaction_duration_seconds_count": 1,
        "misrouted_total": 2,
        "records_in_progress": 3,
        "record_bytes_in_progress": 400,
        "rebalances_total": 1,
        "partitions_assigned": 4,
        "signatures_appended_total": 6,
        "fold_wait_seconds_count": 1,
        "fold_index_articles": 7,
        "fold_near_index_articles": 3,
        "fold_signatures_total": 13,
        "fold_comparisons_total": 50,
        "fold_crowded_bands_total": 3,
        "fold_lag_records": 8,
        "fold_skipped_total": 9,
        "fold_catch_up_seconds": 10,
    }
    assert {name: value(metrics, name) for name in counted} == counted
    assert value(metrics, "verdicts_total", kind="near") == 5
    assert value(metrics, "fold_snapshots_total", result="failed") == 1
    assert value(metrics, "retries_total", stage="dedupe", reason="append_timeout") == 1


def test_two_processes_do_not_share_counts() -> None:
    first, second = Metrics(), Metrics()
    first.misrouted(1)
    assert value(second, "misrouted_total") == 0


@pytest.mark.parametrize(
    ("stages", "shown", "hidden"),
    [
        (("classify",), "articles_by_subject_total", "verdicts_total"),
        (("cluster",), "open_clusters", "event_age_seconds"),
        (("ingest", "dedupe"), "fold_lag_records", "articles_by_language_total"),
    ],
)
def test_a_worker_exports_what_makes_sense_for_its_stages(
    stages: tuple[StageName, ...], shown: str, hidden: str
) -> None:
    families = {family.name for family in Metrics(stages).registry.collect()}
    assert PREFIX + shown.removesuffix("_total") in families
    assert PREFIX + hidden.removesuffix("_total") not in families


def test_a_lane_exports_no_times_since_arrival_because_its_articles_arrived_long_ago() -> None:
    families = {family.name for family in Metrics(lane="again").registry.collect()}
    assert not families & {"news_end_to_end_latency_seconds", "news_event_age_seconds"}
    assert "news_end_to_end_latency_seconds" in {family.name for family in Metrics().registry.collect()}


def test_environment_lane_and_group_are_labels_of_everything() -> None:
    stages: tuple[StageName, ...] = ("publish",)
    metrics = Metrics(stages)
    metrics.stage("publish", "a", ["b"])
    settings = Settings(environment="production", lane="again")
    text = generate_latest(ConstantLabels(metrics.registry, labels_of(settings, "again.news-publish"))).decode()
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    expected = ('environment="production"', 'lane="again"', 'group="again.news-publish"')
    assert len(samples) > 50
    assert [line for line in samples if not all(label in line for label in expected)] == []
    assert labels_of(Settings()) == {}


@given(st.lists(st.floats(-1, 5000), min_size=1, max_size=300))
def test_a_counted_histogram_counts_as_one_by_one(values: list[float]) -> None:
    at_once, singly = CollectorRegistry(), CollectorRegistry()
    CountedHistogram("x", "X.", buckets=LATENCY_SECONDS, registry=at_once).observe_all(values)
    reference = Histogram("x", "X.", buckets=LATENCY_SECONDS, registry=singly)
    for one in values:
        reference.observe(max(0.0, one))
    counted, expected = _samples(at_once), _samples(singly)
    total = expected.pop(("x_sum", ""))
    assert counted.pop(("x_sum", "")) == pytest.approx(total)
    assert counted == expected


def _samples(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    return {(sample.name, sample.labels.get("le", "")): sample.value for sample in samples}


def test_buckets_from_a_second_to_an_hour_are_less_than_a_tenth_apart() -> None:
    fine = [bound for bound in LATENCY_SECONDS if bound >= 1]
    assert (fine[0], fine[-1]) == (1.0, 3600.0)
    assert max(after / before for before, after in itertools.pairwise(fine)) < 1.1
