"""What a unit of work writes when a retraction promotes a copy: the raw record of the copy again, or a void."""

from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.article import Versions
from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.verdict import Verdict
from pipeline.runtime.article_service import ArticleService
from pipeline.runtime.output_assembly import Output, OutputAssembly, Recalled
from pipeline.stages.chain import Chain
from pipeline.stages.dedupe import DedupeStage
from pipeline.stages.ingest import IngestStage
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import OutputRecord
from pipeline.wire.promotions import resent
from pipeline.wire.raw import raw_key
from tests.harness.log_in_memory import COPY, Logs, dedup_log

RAW, NOW = "news.articles.raw.v1", 1_790_000_000_000


def _raw(site: str, offset: int, **fields: Any) -> Record:
    url = f"https://{site}.example/story"
    value = orjson.dumps(
        {"url": url, "fetched_at": "2026-09-21T14:00:00Z", **(fields or {"title": site, "text": COPY})}
    )
    key = (raw_key(value, ()) or "").encode()
    return Record(RAW, len(site) % 4, offset, NOW + offset, key, value, (("traceparent", b"00-1-2-03"),))


FIRST, COPIED = _raw("first", 1), _raw("copied", 2)
RETRACTION = _raw("first", 3, action="retract")


class Rejecting:
    """A stage after `dedupe` that rejects everything."""

    name = "detect-language"

    def process(self, batch: list[Any]) -> list[Any]:
        return [Reject("unexpected", "told to") for _ in batch]


def _service(*more: Any) -> ArticleService:
    chain = Chain([IngestStage(), DedupeStage(Versions(pipeline="test")), *more])
    reporter = Reporter(app="test", version="1", group="g")
    return ArticleService(chain, OutputAssembly(load_catalogue().sized(article_partitions=4), reporter, chain.names))


def _step(service: ArticleService, fold: Fold, record: Record, recalled: Recalled | None = None) -> Output:
    work = service.prepare([record])
    verdicts = [fold.apply(signature, record.timestamp_ms) for signature in work.signatures]
    return service.finish(work, [verdict for verdict in verdicts if verdict is not None], recalled or {})


def _retracted(service: ArticleService, recalled: Record | None) -> tuple[Fold, Output, Verdict]:
    fold = Fold(FOLD_VERSIONS[2])
    _step(service, fold, FIRST)
    (held_back,) = _step(service, fold, COPIED).verdicts
    output = _step(service, fold, RETRACTION, {held_back.origin: recalled})
    (verdict,) = output.verdicts
    assert verdict.promotes is not None
    assert verdict.promotes.origin == held_back.origin
    return fold, output, verdict


def _to(output: Output, topic: str) -> list[tuple[OutputRecord, int]]:
    return [(record, partition) for record, partition in output.records if record.topic == topic]


def test_the_raw_record_is_sent_again_where_it_was_and_comes_out() -> None:
    service = _service()
    fold, output, _ = _retracted(service, COPIED)
    ((sent, partition),) = _to(output, RAW)
    assert (partition, sent.key, sent.value) == (COPIED.partition, COPIED.key, COPIED.value)
    headers = dict(sent.headers)
    assert headers["traceparent"] == b"00-1-2-03"
    assert headers["news.replay.arrived-ms"] == str(COPIED.timestamp_ms).encode()
    assert headers["news.replay.source"] == f"{RAW}/{COPIED.partition}/2".encode()
    assert output.promotions == {"resent": 1}
    assert not _to(output, "news.signatures.v1")
    again = Record(RAW, partition, 9, NOW + 9, sent.key, sent.value, sent.headers)
    (published,) = _step(service, fold, again).verdicts
    assert (published.kind, published.passes) == ("promoted", True)


@pytest.mark.parametrize(
    "found",
    [None, replace(COPIED, value=FIRST.value), replace(COPIED, value=b"{"), _raw("copied", 2, action="retract")],
    ids=["expired", "of another article", "unreadable", "a retraction"],
)
def test_a_copy_whose_record_is_gone_is_voided_so_that_the_next_one_passes(found: Record | None) -> None:
    service = _service()
    _, output, verdict = _retracted(service, found)
    assert not _to(output, RAW)
    assert output.promotions == {"gone": 1}
    ((void, log),) = _to(output, "news.signatures.v1")
    assert log == 0
    value = orjson.loads(void.value or b"")
    assert verdict.promotes is not None
    assert (value["type"], value["article_id"]) == ("void", verdict.promotes.article_id)
    assert value["origin"] == ["", COPIED.partition, COPIED.offset]


def test_a_retraction_that_dies_promotes_nothing() -> None:
    _, output, _ = _retracted(_service(Rejecting()), COPIED)
    assert not _to(output, RAW)
    assert not output.promotions


def test_the_output_is_the_same_when_the_unit_is_repeated() -> None:
    service = _service()
    fold, output, verdict = _retracted(service, COPIED)
    again = _step(service, fold, RETRACTION, {verdict.promotes.origin: COPIED} if verdict.promotes else {})
    assert again.records == output.records


def test_a_record_that_the_topic_would_refuse_is_not_sent() -> None:
    _, _, verdict = _retracted(_service(), COPIED)
    assert verdict.promotes is not None
    raw = load_catalogue().topic(RAW)
    assert resent(COPIED, verdict.promotes, raw) is not None
    assert resent(COPIED, verdict.promotes, replace(raw, max_message_bytes=300)) is None


async def test_only_promoted_copies_are_read_again(logs: Logs) -> None:
    log = dedup_log(logs)
    _, _, verdict = _retracted(_service(), COPIED)
    assert await log.recall([replace(verdict, promotes=None)]) == {}
    assert verdict.promotes is not None
    assert await log.recall([verdict, verdict]) == {verdict.promotes.origin: None}
    log._raw.records[COPIED.partition, COPIED.offset] = COPIED  # type: ignore[attr-defined]
    assert await log.recall([verdict]) == {verdict.promotes.origin: COPIED}


def test_a_promoted_copy_goes_on_to_the_next_stage() -> None:
    service = _service()
    fold, output, _ = _retracted(service, COPIED)
    ((sent, partition),) = _to(output, RAW)
    came = _step(service, fold, Record(RAW, partition, 9, NOW + 9, sent.key, sent.value, sent.headers))
    ((judged, _),) = _to(came, "news.articles.judged.v1")
    article = orjson.loads(judged.value or b"")
    assert (article["verdict"]["kind"], article["body"]) == ("promoted", COPY)
