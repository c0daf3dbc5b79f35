"""What people see of one worker and of several."""

import pytest

from pipeline.observability.samples import Samples, of_text
from pipeline.observability.worker_view import Reading, view_of


def _worker(consumed: int, lag: int, seconds: float) -> Samples:
    return of_text(
        f"""\
news_records_consumed_total{{stage="publish",topic="classified"}} {consumed / 2}
news_records_consumed_total{{stage="ingest",topic="raw"}} {consumed}
news_records_processed_total{{stage="ingest",outcome="emit",reason="none"}} {consumed / 2}
news_records_processed_total{{stage="ingest",outcome="reject",reason="invalid_json"}} {consumed / 2}
news_consumer_lag_records{{topic="raw",partition="0"}} {lag}
news_undecided_records{{topic="raw",partition="0"}} 3
news_dead_letters_produced_total{{stage="ingest",reason="invalid_json"}} {consumed / 2}
news_dead_letters_produced_total{{stage="ingest",reason="invalid_url"}} 0
news_articles_by_language_total{{language="ar"}} {consumed / 2}
news_articles_by_subject_total{{subject="medtop:07000000"}} {consumed / 2}
news_end_to_end_latency_seconds_bucket{{stage="publish",le="1.0"}} {consumed / 2}
news_end_to_end_latency_seconds_bucket{{stage="publish",le="+Inf"}} {consumed / 2}
news_last_record_processed_timestamp_seconds{{stage="ingest"}} {consumed}
news_records_in_progress 2
process_cpu_seconds_total {seconds}
process_resident_memory_bytes 1000
"""
    )


def test_a_worker_has_its_stages_in_order_with_rates() -> None:
    view = view_of([Reading(_worker(40, 7, 3.0), _worker(20, 9, 1.0), 4.0)])
    first, last = view.stages
    assert (first.stage, last.stage) == ("ingest", "publish")
    assert (first.consumed, first.emitted, first.rejected, first.dropped) == (5.0, 2.5, 2.5, 0.0)
    assert (first.records, first.lag_records, first.last_commit_at) == (40, 7, 40)
    assert first.latency is None
    assert last.latency == pytest.approx((0.5, 0.95, 0.99))
    assert last.lag_records is None  # it reads no topic here
    assert view.partitions == (("raw", 0, 7, 3),)
    assert (view.lag_records, view.cores, view.in_progress) == (7, 0.5, 2)
    assert [(part.name, part.records, part.per_sec) for part in view.dead_letters] == [
        ("ingest: invalid_json", 20, 2.5)
    ]
    assert [part.name for part in view.subjects] == ["health"]


def test_workers_add_up_and_a_partition_that_moves_counts_once() -> None:
    one, other = Reading(_worker(40, 7, 3.0), None, 10.0), Reading(_worker(80, 5, 9.0), None, 20.0)
    view = view_of([one, other])
    assert view.stages[0].consumed == 4.0 + 4.0
    assert view.stages[0].records == 120
    assert view.stages[0].last_commit_at == 80
    assert view.partitions == (("raw", 0, 7, 3),)
    assert view.resident_bytes == 2000


def test_without_workers_there_is_nothing_and_the_lag_is_unknown() -> None:
    view = view_of([])
    assert view.stages == ()
    assert view.lag_records is None
