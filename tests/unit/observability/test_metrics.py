"""Metrics follow Prometheus' rules, add up, and are documented."""

import re
from typing import get_args

import pytest
from msgspec.structs import replace
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.dedup.fold import FoldStats
from pipeline.domain.outcome import DROP_REASONS, REJECT_REASONS
from pipeline.models.subjects import Reason
from pipeline.observability.metric_table import ABSTENTIONS, METRICS, PREFIX, Metric, MetricName
from pipeline.observability.metrics import Metrics, StageCount
from scripts.generate_metrics import REPOSITORY, metrics_page

NORMALIZED, UNIQUE, DUPLICATES = "news.articles.normalized.v1", "news.articles.unique.v1", "news.articles.duplicates.v1"
ENDINGS = {
    "counter": r"_total$",
    "gauge": r"(_seconds|_records|_bytes|_articles|_clusters|_assigned|_in_progress|_info)$",
}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(PREFIX + name, labels)


def test_the_page_is_current() -> None:
    assert (REPOSITORY / "docs" / "metrics.md").read_text("utf-8") == metrics_page(), "run make docs"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_rules(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    if metric.kind in ENDINGS:
        assert re.search(ENDINGS[metric.kind], metric.name)
    else:
        assert re.search(r"(_seconds|_confidence|_articles)$", metric.name)
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert metric.buckets
    assert not re.search(r"_(ms|millis|kb|mb)\b|_(ms|millis)_", metric.name), "base units only"
    assert metric.help.endswith(".")
    assert "le" not in metric.labels


def test_every_name_is_declared_once() -> None:
    names = [metric.name for metric in METRICS]
    assert sorted(names) == sorted(set(names))
    assert set(names) == set(MetricName.__args__)  # type: ignore[attr-defined]


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
    metrics.lag({("t", 0): 5, ("t", 1): 7})
    metrics.lag({("t", 1): 3})
    assert value(metrics, "consumer_lag_records", topic="t", partition="0") is None
    assert value(metrics, "consumer_lag_records", topic="t", partition="1") == 3


def test_labels_of_content_are_bounded(metrics: Metrics) -> None:
    metrics.languages({"ar": 3, "zh-Hant": 1, "tlh": 1, "x" * 1000: 1}, [0.9])
    metrics.subjects(
        {"medtop:11000000": 1, "medtop:20000999": 1, "nonsense": 1}, abstentions={"too_short": 1, "nonsense": 1}
    )
    assert value(metrics, "articles_by_language_total", language="ar") == 3
    assert value(metrics, "articles_by_language_total", language="zh") == 1
    assert value(metrics, "articles_by_language_total", language="other") == 2
    assert value(metrics, "articles_by_subject_total", subject="medtop:11000000") == 1
    assert value(metrics, "articles_by_subject_total", subject="other") == 2
    assert value(metrics, "articles_by_subject_total", subject="none") == 2
    assert value(metrics, "subject_abstentions_total", reason="too_short") == 1
    assert value(metrics, "subject_abstentions_total", reason="other") == 1
    assert value(metrics, "model_confidence_count", model="language") == 1


def test_every_reason_of_the_model_has_a_series() -> None:
    assert set(ABSTENTIONS) == set(get_args(Reason))


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
