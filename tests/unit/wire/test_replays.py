import msgspec
import pytest

from pipeline.domain.record import Headers, Record
from pipeline.wire.catalogue import Catalogue
from pipeline.wire.dead_letters import Failure, Reporter, dead_letter
from pipeline.wire.replays import DeadLetter, Place, arrived_ms, attempts_of, read_dead_letter, replay_headers

REPORTER = Reporter(app="news-pipeline", version="1.2.3", group="news-ingest")
FAILURE = Failure(stage="ingest", reason="unexpected", detail="ValueError in ingest", exception_class="ValueError")
RECORD = Record(
    topic="news.articles.raw.v1",
    partition=4,
    offset=1813,
    timestamp_ms=1_772_602_215_120,
    key=b"\x00key",
    value=b"\xff",
    headers=(("content-type", b"application/json"), ("x", None), ("x", b"\xfe")),
)
DIED_AT = Place("news.dlq.ingest.v1", 0, 7)


def died(record: Record, catalogue: Catalogue, *, limit: int | None = None) -> DeadLetter:
    """Return what is read of the dead letter of a record."""
    target = catalogue.topic(DIED_AT.topic)
    if limit is not None:
        target = msgspec.structs.replace(target, max_message_bytes=limit)
    letter = dead_letter(record, FAILURE, REPORTER, target, 1_772_602_216_000)
    found = read_dead_letter(Record(letter.topic, 0, 7, letter.timestamp_ms, letter.key, letter.value, letter.headers))
    assert found is not None
    return found


def test_a_dead_letter_gives_its_record_back(catalogue: Catalogue) -> None:
    found = died(RECORD, catalogue)
    assert found.original == RECORD
    assert found.place == DIED_AT
    assert (found.stage, found.reason, found.exception_class) == ("ingest", "unexpected", "ValueError")
    assert found.complete


def test_a_rejection_without_an_exception_names_none(catalogue: Catalogue) -> None:
    rejected = msgspec.structs.replace(FAILURE, reason="invalid_json", exception_class=None)
    target = catalogue.topic(DIED_AT.topic)
    letter = dead_letter(RECORD, rejected, REPORTER, target, 1_772_602_216_000)
    found = read_dead_letter(Record(letter.topic, 0, 7, letter.timestamp_ms, letter.key, letter.value, letter.headers))
    assert found is not None
    assert found.exception_class is None
    assert found.exception_name is None


def test_what_was_cut_is_not_complete(catalogue: Catalogue) -> None:
    large = msgspec.structs.replace(RECORD, value=bytes(100_000))
    assert not died(large, catalogue, limit=20_000).complete
    long_headers = msgspec.structs.replace(RECORD, headers=(("x", bytes(100_000)),))
    assert not died(long_headers, catalogue, limit=20_000).complete


def test_attempts_and_first_time_survive_every_death(catalogue: Catalogue) -> None:
    record = RECORD
    for attempt in (1, 2, 3):
        letter = died(record, catalogue)
        headers = replay_headers(letter.original, letter.place, attempt)
        assert dict(headers)["news.replay.source"] == b"news.dlq.ingest.v1/0/7"
        record = Record(record.topic, 4, 2000 + attempt, RECORD.timestamp_ms + 1000 * attempt, b"k", b"v", headers)
        assert arrived_ms(record) == RECORD.timestamp_ms
        assert attempts_of(died(record, catalogue).original) == attempt
        assert [name for name, _ in headers][:3] == ["content-type", "x", "x"]
        assert len(headers) == 6


def test_a_copy_of_a_replayed_record_keeps_its_attempts() -> None:
    record = msgspec.structs.replace(RECORD, headers=(("news.replay.attempts", b"2"),))
    assert dict(replay_headers(record, DIED_AT))["news.replay.attempts"] == b"2"


@pytest.mark.parametrize("value", [None, b"", b"-5", b"soon", b"9" * 40, "٣".encode(), b"1772602215121"])
def test_a_first_time_that_makes_no_sense_is_passed_over(value: bytes | None) -> None:
    assert arrived_ms(msgspec.structs.replace(RECORD, headers=(("news.replay.arrived-ms", value),))) == (
        RECORD.timestamp_ms
    )


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("news.dlq.reason", b"unexpected"),),
        (
            ("news.dlq.reason", b"unexpected"),
            ("__connect.errors.topic", b"t"),
            ("__connect.errors.partition", b"one"),
            ("__connect.errors.offset", b"2"),
        ),
    ],
)
def test_what_is_no_dead_letter_is_not_read_as_one(headers: Headers) -> None:
    assert read_dead_letter(msgspec.structs.replace(RECORD, headers=headers)) is None


def test_a_place_is_read_as_it_is_written() -> None:
    assert Place.parse("a/b.v1/3/14") == Place("a/b.v1", 3, 14)
    assert Place.parse(str(DIED_AT)) == DIED_AT


@pytest.mark.parametrize("text", ["", "topic", "topic/1", "topic/1/x", "/1/2", "topic/-1/2"])
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="topic/partition/offset"):
        Place.parse(text)
