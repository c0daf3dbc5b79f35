"""What operators see is true: latency, lag, silence, quality, and the right alert for each failure, which clears again.

Prometheus has the shipped rules with all times divided by sixty (`scripts/render_rules.py`).
"""

import signal
from pathlib import Path

import pytest

from tests.brokers.apache import ApacheKafka
from tests.harness.scenario import ALL
from tests.harness.watched import Sources, Watched
from tests.harness.workers import WorkerProcess, wait_until
from tests.integration.conftest import Broker

pytestmark = [pytest.mark.broker, pytest.mark.kafka]

FIVE = {stage: (stage,) for stage in ALL}
NAMES = ("daily.example", "weekly.example", "wire.example")
GERMAN = ("weekly.example",)
USUAL = 200
"""Articles of each source after which a change shows: the usual means still follow the first hundreds quickly."""
LATENCY = 'histogram_quantile(0.95, sum by (le) (news_end_to_end_latency_seconds_bucket{stage="publish"}))'
COUNTED = 'news_end_to_end_latency_seconds_count{stage="publish"}'
ALERTS = (
    "NewsKafkaUnreachable",
    "NewsWorkerDown",
    "NewsGroupWithoutWorkers",
    "NewsStageStalled",
    "NewsSourceSilent",
    "NewsLanguageSilent",
    "NewsQualityDropped",
    "NewsDuplicatesJumped",
    "NewsEndToEndLatencyHigh",
    "NewsRecordsWaiting",
)


def _wait_until_rhythm_is_known(watched: Watched) -> None:
    wait_until(
        lambda: (watched.value('count(news_flow_silence_ratio{dimension="source"})') or 0) == len(NAMES),
        seconds=180,
        what="the rhythm of the sources is known",
    )


def _wait_until_quiet(watched: Watched) -> None:
    """Wait until nothing fires that a start on a busy machine may have caused."""
    wait_until(lambda: not any(watched.firing(alert) for alert in ALERTS), seconds=120, what="no alert fires")


def _silence_one(watched: Watched, sources: Sources) -> None:
    sources.change("weekly.example", "silent")
    watched.wait_for("NewsSourceSilent", name="weekly.example")
    watched.wait_for("NewsLanguageSilent", name="de")
    assert not watched.firing("NewsSourceSilent", name="daily.example")
    assert not watched.firing("NewsLanguageSilent", name="en")
    assert watched.value('news_flow_silent_names{dimension="source"}') == 1
    sources.change("weekly.example", "as usual")
    watched.wait_until_clear("NewsSourceSilent")
    watched.wait_until_clear("NewsLanguageSilent")


def _worsen(watched: Watched, sources: Sources) -> None:
    """Let the pages of a source come out cut off, and another source send copies, when it is known what is usual."""
    wait_until(
        lambda: (watched.value('min(news_flow_articles_total{dimension="source"})') or 0) > USUAL,
        seconds=180,
        what="the usual quality is known",
    )
    sources.change("daily.example", "cut off")
    sources.change("wire.example", "copied")
    watched.wait_for("NewsQualityDropped", name="daily.example")
    watched.wait_for("NewsDuplicatesJumped", name="wire.example")
    assert not watched.firing("NewsQualityDropped", name="wire.example")
    assert not watched.firing("NewsDuplicatesJumped", name="daily.example")
    for name in ("daily.example", "wire.example"):
        sources.change(name, "as usual")
    watched.wait_until_clear("NewsQualityDropped")
    watched.wait_until_clear("NewsDuplicatesJumped")


