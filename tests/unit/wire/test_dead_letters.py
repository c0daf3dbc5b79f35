import hashlib
from typing import get_args

import pytest
from msgspec.structs import replace

from pipeline.domain.record import Cut, Headers, Record
from pipeline.domain.stage import StageName
from pipeline.wire.catalogue import Catalogue, TopicSpec
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord, record_bytes

REPORTER = Reporter(app="news-pipeline", version="1.2.3", group="news-ingest")
FAILURE = Failure(stage="ingest", reason="invalid_json", detail="ends early at byte 7")
RECORD = Record(
    topic="news.articles.raw.v1",
    partition=4,
    offset=1813,
    timestamp_ms=1772602215120,
    key=b"\x00key",
    value=b'\xff{"url"',
    headers=(("content-type", b"application/json"), ("x", None), ("x", b"\xfe")),
)
FAILED_AT_MS = 1772602216000


@pytest.fixture
def target(catalogue: Catalogue) -> TopicSpec:
    return catalogue.topic(catalogue.stage("ingest").dead_letters)


def texts(letter: OutputRecord) -> dict[str, str]:
    return {name: (value or b"").decode() for name, value in letter.headers if name not in {"x", "content-type"}}


def size(letter: OutputRecord) -> int:
    return BATCH_OVERHEAD_BYTES + record_bytes(letter.key, letter.value, letter.headers)


def test_the_original_is_kept_byte_for_byte(target: TopicSpec) -> None:
    letter = dead_letter(RECORD, FAILURE, REPORTER, target, FAILED_AT_MS)
    assert letter.topic == "news.dlq.ingest.v1"
    assert (letter.key, letter.value, letter.timestamp_ms) == (RECORD.key, RECORD.value, RECORD.timestamp_ms)
    assert letter.headers[:3] == RECORD.headers


def test_headers_contain_the_place_and_the_reason(target: TopicSpec) -> None:
    assert texts(dead_letter(RECORD, FAILURE, REPORTER, target, FAILED_AT_MS)) == {
        "__connect.errors.topic": "news.articles.raw.v1",
        "__connect.errors.partition": "4",
        "__connect.errors.offset": "1813",
        "__connect.errors.stage": "ingest",
        "__connect.errors.class.name": "news-pipeline/ingest",
        "__connect.errors.exception.message": "ends early at byte 7",
        "news.dlq.reason": "invalid_json",
        "news.dlq.failed-at": "2026-03-04T05:30:16.000Z",
        "news.dlq.app": "news-pipeline",
        "news.dlq.version": "1.2.3",
        "news.dlq.group": "news-ingest",
        "news.dlq.timestamp-ms": "1772602215120",
        "news.dlq.value-sha256": hashlib.sha256(RECORD.value or b"").hexdigest(),
    }


def test_what_raised_is_named(target: TopicSpec) -> None:
    failure = Failure(stage="detect-language", reason="unexpected", detail="", exception_class="KeyError")
    found = texts(dead_letter(RECORD, failure, REPORTER, target, FAILED_AT_MS))
    assert found["__connect.errors.exception.class.name"] == "KeyError"
    assert found["__connect.errors.class.name"] == "news-pipeline/detect-language"


def test_an_exception_of_an_earlier_death_does_not_stay(target: TopicSpec) -> None:
    once = dead_letter(RECORD, replace(FAILURE, exception_class="KeyError"), REPORTER, target, FAILED_AT_MS)
    again = Record(RECORD.topic, 4, 1900, 1, once.key, once.value, once.headers)
    assert "__connect.errors.exception.class.name" not in texts(
        dead_letter(again, FAILURE, REPORTER, target, FAILED_AT_MS)
    )


@pytest.mark.parametrize("stage", get_args(StageName))
def test_no_header_names_a_module(target: TopicSpec, stage: StageName) -> None:
    letter = dead_letter(RECORD, replace(FAILURE, stage=stage), REPORTER, target, FAILED_AT_MS)
    assert not any(text.startswith("pipeline.") for text in texts(letter).values())


def test_a_tombstone_stays_one(target: TopicSpec) -> None:
    letter = dead_letter(replace(RECORD, key=None, value=None), FAILURE, REPORTER, target, FAILED_AT_MS)
    assert (letter.key, letter.value) == (None, None)
    assert "news.dlq.value-sha256" not in texts(letter)


@pytest.mark.parametrize("timestamp_ms", [-1, FAILED_AT_MS + 1, 2**63 - 1])
def test_a_record_without_a_past_timestamp_gets_one(target: TopicSpec, timestamp_ms: int) -> None:
    letter = dead_letter(replace(RECORD, timestamp_ms=timestamp_ms), FAILURE, REPORTER, target, FAILED_AT_MS)
    assert letter.timestamp_ms == FAILED_AT_MS
    assert texts(letter)["news.dlq.timestamp-ms"] == str(timestamp_ms)


def test_a_letter_that_dies_again_does_not_grow(target: TopicSpec) -> None:
    once = dead_letter(RECORD, FAILURE, REPORTER, target, FAILED_AT_MS)
    again = Record(
        "news.dlq.ingest.v1", 0, 5, 1, once.key, once.value, (*once.headers, ("news.dlq.truncated", b"true"))
    )
    twice = dead_letter(again, replace(FAILURE, reason="too_deep"), REPORTER, target, FAILED_AT_MS + 1)
    assert [name for name, _ in twice.headers] == [name for name, _ in once.headers]
    found = texts(twice)
    assert found["news.dlq.reason"] == "too_deep"
    assert found["__connect.errors.topic"] == "news.dlq.ingest.v1"


