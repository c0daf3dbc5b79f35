import pytest
from kafka.record.default_records import DefaultRecordBatchBuilder
from msgspec.structs import replace

from pipeline.domain.article import Article, Event
from pipeline.domain.decisions import decided, lost
from pipeline.domain.outcome import Drop
from pipeline.domain.record import Headers
from pipeline.domain.signature import Activate, Void
from pipeline.domain.stage import STAGES
from pipeline.wire.catalogue import Catalogue, load_catalogue
from pipeline.wire.codec import (
    decode_article,
    decode_duplicate,
    decode_enriched,
    decode_log_record,
    decode_verdict_record,
)
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, Encoder, OutputRecord, Oversize, record_bytes


@pytest.fixture
def encoder(catalogue: Catalogue) -> Encoder:
    return Encoder(catalogue)


def sent(record: OutputRecord | Oversize) -> OutputRecord:
    assert isinstance(record, OutputRecord)
    return record


def value_of(record: OutputRecord) -> bytes:
    assert record.value is not None
    return record.value


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_an_article_goes_to_the_topic_of_its_stage(
    encoder: Encoder, catalogue: Catalogue, article: Article, stage: str
) -> None:
    record = sent(encoder.emit(stage, article))  # type: ignore[arg-type]  # one of STAGES
    assert record.topic == catalogue.stage(stage).emits
    assert record.key == article.id.encode()
    assert decode_article(value_of(record)) == article
    assert record.timestamp_ms == article.signature.ingested_at_ms
    assert dict(record.headers) == {
        "content-type": b"application/json",
        "traceparent": b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }


def test_an_article_without_a_trace_has_no_header_for_one(encoder: Encoder, article: Article) -> None:
    record = sent(encoder.emit("ingest", replace(article, provenance=replace(article.provenance, traceparent=None))))
    assert dict(record.headers) == {"content-type": b"application/json"}


def test_an_event_goes_out_with_its_headers(encoder: Encoder, event: Event) -> None:
    record = sent(encoder.emit("publish", event))
    assert record.topic == "news.articles.enriched.v1"
    assert record.key == event.article_id.encode()
    assert decode_enriched(value_of(record)) == event.value
    assert dict(record.headers)["ce_source"] == b"/news-pipeline/publish"
    assert dict(record.headers)["ce_id"] == event.id.encode()
    assert record.timestamp_ms == 1772600000000


def test_what_is_held_back_goes_to_the_duplicates(encoder: Encoder, duplicate: Event) -> None:
    record = sent(encoder.drop("publish", Drop("near", duplicate)))
    assert record.topic == "news.articles.duplicates.v1"
    assert decode_duplicate(value_of(record)) == duplicate.value
    assert dict(record.headers)["ce_source"] == b"/news-pipeline/publish"
    assert dict(record.headers)["ce_type"] == b"news.article.duplicate.v1"


def test_the_state_of_an_article_is_its_event_or_null(encoder: Encoder, event: Event, duplicate: Event) -> None:
    published = sent(encoder.emit("publish", event))
    state = encoder.current(event, published)
    assert state == replace(published, topic="news.articles.current.v1")
    held_back = sent(encoder.drop("publish", Drop("near", duplicate)))
    ended = encoder.current(duplicate, held_back)
    assert ended == replace(held_back, topic="news.articles.current.v1", value=None)
    repeat = replace(duplicate, value=replace(duplicate.value, dedup=replace(duplicate.value.dedup, kind="repeat")))
    assert encoder.current(repeat, held_back) is None


def test_verdicts_and_log_records_are_keyed_by_article(encoder: Encoder, article: Article) -> None:
    assert article.verdict is not None
    for verdict in (decided(article, article.verdict), lost(article, article.verdict)):
        record = sent(encoder.verdict(verdict))
        assert (record.topic, record.key) == ("news.verdicts.v1", article.id.encode())
        assert record.timestamp_ms == article.signature.ingested_at_ms
        assert decode_verdict_record(value_of(record)) == verdict
    for entry in (article.signature, Void(article_id=article.id, origin=article.signature.origin)):
        record = sent(encoder.log_record(entry, 8))
        assert (record.topic, record.key, record.timestamp_ms) == ("news.signatures.v1", article.id.encode(), 8)
        assert decode_log_record(value_of(record)) == entry
    assert sent(encoder.log_record(Activate(fold_version=1, signature_version=1), 9)).key is None


def test_a_lane_writes_to_its_own_topics(article: Article, event: Event) -> None:
    encoder = Encoder(load_catalogue("old."))
    assert article.verdict is not None
    topics = {
        sent(record).topic
        for record in (
            encoder.emit("ingest", article),
            encoder.emit("publish", event),
            encoder.verdict(decided(article, article.verdict)),
            encoder.log_record(article.signature, 1),
        )
    }
    assert all(topic.startswith("old.news.") for topic in topics)


def test_equal_values_give_equal_bytes(encoder: Encoder, event: Event) -> None:
    assert encoder.emit("publish", event) == encoder.emit("publish", replace(event))


def test_a_record_above_the_limit_of_its_topic_is_too_large(encoder: Encoder, article: Article) -> None:
    found = encoder.emit("ingest", replace(article, body="ن" * 2_200_000))
    assert isinstance(found, Oversize)
    assert found.size > found.limit == 4128768
    assert found.detail == f"{found.size} bytes for news.articles.normalized.v1, limit 4128768"


def test_the_largest_article_of_ingest_fits_every_later_topic(encoder: Encoder, article: Article) -> None:
    early = replace(article, verdict=None, language=None, subjects=())
    spare = 4128768 - encoder_size(encoder, early)
    largest = replace(early, body=early.body + "x" * spare)
    assert encoder_size(encoder, largest) == 4128768
    assert isinstance(encoder.emit("ingest", replace(largest, body=largest.body + "x")), Oversize)
    full = replace(article, body=largest.body)
    for stage in STAGES[1:-1]:
        sent(encoder.emit(stage, full))


def encoder_size(encoder: Encoder, article: Article) -> int:
    record = sent(encoder.emit("ingest", article))
    return BATCH_OVERHEAD_BYTES + record_bytes(record.key, record.value, record.headers)


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (None, None, ()),
        (b"k" * 32, b"v" * 5000, (("content-type", b"application/json"), ("empty", None))),
        (b"", b"v" * 3_000_000, (("ž€😀" * 100, b"x" * 70000),)),
    ],
)
def test_the_size_is_never_below_that_of_a_real_batch(key: bytes | None, value: bytes | None, headers: Headers) -> None:
    batch = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=1,
        producer_id=1,
        producer_epoch=1,
        base_sequence=0,
        batch_size=1 << 30,
    )
    batch.append(0, timestamp=1772600000000, key=key, value=value, headers=list(headers))
    assert len(batch.build()) <= BATCH_OVERHEAD_BYTES + record_bytes(key, value, headers)
