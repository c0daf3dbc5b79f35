"""Metrics as OTLP: the same names and values as /metrics, at a receiver on the loopback address."""

import logging
import time

import pytest

from pipeline.observability.metrics import Metrics
from pipeline.observability.otlp import Telemetry
from pipeline.observability.samples import of_registry
from pipeline.ops.ready import free_port
from pipeline.settings import OtelSettings
from tests.harness.otlp_receiver import OtlpReceiver


def _settings(endpoint: str, **more: object) -> OtelSettings:
    return OtelSettings.model_validate({"endpoint": endpoint, "headers": "authorization=Bearer t0ken,x-a=b", **more})


def test_metrics_arrive_with_names_and_values_of_the_exposition() -> None:
    metrics = Metrics()
    metrics.of("records_consumed_total").labels("ingest", "raw").inc(7)
    for seconds in (0.2, 0.2, 3.0, 9999.0):
        metrics.of("end_to_end_latency_seconds").labels("publish").observe(seconds)
    metrics.in_progress(5, 600)
    with OtlpReceiver() as receiver:
        telemetry = Telemetry(_settings(receiver.address, traces=False), metrics.registry, {"news.lane": "live"})
        assert telemetry.tracer is None
        telemetry.start()
        telemetry.close()  # reports a last time
    (point,) = receiver.metrics["news_records_consumed_total"].sum.data_points
    assert receiver.metrics["news_records_consumed_total"].sum.is_monotonic
    assert point.as_double == 7
    assert {item.key: item.value.string_value for item in point.attributes} == {"stage": "ingest", "topic": "raw"}
    assert receiver.metrics["news_records_in_progress"].gauge.data_points[0].as_double == 5
    latency = receiver.metrics["news_end_to_end_latency_seconds"]
    (series,) = latency.histogram.data_points
    assert (latency.unit, series.count, series.sum) == ("s", 4, 10002.4)
    assert dict(zip(series.explicit_bounds, series.bucket_counts, strict=False))[0.25] == 2
    assert series.bucket_counts[-1] == 1  # beyond the last bound
    assert sum(series.bucket_counts) == 4
    assert point.start_time_unix_nano < point.time_unix_nano
    assert receiver.resources[0]["service.name"] == "news-pipeline"
    assert receiver.resources[0]["news.lane"] == "live"
    assert receiver.headers[0]["authorization"] == "Bearer t0ken"


def test_no_metric_is_left_out() -> None:
    metrics = Metrics()
    metrics.stage("ingest", "raw", ["normalized"])
    with OtlpReceiver() as receiver:
        telemetry = Telemetry(_settings(receiver.address, traces=False), metrics.registry, {})
        telemetry.start()
        telemetry.close()
    shown = {name.removesuffix("_bucket") for name, _ in of_registry(metrics.registry).values}
    missing = {name for name in shown if not name.endswith(("_sum", "_count"))} - receiver.metrics.keys()
    assert missing == set()


def test_the_environment_names_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "news-ingest")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.namespace=news")
    with OtlpReceiver() as receiver:
        telemetry = Telemetry(_settings(receiver.address, traces=False), Metrics().registry, {})
        telemetry.start()
        telemetry.close()
    found = receiver.resources[0]
    assert (found["service.name"], found["service.namespace"]) == ("news-ingest", "news")
    assert found["deployment.environment.name"] == "test"


def test_a_receiver_that_is_gone_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = Telemetry(_settings(f"http://127.0.0.1:{free_port()}"), Metrics().registry, {})
    tracer = telemetry.tracer
    assert tracer is not None
    tracer.start_span("process").end()
    telemetry.start()
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        telemetry.close()
    assert time.monotonic() - began < 30  # the limit is three seconds; a loaded machine takes longer
    assert "t0ken" not in caplog.text
