from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from kafka.errors import KafkaTimeoutError
from msgspec.structs import replace

from pipeline.domain.record import Record
from pipeline.errors import TransientError
from pipeline.ops.dead_letter_replay import DeadLetterReplay, PlannedReplay, Refusal, ReplayParams, ReplayProgress
from pipeline.ops.dead_letters import Ledger
from pipeline.ops.resending import RateLimiter, Resender, ResentRecord, UnitParams
from pipeline.stages.ingest import IngestStage
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import encode
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key
from pipeline.wire.replays import DeadLetter, Place, Receipt
from tests.harness import letters

CATALOGUE = load_catalogue()
RAW = "news.articles.raw.v1"
BODY = "The council met again on Monday and agreed to mend the bridge before the first frost. " * 4
VALUE = msgspec.json.encode({"url": "https://news.example/a", "title": "The bridge", "text": BODY})
RECORD = Record(RAW, 3, 40, 1_772_602_215_120, b"any key", VALUE, (("title", b"The bridge"),))
ARTICLE = encode(IngestStage().process([RECORD])[0].value)  # type: ignore[union-attr]


def letter(original: Record = RECORD, **changes: Any) -> DeadLetter:
    return letters.letter(original, **changes)


def planned(
    *letters: DeadLetter,
    raw: Record | None = None,
    before: Ledger | None = None,
    params: ReplayParams | None = None,
    again: bool = False,
) -> tuple[list[PlannedReplay], Counter[Refusal]]:
    done = ReplayProgress(sent=Counter(), refused=Counter())
    replay = DeadLetterReplay(
        CATALOGUE,
        lambda topic: 1 if "dlq" in topic or "verdicts" in topic else 12,
        lambda place: raw if place == Place(RAW, 3, 40) else None,
        before or Ledger(),
        params,
        again=again,
    )
    return list(replay.plan(letters, done)), done.refused


def test_the_record_goes_back_as_it_was_to_the_partition_of_its_article() -> None:
    (returned,), refused = planned(letter())
    copy = returned.record
    assert (copy.topic, copy.key, copy.value) == (RAW, RECORD.key, RECORD.value)
    key = raw_key(VALUE, ())
    assert key is not None
    assert copy.partition == partitions([key.encode()], 12)[0]
    headers = dict(copy.headers)
    assert headers["title"] == b"The bridge"
    assert headers["news.replay.attempts"] == b"1"
    assert headers["news.replay.arrived-ms"] == b"1772602215120"
    assert not refused


@pytest.mark.parametrize(("key", "partition"), [(b"some", partitions([b"some"], 12)[0]), (None, 3)])
def test_a_record_without_an_identity_goes_by_its_key_or_stays(key: bytes | None, partition: int) -> None:
    (returned,), _ = planned(letter(replace(RECORD, key=key, value=b"{")))
    assert returned.record.partition == partition


def ledger(*receipts: tuple[int, int]) -> Ledger:
    """Return what is noted of dead letters, by (offset, offset of the first death)."""
    found = Ledger()
    for offset, first in receipts:
        place, begun = (str(Place("news.dlq.ingest.v1", 0, number)) for number in (offset, first))
        receipt = Receipt(
            dead_letter=place,
            target=RAW,
            partition=0,
            attempt=1,
            replayed_at="",
            first=begun if begun != place else None,
        )
        found.add(msgspec.json.encode(receipt))
    return found


def death(offset: int, *, of: int | None = None, attempts: int = 0) -> DeadLetter:
    """Return the dead letter at an offset, of a record that had been sent back from another one."""
    headers: list[tuple[str, bytes]] = []
    if of is not None:
        source = f"news.dlq.ingest.v1/0/{of}".encode()
        headers = [("news.replay.source", source), ("news.replay.attempts", str(attempts).encode())]
    return letter(replace(RECORD, headers=tuple(headers)), place=Place("news.dlq.ingest.v1", 0, offset))


def test_a_dead_letter_is_sent_back_once_unless_again_is_set() -> None:
    assert planned(death(7), before=ledger((7, 7))) == ([], {"replayed": 1})
    (returned,), refused = planned(death(7), before=ledger((7, 7)), again=True)
    assert (returned.attempt, returned.first) == (2, "news.dlq.ingest.v1/0/7")
    assert not refused


