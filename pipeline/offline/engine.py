"""Run the chain over records, batch by batch: what a service does with Kafka, with a signature log in memory.

The order of the records decides which copy is the canonical article. The time of an article is its own (in a lane,
`ingested_at` is `fetched_at`), so the same input always gives the same verdicts and bytes.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from pipeline.dedup.fold import Fold
from pipeline.domain.article import Article, Event
from pipeline.domain.decisions import decided, lost
from pipeline.domain.outcome import Drop, Emit, Reject
from pipeline.domain.record import Record
from pipeline.domain.signature import Signature, Void
from pipeline.domain.verdict import Verdict, VerdictRecord
from pipeline.offline.clusters import ClusterLines
from pipeline.offline.funnel import Funnel
from pipeline.offline.output import LineSink
from pipeline.stages.chain import Chain
from pipeline.stages.counts import Result
from pipeline.wire.codec import encode

__all__ = ["run_records"]

_BATCH_RECORDS = 256  # as in the benchmarks: large enough for the models, small enough for memory


def run_records(
    records: Iterable[Record],
    chain: Chain,
    fold: Fold,
    sink: LineSink,
    funnel: Funnel,
    *,
    clusters: ClusterLines | None = None,
    batch_records: int = _BATCH_RECORDS,
) -> Iterator[int]:
    """Process records with the whole chain; yield the number of processed records after every batch.

    Args:
        records: Raw records, in the order that decides which copy is canonical.
        chain: All stages.
        fold: The deduplication log's state; it is changed.
        sink: Receives the lines of `output`, `duplicates` and `dead_letters`.
        funnel: Counts the results; it is changed.
        clusters: Receives the verdicts, if clusters are wanted.
        batch_records: Size of a batch; it does not change the results.

    Raises:
        ValueError: The chain lacks stages.
        RuntimeError: The funnel does not add up (a bug).
    """
    source = iter(records)
    while batch := list(islice(source, batch_records)):
        results, decisions = _process(batch, chain, fold)
        if clusters is not None:
            clusters.apply(decisions)
        funnel.read(len(batch))
        funnel.stages(chain.stage_counts(results))
        for record, result in zip(batch, results, strict=True):
            _write(record, result, sink, funnel)
        yield funnel.raw
    funnel.check()


def _process(batch: Sequence[Record], chain: Chain, fold: Fold) -> tuple[list[Result], list[VerdictRecord]]:
    if chain.before is None or chain.judging is None or chain.after is None:
        raise ValueError("a run needs all stages")
    results = chain.before.process(batch)
    ingested = [(place, result.outcome) for place, result in enumerate(results)]
    passing = [(place, outcome.value) for place, outcome in ingested if isinstance(outcome, Emit)]
    articles: list[Article] = [article for _, article in passing]
    verdicts = [_verdict(fold, signature) for signature in chain.judging.sign(articles)]
    decisions: list[VerdictRecord] = [decided(*pair) for pair in zip(articles, verdicts, strict=True)]
    judged = chain.judge(articles, verdicts)
    for (place, article), verdict, result in zip(passing, verdicts, judged, strict=True):
        results[place] = result
        if isinstance(result.outcome, Reject):
            # It was rejected after its verdict: without a void, its next copy would be held back.
            void = Void(article_id=article.id, origin=article.signature.origin)
            fold.apply(void, article.signature.ingested_at_ms)
            decisions.append(lost(article, verdict))
    return results, decisions


def _verdict(fold: Fold, signature: Signature) -> Verdict:
    verdict = fold.apply(signature, signature.ingested_at_ms)
    if verdict is None:
        raise RuntimeError(f"the fold gave no verdict for a signature of version {signature.version}")
    return verdict


def _write(record: Record, result: Result, sink: LineSink, funnel: Funnel) -> None:
    outcome = result.outcome
    if isinstance(outcome, Emit):
        event: Event = outcome.value
        funnel.event(event.type)
        sink.write("output", encode(event.value))
    elif isinstance(outcome, Drop):
        funnel.duplicate(outcome.reason)
        sink.write("duplicates", encode(outcome.event.value))
    else:
        funnel.dead_letter(outcome.reason)
        sink.write("dead_letters", _dead_letter(record, result.stage, outcome))


def _dead_letter(record: Record, stage: str, reject: Reject) -> bytes:
    """Return a rejected record as a line of JSON: its value as text if it is UTF-8, else as base64."""
    line: dict[str, Any] = {
        "stage": stage,
        "reason": reject.reason,
        "detail": reject.detail,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "headers": {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers},
    }
    value = record.value or b""
    try:
        line["value"] = value.decode("utf-8")
    except UnicodeDecodeError:
        line["value_base64"] = base64.b64encode(value).decode("ascii")
    return orjson.dumps(line)