def test_headers_of_somebody_elses_connector_stay(target: TopicSpec) -> None:
    trace: Headers = (("__connect.errors.exception.stacktrace", b"at X"), ("__connect.errors.topic", b"theirs"))
    letter = dead_letter(replace(RECORD, headers=trace), FAILURE, REPORTER, target, FAILED_AT_MS)
    names = [name for name, _ in letter.headers]
    assert names.count("__connect.errors.exception.stacktrace") == 1
    assert names.count("__connect.errors.topic") == 1
    assert texts(letter)["__connect.errors.topic"] == RECORD.topic


@pytest.mark.parametrize("detail", ["x" * 5000, "€" * 5000, "\ud800" * 5000, "a\r\nb\x00c"])
def test_a_detail_is_one_bounded_line(target: TopicSpec, detail: str) -> None:
    letter = dead_letter(RECORD, replace(FAILURE, detail=detail), REPORTER, target, FAILED_AT_MS)
    message = texts(letter)["__connect.errors.exception.message"]
    assert len(message.encode()) <= 1024
    assert message
    assert message.isprintable()


def test_a_value_that_does_not_fit_is_cut_and_marked(target: TopicSpec) -> None:
    small = replace(target, max_message_bytes=4000)
    whole = bytes(range(256)) * 40
    letter = dead_letter(replace(RECORD, value=whole), FAILURE, REPORTER, small, FAILED_AT_MS)
    assert letter.value is not None
    assert 0 < len(letter.value) < len(whole)
    assert whole.startswith(letter.value)
    assert 3900 < size(letter) <= 4000
    found = texts(letter)
    assert found["news.dlq.truncated"] == "true"
    assert found["news.dlq.value-bytes"] == str(len(whole))
    assert found["news.dlq.value-sha256"] == hashlib.sha256(whole).hexdigest()
    assert letter.headers[:3] == RECORD.headers


def test_headers_and_a_key_that_do_not_fit_go_last(target: TopicSpec) -> None:
    small = replace(target, max_message_bytes=6000)
    huge = replace(RECORD, key=b"k" * 90_000, headers=tuple((f"h{n}", b"x" * 1000) for n in range(20)))
    letter = dead_letter(huge, FAILURE, REPORTER, small, FAILED_AT_MS)
    assert size(letter) <= 6000
    assert letter.value == RECORD.value
    assert letter.key == b"k" * 1024
    found = texts(letter)
    assert found["news.dlq.headers-dropped"] == "20"
    assert found["news.dlq.key-bytes"] == "90000"
    assert "news.dlq.truncated" not in found


def test_the_largest_raw_record_keeps_its_bytes(target: TopicSpec, catalogue: Catalogue) -> None:
    limit = catalogue.topic("news.articles.raw.v1").max_message_bytes
    spare = limit - BATCH_OVERHEAD_BYTES - record_bytes(RECORD.key, None, RECORD.headers)
    letter = dead_letter(replace(RECORD, value=b"v" * spare), FAILURE, REPORTER, target, FAILED_AT_MS)
    assert letter.value is not None
    assert len(letter.value) == spare
    assert size(letter) <= target.max_message_bytes


def test_a_record_that_was_cut_when_it_was_read_tells_size_and_hash_of_the_whole(target: TopicSpec) -> None:
    cut = Cut(detail="", value_bytes=10**9, value_sha256="ab" * 32, key_bytes=5000, headers_dropped=70_000)
    letter = dead_letter(replace(RECORD, headers=(), cut=cut), FAILURE, REPORTER, target, FAILED_AT_MS)
    found = texts(letter)
    assert letter.value == RECORD.value
    assert found["news.dlq.value-bytes"] == "1000000000"
    assert found["news.dlq.value-sha256"] == "ab" * 32
    assert found["news.dlq.truncated"] == "true"
    assert found["news.dlq.key-bytes"] == "5000"
    assert found["news.dlq.headers-dropped"] == "70000"


def test_a_cut_value_that_still_does_not_fit_is_cut_again(target: TopicSpec) -> None:
    small = replace(target, max_message_bytes=5000)
    cut = Cut(detail="", value_bytes=10**9, value_sha256="ab" * 32)
    letter = dead_letter(replace(RECORD, value=b"v" * 9000, cut=cut), FAILURE, REPORTER, small, FAILED_AT_MS)
    assert size(letter) <= 5000
    assert texts(letter)["news.dlq.value-bytes"] == "1000000000"
    assert texts(letter)["news.dlq.value-sha256"] == "ab" * 32


def test_a_record_that_lost_only_its_headers_has_its_whole_value(target: TopicSpec) -> None:
    cut = Cut(detail="", headers_dropped=70_000)
    found = texts(dead_letter(replace(RECORD, headers=(), cut=cut), FAILURE, REPORTER, target, FAILED_AT_MS))
    assert "news.dlq.truncated" not in found
    assert found["news.dlq.value-sha256"] == hashlib.sha256(RECORD.value or b"").hexdigest()


def test_a_header_name_that_is_no_text_is_kept(target: TopicSpec) -> None:
    odd = (("\udcff\udcfe", b"1"),)
    assert dead_letter(replace(RECORD, headers=odd), FAILURE, REPORTER, target, FAILED_AT_MS).headers[:1] == odd
