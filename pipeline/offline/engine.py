"""The chain over records, batch by batch: what the runner does with Kafka, with an own log in memory.

The order of the records decides who is canonical. Time is each article's own (`ingested_at` of a lane is `fetched_at`),
so the same input gives the same verdicts and bytes whenever it is run.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

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
from pipeline.stages.chain import Chain
from pipeline.stages.counts import Result
from pipeline.wire.codec import encode

__all__ = ["BATCH_RECORDS", "Sink", "run_records"]

BATCH_RECORDS = 256
"""As in the benchmarks: large enough for the models, small enough for memory."""


class Sink(Protocol):
    """Where lines go: `output`, `duplicates`, `clusters`, `dead_letters`."""

    def write(self, key: str, line: bytes) -> None:
        """Write a line to an output, if that output is wanted."""
        ...


def run_records(
    records: Iterable[Record],
    chain: Chain,
    fold: Fold,
    sink: Sink,
    funnel: Funnel,
    *,
    clusters: ClusterLines | None = None,
    batch_records: int = BATCH_RECORDS,
) -> Iterator[int]:
    """Take records through the whole chain and fill the funnel; yield after every batch how many records are done.

    What is decided goes to `clusters`, if there are to be any.

    Raises:
        RuntimeError: The funnel does not add up (a bug).
    """
    source = iter(records)
    while batch := list(islice(source, batch_records)):
        results, decisions = _process(batch, chain, fold)
        if clusters is not None:
            clusters.tell(decisions)
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
            # It died after its verdict: the next copy of it must not be held back.
            void = Void(article_id=article.id, origin=article.signature.origin)
            fold.apply(void, article.signature.ingested_at_ms)
            decisions.append(lost(article, verdict))
    return results, decisions


def _verdict(fold: Fold, signature: Signature) -> Verdict:
    verdict = fold.apply(signature, signature.ingested_at_ms)
    if verdict is None:
        raise RuntimeError(f"the fold gave no verdict for a signature of version {signature.version}")
    return verdict


def _write(record: Record, result: Result, sink: Sink, funnel: Funnel) -> None:
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
    """Write a rejected record as a line, its original bytes as text where they are UTF-8, else as base64."""
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