@pytest.mark.parametrize(("later_ms", "refused"), [(0, {}), (1, {"old": 1})])
def test_what_arrived_before_the_window_is_not_sent_back(later_ms: int, refused: dict[Refusal, int]) -> None:
    # As a dead letter of a replay, it has a later timestamp, and keeps its arrival.
    arrived = (("news.replay.arrived-ms", str(RECORD.timestamp_ms).encode()),)
    again = replace(RECORD, timestamp_ms=RECORD.timestamp_ms + 10**9, headers=arrived)
    params = ReplayParams(oldest_arrival_ms=RECORD.timestamp_ms + later_ms)
    for original in (RECORD, again):
        returned, why = planned(letter(original), params=params)
        assert (len(returned), why) == (1 - len(refused), refused)


@pytest.mark.parametrize(("again", "sent", "refusal"), [(False, 8, "replayed"), (True, 7, "same")])
def test_a_record_that_died_twice_goes_back_once(again: bool, sent: int, refusal: Refusal) -> None:
    (returned,), refused = planned(death(7), death(8, of=7, attempts=1), before=ledger((7, 7)), again=again)
    assert returned.letter.place.offset == sent
    assert (returned.attempt, returned.first) == (2, "news.dlq.ingest.v1/0/7")
    assert refused == {refusal: 1}


@pytest.mark.parametrize(
    ("last", "before"),
    [
        (death(7), ledger((7, 7), (7, 7), (7, 7))),
        (death(10, of=9, attempts=3), ledger()),  # its receipts have expired, or never were
        (death(10, of=9, attempts=99), ledger()),
        (death(10, of=9, attempts=2), ledger((7, 7), (8, 7), (9, 7))),
        (death(9, of=7, attempts=1), ledger((7, 7), (8, 7), (7, 7))),  # sent again before its next death had come
    ],
)
def test_nothing_goes_round_for_ever(last: DeadLetter, before: Ledger) -> None:
    assert planned(last, before=before, again=True) == ([], {"attempts": 1})


def test_whatever_is_among_the_receipts_is_passed_over() -> None:
    found = ledger((7, 7))
    for value in (None, b"", b"{}", b"[", b'"text"'):
        found.add(value)
    assert (found.unreadable, set(found.firsts)) == (5, {"news.dlq.ingest.v1/0/7"})


def test_nothing_is_put_behind_what_a_log_has() -> None:
    verdict = letter(replace(RECORD, topic="news.verdicts.v1"), stage="cluster", reason="invalid_schema")
    signature = letter(replace(RECORD, topic="news.signatures.v1"))
    product = letter(replace(RECORD, topic="news.articles.enriched.v1"))
    assert planned(verdict, signature, product) == ([], {"verdict": 1, "unknown_topic": 2})


def test_what_cannot_go_back_is_counted() -> None:
    unknown = letter(replace(RECORD, topic="somebody.else"))
    huge = letter(replace(RECORD, value=bytes(25_165_824 - 100)))
    assert planned(letter(complete=False), unknown, huge) == (
        [],
        {"incomplete": 1, "unknown_topic": 1, "too_large": 1},
    )


LATER = replace(
    RECORD, topic="news.articles.localized.v1", partition=5, offset=2, value=ARTICLE, timestamp_ms=1_772_602_216_000
)


def test_an_article_that_died_after_its_verdict_goes_back_as_its_raw_record() -> None:
    (returned,), _ = planned(letter(LATER, stage="classify"), raw=RECORD)
    assert (returned.record.topic, returned.record.value) == (RAW, VALUE)
    assert dict(returned.record.headers)["news.replay.arrived-ms"] == b"1772602215120"


def test_the_raw_record_contains_how_often_an_article_was_sent_back() -> None:
    """Between services no headers of a replay are kept."""
    came = (("news.replay.source", b"news.dlq.classify.v1/0/3"), ("news.replay.attempts", b"3"))
    raw = replace(RECORD, headers=came)
    assert planned(letter(LATER, stage="classify"), raw=raw) == ([], {"attempts": 1})


