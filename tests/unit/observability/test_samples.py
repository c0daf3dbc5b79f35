"""Metrics as numbers: growth over restarts, sums, quantiles as Prometheus estimates them."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from pipeline.observability.samples import Samples, grown, of_registry, of_text, quantile, summed

TEXT = """\
# TYPE news_records_consumed_total counter
news_records_consumed_total{stage="ingest",topic="raw"} 10.0
news_records_consumed_total{stage="publish",topic="classified"} 4.0
# TYPE news_consumer_lag_records gauge
news_consumer_lag_records{partition="0",topic="raw"} 7.0
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 2.5
"""


def _histogram(*seconds: float) -> Samples:
    registry = CollectorRegistry()
    histogram = Histogram("news_wait_seconds", "-", ["stage"], buckets=(1, 2, 4), registry=registry)
    for value in seconds:
        histogram.labels("publish").observe(value)
    return of_registry(registry)


def test_a_text_has_the_values_of_its_registry() -> None:
    registry = CollectorRegistry()
    Counter("news_records_consumed_total", "-", ["stage"], registry=registry).labels('in"ge\\st').inc(3)
    assert of_text(generate_latest(registry).decode()).by("records_consumed_total", "stage") == {'in"ge\\st': 3.0}
    assert of_registry(registry).total("records_consumed_total") == 3.0


def test_sums_are_by_labels() -> None:
    samples = of_text(TEXT)
    assert samples.total("records_consumed_total") == 14
    assert samples.total("records_consumed_total", stage="publish") == 4
    assert samples.by("records_consumed_total", "topic") == {"raw": 10, "classified": 4}
    assert samples.maximum("consumer_lag_records", topic="raw") == 7
    assert samples.maximum("consumer_lag_records", topic="none") is None
    assert samples.of_process("cpu_seconds_total") == 2.5


def test_growth_is_of_counters_and_survives_a_restart() -> None:
    before, now = of_text(TEXT), of_text(TEXT.replace(" 10.0", " 25.0").replace(" 4.0", " 1.0"))
    growth = grown(now, before)
    assert growth.total("records_consumed_total", stage="ingest") == 15
    assert growth.total("records_consumed_total", stage="publish") == 1  # counted again from zero
    assert growth.total("consumer_lag_records") == 0
    assert grown(now, None).total("records_consumed_total") == 26


def test_readings_add_up() -> None:
    assert summed([of_text(TEXT), of_text(TEXT)]).total("records_consumed_total") == 28
    assert summed([]).total("records_consumed_total") == 0


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ((0.5, 0.5, 1.5, 1.5), 0.5, 1.0),  # the rank is at the end of the first bucket
        ((0.5, 1.5, 1.5, 1.5), 0.5, 1 + 1 / 3),  # a third of the way through the second
        ((0.5, 9.0), 0.99, 4.0),  # beyond the last finite bound
        ((), 0.5, None),
    ],
)
def test_quantiles_are_those_of_prometheus(values: tuple[float, ...], share: float, wanted: float | None) -> None:
    found = quantile(share, _histogram(*values), "wait_seconds", stage="publish")
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_a_text_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        of_text("<!doctype html>\n<p>hello {</p>\n")
