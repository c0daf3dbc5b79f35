"""Spans of units: their tree and times, their links, and the spans of articles in the traces of their producers."""

import time
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from pipeline.domain.record import Record
from pipeline.kafka_io.chunks import Lease
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.stage_timing import StageTime
from pipeline.runtime.unit import Unit
from pipeline.runtime.unit_traces import UnitTraces
from pipeline.stages.counts import StageCounts

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


class Bench:
    def __init__(self, share: float = 1.0, articles: int = 4) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(share)), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.traces = UnitTraces(provider.get_tracer("test"), "news-ingest", articles)

    def commit(self, *traceparents: bytes | None) -> None:
        headers = [() if text is None else (("TraceParent", text),) for text in traceparents]
        records = [Record("raw", 3, offset, 0, b"k", b"v", having) for offset, having in enumerate(headers, start=70)]
        lease = Lease(topic="raw", partition=3, producer=None, fetched=0, committed=0, consumer=None)
        now = time.perf_counter()
        unit = Unit(lease, records, 70, 70 + len(records), 1, [], taken_at=now - 2.0)
        times = {"ingest": StageTime(now - 1.9, now - 1.5, 0.3), "publish": StageTime(now - 1.2, now - 1.0, 0.2)}
        counts = {"ingest": StageCounts(2, 1, {}, {})}
        self.traces(unit, Output(times=times, counts=counts), 0.5)  # type: ignore[arg-type]

    def spans(self) -> list[Any]:
        return list(self._exporter.get_finished_spans())


def _sampled(flags: str = "01") -> bytes:
    return f"00-{TRACE}-{SPAN}-{flags}".encode()


def test_a_unit_has_a_trace_with_its_stages_and_its_commit() -> None:
    bench = Bench()
    bench.commit(None, None)
    *children, unit = bench.spans()
    assert [span.name for span in children] == ["ingest", "publish", "commit"]
    assert {span.parent.span_id for span in children} == {unit.context.span_id}
    assert unit.parent is None
    assert unit.name == "process raw"
    assert unit.attributes["messaging.batch.message_count"] == 2
    assert unit.attributes["messaging.destination.partition.id"] == "3"
    assert (unit.attributes["messaging.kafka.offset"], unit.attributes["news.offset.end"]) == (70, 72)
    ingest, _, commit = children
    assert ingest.attributes["news.stage.busy_seconds"] == 0.3
    assert ingest.attributes["news.stage.records"] == 2
    assert unit.start_time < ingest.start_time < ingest.end_time < commit.start_time < commit.end_time == unit.end_time
    assert (unit.end_time - unit.start_time) / 1e9 == pytest.approx(2.0, abs=0.5)


def test_an_article_whose_producer_is_traced_has_a_span_in_that_trace() -> None:
    bench = Bench()
    bench.commit(None, _sampled())
    article, unit = bench.spans()[-1], bench.spans()[-2]
    assert f"{article.context.trace_id:032x}" == TRACE
    assert f"{article.parent.span_id:016x}" == SPAN
    assert article.attributes["messaging.kafka.offset"] == 71
    assert article.links[0].context.span_id == unit.context.span_id
    assert f"{unit.links[0].context.trace_id:032x}" == TRACE
    assert f"{unit.context.trace_id:032x}" != TRACE


def test_a_trace_that_is_not_sampled_gets_a_link_and_no_span() -> None:
    bench = Bench()
    bench.commit(_sampled("00"))
    assert len(bench.spans()) == 4
    assert len(bench.spans()[-1].links) == 1


@pytest.mark.parametrize("text", [b"", b"00-1-2-01", b"\xff\xfe", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"])
def test_what_is_no_trace_context_is_ignored(text: bytes) -> None:
    bench = Bench()
    bench.commit(text)
    assert len(bench.spans()) == 4
    assert not bench.spans()[-1].links


def test_the_number_of_articles_is_bounded() -> None:
    bench = Bench(articles=3)
    bench.commit(*[_sampled()] * 10)
    assert len(bench.spans()) == 4 + 3


def test_units_outside_the_share_cost_no_spans_but_articles_keep_theirs() -> None:
    bench = Bench(share=0.0)
    bench.commit(_sampled(), None)
    (article,) = bench.spans()
    assert f"{article.context.trace_id:032x}" == TRACE