@pytest.mark.parametrize("raw", [None, replace(RECORD, value=b"another")])
def test_without_its_raw_record_it_stays(raw: Record | None) -> None:
    assert planned(letter(LATER, stage="classify"), raw=raw) == ([], {"raw_gone": 1})


def test_it_stays_when_it_cannot_be_read() -> None:
    assert planned(letter(replace(LATER, value=b"{}"), stage="publish"), raw=RECORD) == ([], {"unreadable": 1})


@pytest.mark.parametrize(
    ("stage", "reason", "topic"),
    [
        ("dedupe", "unexpected", "news.articles.normalized.v1"),  # before its verdict
        ("classify", "invalid_schema", "news.articles.localized.v1"),  # never decoded: no void, the verdict stands
        ("classify", "unexpected", RAW),  # one service: the original is the raw record
    ],
)
def test_everything_else_goes_where_it_came_from(stage: str, reason: str, topic: str) -> None:
    (returned,), _ = planned(letter(replace(RECORD, topic=topic), stage=stage, reason=reason))
    assert returned.record.topic == topic


class FakeProducer:
    """Takes records, and fails at one of them."""

    _transaction_manager = None

    def __init__(self, fails_at: int | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.events: list[str] = []
        self._fails_at = fails_at

    def begin_transaction(self) -> None:
        self.events.append("begin")

    def commit_transaction(self) -> None:
        self.events.append("commit")

    def abort_transaction(self) -> None:
        self.events.append("abort")

    def flush(self) -> None:
        self.events.append("flush")

    def send(self, topic: str, value: bytes | None, **rest: Any) -> "FakeProducer":
        self.sent.append({"topic": topic, "value": value, **rest})
        return self

    def get(self, timeout: float) -> None:
        if self._fails_at is not None and len(self.sent) >= self._fails_at:
            raise KafkaTimeoutError


def run(producer: FakeProducer, letters: Sequence[DeadLetter], done: ReplayProgress, *, unit: int) -> None:
    params = ReplayParams(unit=UnitParams(max_records=unit))
    replay = DeadLetterReplay(CATALOGUE, lambda _: 12, lambda _: None, Ledger(), params)
    resender = Resender(producer, transactional=True)
    replay.run(resender, replay.plan(letters, done), done, RateLimiter(None), 1_772_602_300_000)


def test_every_unit_is_a_transaction_with_its_receipts() -> None:
    producer = FakeProducer()
    places = [Place("news.dlq.ingest.v1", 0, offset) for offset in range(3)]
    done = ReplayProgress(sent=Counter(), refused=Counter())
    run(producer, [letter(place=place) for place in places], done, unit=2)
    assert producer.events == ["begin", "flush", "flush", "commit"] * 2
    assert [record["topic"] for record in producer.sent] == [RAW] * 2 + ["news.replays.v1"] * 2 + [
        RAW,
        "news.replays.v1",
    ]
    assert done.sent == {RAW: 3}
    assert done.last == places[-1]
    receipt = msgspec.json.decode(producer.sent[-1]["value"], type=Receipt)
    assert (receipt.dead_letter, receipt.target, receipt.attempt) == ("news.dlq.ingest.v1/0/2", RAW, 1)


def test_a_unit_that_fails_is_undone_and_not_counted() -> None:
    producer = FakeProducer(fails_at=4)
    done = ReplayProgress(sent=Counter(), refused=Counter())
    with pytest.raises(TransientError, match="KafkaTimeoutError"):
        run(producer, [death(7), death(8)], done, unit=1)
    assert producer.events == ["begin", "flush", "flush", "commit", "begin", "flush", "flush", "abort"]
    assert done.sent == {RAW: 1}


def test_a_rate_is_kept() -> None:
    slept: list[float] = []
    limiter = RateLimiter(10, clock=lambda: sum(slept), sleep=slept.append)
    for _ in range(5):
        limiter.wait(4)
    assert sum(slept) == pytest.approx(2.0)
    copy = ResentRecord(RAW, 0, None, b"", ())
    assert UnitParams().full([copy] * 10, limiter)
    assert not UnitParams().full([copy] * 9, limiter)
    assert not UnitParams().full([copy] * 199, RateLimiter(None))
    assert UnitParams(max_bytes=100).full([replace(copy, value=bytes(100))], RateLimiter(None))
