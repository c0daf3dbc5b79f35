"""Spans of units of work. They are made after the commit, from the times that were taken anyway.

A unit has a trace of its own: a span for the unit, below it one for each stage and one for the commit. It links to the
traces of its articles, as the conventions for messaging ask of batches. An article whose raw record named a sampled
trace has a span in that trace as well, one for each service; so whoever fetched the article sees what became of it.
"""

import time
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Tracer, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pipeline.domain.record import Record
from pipeline.runtime.output_assembly import Output
from pipeline.runtime.unit import Unit

__all__ = ["UnitTraces"]

_ROOT = Context()
_propagator = TraceContextTextMapPropagator()


class UnitTraces:
    """Makes the spans of committed units."""

    def __init__(self, tracer: Tracer, group: str, articles: int) -> None:
        """Prepare for units.

        Args:
            tracer: Takes the spans.
            group: The worker's consumer group.
            articles: Most articles of a unit that get a span, and most links.
        """
        self._tracer = tracer
        self._group = group
        self._articles = articles

    def __call__(self, unit: Unit, output: Output, commit_secs: float) -> None:
        """Make the spans of a unit that has just been committed.

        Args:
            unit: The unit.
            output: What it came to.
            commit_secs: Time of the commit, with waiting for its turn.
        """
        ended, offset_ns = time.perf_counter(), time.time_ns() - time.perf_counter_ns()

        def at(seconds: float) -> int:
            return int(seconds * 1e9) + offset_ns

        traced = self._traced(unit.records)
        began, done = at(unit.taken_at), at(ended)
        lease = unit.lease
        place = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": lease.topic,
            "messaging.destination.partition.id": str(lease.partition),
            "messaging.consumer.group.name": self._group,
        }
        span = self._tracer.start_span(
            f"process {lease.topic}",
            _ROOT,
            SpanKind.CONSUMER,
            {
                **place,
                "messaging.batch.message_count": len(unit.records),
                "messaging.kafka.offset": unit.start,
                "news.offset.end": unit.end,
                "news.records.produced": len(output.records),
                "news.records.rejected": len(output.rejected),
            },
            [Link(get_current_span(context).get_span_context()) for _, context in traced],
            began,
        )
        if span.is_recording():
            inside = set_span_in_context(span, _ROOT)
            for name, spent in output.times.items():
                counts = output.counts.get(name)
                known = {"news.stage.busy_seconds": spent.busy_secs}
                if counts is not None:
                    known["news.stage.records"] = counts.consumed
                    known["news.stage.emitted"] = counts.emitted
                child = self._tracer.start_span(name, inside, SpanKind.INTERNAL, known, None, at(spent.began))
                child.end(at(spent.ended))
            commit = self._tracer.start_span("commit", inside, SpanKind.CLIENT, None, None, at(ended - commit_secs))
            commit.end(done)
        span.end(done)
        self._articles_of(unit, traced, span, place, began, done)

    def _articles_of(
        self,
        unit: Unit,
        traced: Sequence[tuple[Record, Context]],
        span: Span,
        place: dict[str, str],
        began: int,
        done: int,
    ) -> None:
        for record, context in traced:
            if not get_current_span(context).get_span_context().trace_flags.sampled:
                continue
            article = self._tracer.start_span(
                f"process {unit.lease.topic}",
                context,
                SpanKind.CONSUMER,
                {**place, "messaging.kafka.offset": record.offset},
                [Link(span.get_span_context())],
                began,
            )
            article.end(done)

    def _traced(self, records: Sequence[Record]) -> list[tuple[Record, Context]]:
        """Return the first records that name a trace, with it."""
        found: list[tuple[Record, Context]] = []
        for record in records:
            if len(found) == self._articles:
                break
            text = record.header("traceparent") if record.headers else None
            if text is None:
                continue
            context = _propagator.extract({"traceparent": text}, _ROOT)
            if get_current_span(context).get_span_context().is_valid:
                found.append((record, context))
        return found