@pytest.mark.timeout(600)
def test_sources_fall_silent_and_worsen_and_a_fleet_dies(
    kafka_broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    with (
        Watched(kafka_broker.bootstrap_servers, topic_prefix, tmp_path, {"pipeline": ALL}) as watched,
        Sources(watched.cluster, NAMES, german=GERMAN) as sources,
    ):
        _wait_until_rhythm_is_known(watched)
        _wait_until_quiet(watched)
        _silence_one(watched, sources)
        _worsen(watched, sources)
        watched.workers["pipeline"].kill()
        watched.wait_for("NewsGroupWithoutWorkers", group=f"{topic_prefix}news-ingest", environment="trial")
        assert not watched.firing("NewsSourceSilent"), "a pipeline that stands still is no silence of its sources"
        watched.workers["pipeline"].ensure()
        watched.workers["pipeline"].wait_ready()
        watched.wait_until_clear("NewsGroupWithoutWorkers")
        watched.wait_until_clear("NewsWorkerDown")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_failure_of_five_services_raises_its_alert_and_latency_is_true(
    private_kafka: ApacheKafka, topic_prefix: str, tmp_path: Path
) -> None:
    with (
        Watched(private_kafka.bootstrap_servers, topic_prefix, tmp_path, FIVE) as watched,
        Sources(watched.cluster, NAMES, german=GERMAN) as sources,
    ):
        _wait_until_rhythm_is_known(watched)
        _wait_until_quiet(watched)
        _silence_one(watched, sources)
        _stop_a_stage(watched, sources, topic_prefix)
        _kill_a_worker(watched)
        _stop_the_broker(watched, private_kafka)


def _stop_a_stage(watched: Watched, sources: Sources, prefix: str) -> None:
    """Stop `classify` for more than a minute: articles are late by the whole time, whatever the other stages do."""
    classify = watched.workers["classify"]
    classify.send(signal.SIGTERM)
    assert classify.wait(60) == 0
    group = f"{prefix}news-classify"
    watched.wait_for("NewsGroupWithoutWorkers", group=group)
    wait_until(
        lambda: (
            (watched.value(f'time() - min(news_group_oldest_unread_timestamp_seconds{{group="{group}"}})') or 0) > 75
        ),
        seconds=150,
        what="the oldest unread record has waited for 75 s",
    )
    classify.ensure()
    classify.wait_ready()
    watched.wait_for("NewsEndToEndLatencyHigh", stage="publish")
    watched.wait_until_clear("NewsGroupWithoutWorkers")
    watched.wait_until_clear("NewsEndToEndLatencyHigh")
    shown, true = _latencies(watched)
    assert true > 60
    assert abs(shown - true) < 0.1 * true, (shown, true)
    assert sources.sent > 0


def _latencies(watched: Watched) -> tuple[float, float]:
    """Return the p95 over everything so far, as shown and as it is on the topics."""
    found: list[float] = []

    def same() -> bool:
        nonlocal found
        found = watched.true_latencies()
        return abs((watched.value(COUNTED) or 0) - len(found)) <= 0.02 * len(found)

    wait_until(same, seconds=60, what="Prometheus has counted what is on the topics")
    return watched.value(LATENCY) or 0.0, found[int(0.95 * len(found))]


def _kill_a_worker(watched: Watched) -> None:
    dedupe = watched.workers["dedupe"]
    dedupe.kill()
    watched.wait_for("NewsWorkerDown", service="dedupe")
    dedupe.ensure()
    dedupe.wait_ready()
    watched.wait_until_clear("NewsWorkerDown")


def _stop_the_broker(watched: Watched, kafka: ApacheKafka) -> None:
    """Without brokers nothing is known: no lag is shown, workers are alive but not ready."""
    kafka.stop()
    watched.wait_for("NewsKafkaUnreachable")
    for name, worker in watched.workers.items():
        _wait_until_unreachable(name, worker)
    lags = "news_consumer_lag_records or news_group_lag_records"
    wait_until(lambda: watched.value(f"count({lags})") is None, seconds=60, what="lag is absent")
    kafka.start()
    for worker in watched.workers.values():
        worker.ensure()
    watched.wait_until_clear("NewsKafkaUnreachable", seconds=120)
    wait_until(lambda: watched.value("count(news_consumer_lag_records)") is not None, seconds=90, what="lag is back")


def _wait_until_unreachable(name: str, worker: WorkerProcess) -> None:
    """Wait until a worker says why it is not ready; it stays alive, or ends for its orchestrator to start it again."""

    def said() -> bool:
        status, body = worker.get("/readyz")
        return not worker.alive or (status, "kafka_unreachable" in body) == (503, True)

    wait_until(said, seconds=60, what=f"{name} is not ready, and says why")
    live, age = worker.get("/livez")[0], worker.metric("news_kafka_last_answer_age_seconds")
    if worker.alive:
        assert (live, age > 5) == (200, True), (name, age)
