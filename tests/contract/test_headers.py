"""Header names are part of the contract: consumers and tools match them, so a new one is decided here."""

from typing import get_args

import pytest
from msgspec.structs import replace

from pipeline.domain.article import Dedup, DuplicateArticle, Event, EventType, Provenance, Publisher, Quality
from pipeline.domain.ids import ArticleId, ClusterId, EventId
from pipeline.domain.record import Record
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.cloudevents import headers
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.schemas import load_schema
from pipeline.wire.validation import EXTENSIBLE_ENUM, closed, open_validator

ARTICLE = ArticleId("a" * 32)
EVENT = Event(
    id=EventId("e" * 32),
    type="news.article.duplicate.v1",
    article_id=ARTICLE,
    time="2026-03-04T05:30:16.000Z",
    revision=1,
    observed_at="2026-03-04T05:29:58.000Z",
    lane="again",
    language="ar",
    subjects=("medtop:11000000",),
    publisher="coast-news.example",
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    value=DuplicateArticle(
        id=ARTICLE,
        ingested_at="2026-03-04T05:30:16.000Z",
        revision=1,
        publisher=Publisher(id="coast-news.example"),
        dedup=Dedup(
            kind="near",
            cluster_id=ClusterId("c-1"),
            canonical_id=ARTICLE,
            method="minhash",
            window_secs=1,
        ),
        quality=Quality(score=1.0),
        provenance=Provenance(topic="t", partition=0, offset=0, content_sha256="0" * 64),
    ),
)
CONNECT = "__connect.errors."
DEAD_LETTER_NAMES = {
    f"{CONNECT}topic",
    f"{CONNECT}partition",
    f"{CONNECT}offset",
    f"{CONNECT}stage",
    f"{CONNECT}class.name",
    f"{CONNECT}exception.message",
    "news.dlq.reason",
    "news.dlq.failed-at",
    "news.dlq.app",
    "news.dlq.version",
    "news.dlq.group",
    "news.dlq.timestamp-ms",
    "news.dlq.value-sha256",
}
EXCEPTION = f"{CONNECT}exception.class.name"
CUT_NAMES = {"news.dlq.truncated", "news.dlq.value-bytes", "news.dlq.key-bytes", "news.dlq.headers-dropped"}
RECORD = Record("news.articles.raw.v1", 1, 2, 3, b"k" * 2000, b"v" * 9000, (("h", b"x" * 9000),))


def test_headers_of_events() -> None:
    assert {name for name, _ in headers(EVENT, "/news-pipeline/dedupe")} == {
        "content-type",
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_subject",
        "ce_time",
        "ce_dataschema",
        "ce_language",
        "ce_subjects",
        "ce_publisher",
        "ce_revision",
        "ce_observedat",
        "ce_lane",
        "traceparent",
    }


def test_headers_of_events_match_their_schema() -> None:
    schema = load_schema("news.event-headers.v1")
    found = {name: value.decode() for name, value in headers(EVENT, "/news-pipeline/dedupe") if value is not None}
    assert [error.message for error in open_validator(closed(schema)).iter_errors(found)] == []
    assert set(schema["properties"]) == set(found)
    optional = {"ce_observedat", "ce_lane", "ce_language", "ce_subjects", "ce_publisher", "traceparent"}
    assert set(schema["required"]) == set(found) - optional
    assert schema["properties"]["ce_type"][EXTENSIBLE_ENUM] == list(get_args(EventType))


@pytest.mark.parametrize(
    ("limit", "exception_class", "names"),
    [
        (100_000, None, DEAD_LETTER_NAMES),
        (100_000, "KeyError", DEAD_LETTER_NAMES | {EXCEPTION}),
        (6000, None, DEAD_LETTER_NAMES | CUT_NAMES),
    ],
)
def test_headers_of_dead_letters(limit: int, exception_class: str | None, names: set[str]) -> None:
    target = replace(load_catalogue().topic("news.dlq.ingest.v1"), max_message_bytes=limit)
    letter = dead_letter(
        RECORD,
        Failure(stage="ingest", reason="too_deep", detail="nested 2000 deep", exception_class=exception_class),
        Reporter(app="news-pipeline", version="1", group="news-ingest"),
        target,
        1772602216000,
    )
    found = {name: value.decode() for name, value in letter.headers if value is not None and name != "h"}
    assert set(found) == names
    schema = load_schema("news.dead-letter.v1")
    assert [error.message for error in open_validator(schema).iter_errors(found)] == []


def test_the_schema_lists_every_header_of_a_dead_letter() -> None:
    schema = load_schema("news.dead-letter.v1")
    assert set(schema["properties"]) == DEAD_LETTER_NAMES | {EXCEPTION} | CUT_NAMES
    # A tombstone has no hash; all other headers are required.
    assert set(schema["required"]) == DEAD_LETTER_NAMES - {"news.dlq.value-sha256"}
