"""What a committed unit of work comes to in metrics and progress."""

from typing import Any

import pytest

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.stage import STAGES, StageName
from pipeline.kafka_io.chunks import Chunk, Lease, size_of
from pipeline.observability.metrics import Metrics
from pipeline.observability.progress import Progress
from pipeline.observability.stalled_partitions import PartitionBacklog
from pipeline.runtime.observer import WorkerObserver
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.stage_timing import StageTime
from pipeline.runtime.unit import Unit
from pipeline.stages.counts import StageCounts
from pipeline.wire.catalogue import load_catalogue

WALL = 1_800_000_000.0


class Bench:
    """The observer of a worker, of `publish` if nothing else is given."""

    def __init__(self, stages: tuple[StageName, ...] = ("publish",)) -> None:
        self.metrics = Metrics()
        self.progress = Progress(needs_fold=False)
        self.observer = WorkerObserver(self.metrics, self.progress, load_catalogue(), stages, lambda: WALL)

    def value(self, name: str, **labels: Any) -> float | None:
        return self.metrics.registry.get_sample_value(f"news_{name}", labels)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def unit_of(*values: bytes | None) -> Unit:
    lease = Lease(topic="t", partition=0, producer=None, fetched=0, committed=0, consumer=None)
    records = [Record("t", 0, offset, 0, b"key", value, (("a", b"1"),)) for offset, value in enumerate(values)]
    chunk = Chunk(lease, records, 0, len(records), size_of(records))
    return Unit(lease, records, 0, len(records), chunk.size_bytes, [chunk])


def test_bytes_consumed_are_those_of_values(bench: Bench) -> None:
    output = Output(counts={"publish": StageCounts(3, 3, {}, {})})
    bench.observer.committed(unit_of(b"12345", None, b"123"), output, work_secs=0.0, commit_secs=0.0)
    topic = load_catalogue().stage("publish").reads
    assert bench.value("record_bytes_consumed_total", stage="publish", topic=topic) == 8
    assert bench.value("records_consumed_total", stage="publish", topic=topic) == 3


def test_a_partition_left_alone_is_noticed_beside_a_busy_one(bench: Bench) -> None:
    stuck, busy = ("t", 0), ("t", 1)
    bench.observer.backlogs({stuck: PartitionBacklog(5, 0, busy=False), busy: PartitionBacklog(100, 10, busy=True)})
    since = bench.progress.status.stalled_since
    bench.observer.backlogs({stuck: PartitionBacklog(6, 0, busy=False), busy: PartitionBacklog(100, 20, busy=True)})
    assert since is not None
    assert bench.progress.status.stalled_since == since
    assert bench.progress.status.lag_records == 106
    assert bench.value("consumer_lag_records", topic="t", partition="0") == 6
    bench.observer.rebalancing()
    bench.observer.assigned(2)
    bench.observer.backlogs({stuck: PartitionBacklog(6, 0, busy=False)})
    assert (bench.progress.status.stalled_since or 0.0) >= since


def test_nothing_is_stalled_while_no_broker_answers(bench: Bench) -> None:
    bench.observer.backlogs({("t", 0): PartitionBacklog(5, 0, busy=False)})
    bench.observer.backlogs(None)
    assert bench.progress.status.stalled_since is None
    assert bench.progress.status.lag_records is None
    assert bench.value("consumer_lag_records", topic="t", partition="0") is None


def test_the_seconds_of_a_unit_are_its_own_when_partitions_overlap(bench: Bench) -> None:
    counts: dict[StageName, StageCounts] = {"publish": StageCounts(1, 1, {}, {})}
    slow = Output(counts=counts, times={"publish": StageTime(0.0, 0.3, 0.2)})
    quick = Output(counts=counts, times={"publish": StageTime(0.0, 0.1, 0.05)})
    bench.observer.committed(unit_of(b"1"), quick, work_secs=0.0, commit_secs=0.0)
    bench.observer.committed(unit_of(b"2"), slow, work_secs=0.0, commit_secs=0.0)
    assert bench.value("stage_duration_seconds_sum", stage="publish") == pytest.approx(0.25)
    assert bench.value("stage_duration_seconds_bucket", stage="publish", le="0.1") == 1
    assert bench.value("stage_duration_seconds_bucket", stage="publish", le="0.25") == 2


def test_records_produced_are_counted_for_the_stage_that_produced_them() -> None:
    bench = Bench(STAGES)
    output = Output(counts={name: StageCounts(1, 1, {}, {}) for name in STAGES})
    output.produced.update({("dedupe", "news.verdicts.v1"): 3, ("publish", "news.articles.enriched.v1"): 2})
    bench.observer.committed(unit_of(b"1"), output, work_secs=0.0, commit_secs=0.0)
    bench.observer.produced("dedupe", "news.signatures.v1", 3)
    produced = {
        (sample.labels["stage"], sample.labels["topic"]): sample.value
        for metric in bench.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "news_records_produced_total" and sample.value
    }
    assert produced == {
        ("dedupe", "news.verdicts.v1"): 3,
        ("dedupe", "news.signatures.v1"): 3,
        ("publish", "news.articles.enriched.v1"): 2,
    }


def test_an_append_without_a_verdict_in_time_is_a_retry_of_dedupe() -> None:
    bench = Bench(STAGES)
    bench.observer.retried("append_timeout")
    bench.observer.retried("transient")
    assert bench.value("retries_total", stage="dedupe", reason="append_timeout") == 1
    assert bench.value("retries_total", stage="ingest", reason="transient") == 1


def test_expired_input_has_a_series_before_anything_expires(bench: Bench) -> None:
    assert bench.value("records_expired_unread_total", topic=load_catalogue().stage("publish").reads) == 0


def test_everything_that_a_unit_counts_reaches_its_metric() -> None:
    bench = Bench(STAGES)
    output = Output(counts={name: StageCounts(2, 1, {}, {}) for name in STAGES}, misrouted=3)
    output.rejected += [(unit_of(b"{").records[0], "ingest", Reject("invalid_json", "not JSON"))] * 2
    output.samples.languages["pt-BR"] = 4
    output.samples.subjects["medtop:15000000"] = 5
    output.samples.answers["encoder", False] = 5
    output.samples.abstentions["no_text"] = 6
    bench.observer.committed(unit_of(b"1"), output, work_secs=0.0, commit_secs=0.25)
    assert bench.value("misrouted_total") == 3
    assert bench.value("dead_letters_produced_total", stage="ingest", reason="invalid_json") == 2
    assert bench.value("articles_by_language_total", language="pt") == 4
    assert bench.value("articles_by_subject_total", subject="medtop:15000000") == 5
    assert bench.value("articles_by_subject_total", subject="none") == 6
    assert bench.value("subject_answers_total", reader="encoder", reliable="false") == 5
    assert bench.value("subject_abstentions_total", reason="no_text") == 6
    assert bench.value("transaction_duration_seconds_sum") == 0.25
    assert bench.value("unit_records_sum") == 1


def test_the_latency_is_counted_once_for_the_whole_service() -> None:
    bench = Bench(STAGES)
    output = Output(counts={name: StageCounts(1, 1, {}, {}) for name in STAGES})
    output.samples.published_ms.append(int(WALL * 1000) - 60_000)
    output.samples.ingested_ms.append(int(WALL * 1000) - 5_000)
    bench.observer.committed(unit_of(b"1"), output, work_secs=0.0, commit_secs=0.0)
    for stage in STAGES:
        assert bench.value("end_to_end_latency_seconds_count", stage=stage) == (1 if stage == "publish" else None)
        assert bench.value("event_age_seconds_count", stage=stage) == (1 if stage == "publish" else None)


def test_the_latency_is_that_of_every_article_since_it_arrived_whatever_the_age_of_the_record(bench: Bench) -> None:
    output = Output(counts={"publish": StageCounts(400, 400, {}, {})})
    output.samples.ingested_ms += [int(WALL * 1000) - 92_000] * 40 + [int(WALL * 1000) - 500] * 360
    bench.observer.committed(unit_of(b"1"), output, work_secs=0.0, commit_secs=0.0)
    assert bench.value("end_to_end_latency_seconds_count", stage="publish") == 400
    assert bench.value("end_to_end_latency_seconds_sum", stage="publish") == pytest.approx(40 * 92 + 360 * 0.5)
    assert bench.value("end_to_end_latency_seconds_bucket", stage="publish", le="1.0") == 360


def test_lag_counts_what_an_open_transaction_holds_back_but_such_a_partition_is_not_stalled(bench: Bench) -> None:
    bench.observer.backlogs({("t", 0): PartitionBacklog(0, 10, busy=False, undecided=287)})
    assert bench.value("consumer_lag_records", topic="t", partition="0") == 287
    assert bench.value("undecided_records", topic="t", partition="0") == 287
    assert bench.progress.status.lag_records == 0
    assert bench.progress.status.stalled_since is None
