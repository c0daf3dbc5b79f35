"""One service's work on a batch: what leaves it, where to, and that the counts add up."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from pipeline.dedup.fold import Fold
from pipeline.domain.article import Event, Versions
from pipeline.domain.outcome import Emit, Outcome, Reject
from pipeline.domain.record import Cut, Record
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError, FatalError, TransientError
from pipeline.runtime.article_service import ArticleService, Batch, PreparedUnit
from pipeline.runtime.output_assembly import Output, OutputAssembly
from pipeline.runtime.stage_timing import StageTimer
from pipeline.stages.chain import Chain
from pipeline.stages.dedupe import DedupeStage
from pipeline.stages.ingest import IngestStage
from pipeline.stages.publish import PublishStage
from pipeline.wire.catalogue import load_catalogue
from pipeline.wire.codec import decode_article, decode_verdict_record
from pipeline.wire.dead_letters import Reporter
from pipeline.wire.output import OutputRecord, Oversize
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key

VERSIONS = Versions(pipeline="test")
CATALOGUE = load_catalogue().sized(article_partitions=4)
TEXT = "The ferry to the outer islands sails again since Monday, after engineers had changed its second engine. " * 4


class Passing:
    """A stage that lets everything pass, or rejects or raises for chosen articles."""

    def __init__(self, name: StageName, *, reject: str = "", fail: str = "") -> None:
        self._name, self._reject, self._fail = name, reject, fail

    @property
    def name(self) -> StageName:
        return self._name

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        if any(article.headline == self._fail for article in batch):
            raise RuntimeError("a bug")
        return [
            Reject("unexpected", "told to") if article.headline == self._reject else Emit(article) for article in batch
        ]


def _service(*stages: Any, assembly: OutputAssembly | None = None) -> ArticleService:
    chain = Chain(list(stages))
    return ArticleService(chain, assembly or _assembly(*chain.names))


def _assembly(*stages: StageName) -> OutputAssembly:
    return OutputAssembly(CATALOGUE, Reporter(app="test", version="1", group="g"), stages, lambda: 1_800_000_000.0)


def _all(classify: Passing | None = None) -> ArticleService:
    middle = classify or Passing("classify")
    return _service(IngestStage(), DedupeStage(VERSIONS), Passing("detect-language"), middle, PublishStage(VERSIONS))


def _raw(number: int, title: str = "The ferry sails", *, partition: int | None = None, text: str = TEXT) -> Record:
    value = orjson.dumps({"url": f"https://news.example/{number}", "title": title, "text": f"{text} Number {number}."})
    key = (raw_key(value, ()) or "").encode()
    where = partitions([key], 4)[0] if partition is None else partition
    return Record("news.articles.raw.v1", where, number, 1_790_000_000_000, key, value)


def _story(number: int) -> str:
    return " ".join(f"word{number}{place}" for place in range(80)) + "."


def _verdicts(work: PreparedUnit, fold: Fold) -> list[Verdict]:
    found = [fold.apply(signature, 1_790_000_000_000) for signature in work.signatures]
    return [verdict for verdict in found if verdict is not None]


def _run(service: ArticleService, records: list[Record], fold: Fold | None = None) -> Output:
    work = service.prepare(records)
    return service.finish(work, _verdicts(work, Fold() if fold is None else fold) if service.needs_verdicts else [])


def _topics(output: Output) -> dict[str, int]:
    topics: Counter[str] = Counter()
    for (_, topic), number in output.produced.items():
        topics[topic] += number
    return dict(topics)


def test_an_article_leaves_as_an_event_with_its_verdict_on_its_own_partition() -> None:
    record = _raw(1)
    output = _run(_all(), [record])
    assert _topics(output) == {
        "news.articles.enriched.v1": 1,
        "news.articles.current.v1": 1,
        "news.verdicts.v1": 1,
    }
    by_topic = {written.topic: (written, place) for written, place in output.records}
    (event, partition), (state, same) = (by_topic[f"news.articles.{name}.v1"] for name in ("enriched", "current"))
    verdict, log = by_topic["news.verdicts.v1"]
    assert (event.key, partition) == (record.key, record.partition)
    assert (state.key, state.value, same) == (event.key, event.value, partition)
    assert (verdict.topic, log) == ("news.verdicts.v1", 0)
    assert output.misrouted == 0


def test_every_stage_counts_what_it_did_and_it_adds_up() -> None:
    bad = Record("news.articles.raw.v1", 0, 9, 1_790_000_000_000, None, b"{")
    copy = _raw(1, text=TEXT)
    again = Record(copy.topic, copy.partition, 77, copy.timestamp_ms, copy.key, copy.value)
    output = _run(_all(), [_raw(1), bad, again])
    for counts in output.counts.values():
        assert counts.consumed == counts.emitted + sum(counts.dropped.values()) + sum(counts.rejected.values())
    assert output.counts["ingest"].rejected == {"invalid_json": 1}
    assert output.counts["publish"].dropped == {"repeat": 1}
    assert output.counts["publish"].emitted == 1
    assert output.dead_letters == {("ingest", "invalid_json"): 1}
    assert _topics(output) == {
        "news.articles.enriched.v1": 1,
        "news.articles.current.v1": 1,
        "news.articles.duplicates.v1": 1,
        "news.dlq.ingest.v1": 1,
        "news.verdicts.v1": 2,
    }


def test_a_dead_letter_has_the_original_bytes() -> None:
    bad = Record("news.articles.raw.v1", 3, 9, 1_790_000_000_000, None, b"{\xff", (("a", b"1"), ("b", None)))
    output = _run(_all(), [bad])
    ((letter, partition),) = output.records
    assert (letter.key, letter.value) == (None, b"{\xff")
    assert letter.headers[:2] == (("a", b"1"), ("b", None))
    assert partition == 3 % CATALOGUE.partitions(CATALOGUE.topic("news.dlq.ingest.v1"))


def test_a_record_on_the_wrong_partition_is_sent_to_the_right_one_and_counted() -> None:
    right = _raw(1).partition
    output = _run(_all(), [_raw(1, partition=(right + 1) % 4)])
    assert output.records[0][1] == right
    assert output.misrouted == 1


def test_an_article_that_dies_after_its_verdict_leaves_a_void() -> None:
    service = _all(Passing("classify", reject="Doomed"))
    output = _run(
        service, [_raw(1, "Doomed"), _raw(2, text="Another story altogether, told at some length by others. " * 6)]
    )
    ((void, partition),) = [(r, p) for r, p in output.records if r.topic == "news.signatures.v1"]
    assert partition == 0
    assert orjson.loads(void.value or b"")["type"] == "void"
    assert orjson.loads(void.value or b"")["origin"][2] == 1
    written = [orjson.loads(r.value or b"") for r, _ in output.records if r.topic == "news.verdicts.v1"]
    assert [record["type"] for record in written] == ["verdict", "verdict", "void"]
    assert written[2]["verdict"] == written[0]["verdict"]
    assert written[0]["publisher"] == "news.example"
    assert output.counts["classify"].rejected == {"unexpected": 1}
    assert output.counts["publish"].emitted == 1


def test_an_article_that_dies_in_a_later_service_leaves_the_same_void() -> None:
    first = _service(IngestStage(), DedupeStage(VERSIONS))
    output = _run(first, [_raw(1, "Doomed")])
    (passed,) = [r for r, _ in output.records if r.topic == "news.articles.judged.v1"]
    later = _service(Passing("detect-language", reject="Doomed"))
    dead = _run(later, [Record(passed.topic, 0, 7, passed.timestamp_ms, passed.key, passed.value)])
    (recorded,) = [orjson.loads(r.value or b"") for r, _ in output.records if r.topic == "news.verdicts.v1"]
    (void,) = [orjson.loads(r.value or b"") for r, _ in dead.records if r.topic == "news.verdicts.v1"]
    assert (void["type"], void["verdict"]) == ("void", recorded["verdict"])
    assert "news.signatures.v1" in {r.topic for r, _ in dead.records}


def test_an_article_that_dedupe_itself_cannot_write_leaves_a_void(monkeypatch: pytest.MonkeyPatch) -> None:
    service = _service(IngestStage(), DedupeStage(VERSIONS))
    monkeypatch.setattr(service._assembly._encoder, "emit", lambda *_: Oversize("news.articles.judged.v1", 9, 8))
    output = _run(service, [_raw(1)])
    assert output.counts["dedupe"].rejected == {"too_large": 1}
    assert _topics(output) == {"news.dlq.dedupe.v1": 1, "news.signatures.v1": 1, "news.verdicts.v1": 2}
    ((void, _),) = [(record, place) for record, place in output.records if record.topic == "news.signatures.v1"]
    assert orjson.loads(void.value or b"")["type"] == "void"


def test_one_poison_article_costs_one_dead_letter() -> None:
    service = _all(Passing("classify", fail="Poison"))
    texts = [
        f"Story number {n} is about something that no other one is about, {'x' * n} and more. " * 5 for n in range(7)
    ]
    records = [_raw(n, "Poison" if n == 3 else "Fine", text=texts[n]) for n in range(7)]
    output = _run(service, records)
    assert output.counts["classify"].rejected == {"unexpected": 1}
    assert output.counts["publish"].emitted == 6
    ((letter, _),) = [(r, p) for r, p in output.records if r.topic == "news.dlq.classify.v1"]
    assert letter.value == records[3].value


def _failing_encoder(service: ArticleService, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service's encoder raise for the article with the headline "Poison"."""
    emit = service._assembly._encoder.emit

    def emitting(stage: StageName, value: Any) -> OutputRecord | Oversize:
        article = value.value if isinstance(value, Event) else value
        if article.headline == "Poison":
            raise error
        return emit(stage, value)

    monkeypatch.setattr(service._assembly._encoder, "emit", emitting)


@pytest.mark.parametrize("error", [ContractError("secret"), ValueError("secret"), RecursionError("secret")])
def test_an_article_that_cannot_be_written_costs_one_dead_letter(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = _all()
    _failing_encoder(service, error, monkeypatch)
    records = [_raw(n, "Poison" if n == 1 else "Fine", text=_story(n)) for n in range(3)]
    output = _run(service, records)
    assert output.counts["publish"].rejected == {"unexpected": 1}
    assert output.counts["publish"].emitted == 2
    assert output.dead_letters == {("publish", "unexpected"): 1}
    ((letter, _),) = [(r, p) for r, p in output.records if r.topic == "news.dlq.publish.v1"]
    assert letter.value == records[1].value
    assert b"secret" not in repr(letter.headers).encode()
    assert output.produced["publish", "news.signatures.v1"] == 1, "its copies are not held back for it"


@pytest.mark.parametrize("error", [TransientError("x"), FatalError("x"), MemoryError()])
def test_what_is_no_articles_fault_fails_the_unit(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _all()
    _failing_encoder(service, error, monkeypatch)
    with pytest.raises(type(error)):
        _run(service, [_raw(1, "Poison")])


def test_a_time_that_is_none_costs_a_sample_and_no_article() -> None:
    output = _run(_service(IngestStage()), [_raw(1)])
    article = orjson.loads(output.records[0][0].value or b"")
    article["published_at"] = {"value": "yesterday", "precision": "second", "source": "raw", "plausible": True}
    record = Record("news.articles.localized.v1", 0, 1, 0, b"k", orjson.dumps(article))
    output = _run(_service(Passing("classify")), [record])
    assert output.counts["classify"].emitted == 1
    assert output.samples.published_ms == []


def test_a_later_service_reads_what_an_earlier_one_wrote() -> None:
    first = _service(IngestStage(), DedupeStage(VERSIONS))
    output = _run(first, [_raw(1)])
    (between, partition), _ = output.records
    assert between.topic == "news.articles.judged.v1"
    article = decode_article(between.value or b"")
    assert article.verdict is not None
    second = _service(Passing("detect-language"), Passing("classify"), PublishStage(VERSIONS))
    record = Record(between.topic, partition, 5, between.timestamp_ms, between.key, between.value, between.headers)
    together = _run(_all(), [_raw(1)])
    assert _run(second, [record]).records[0][0] == together.records[0][0]


def test_what_is_no_article_between_services_is_a_dead_letter_of_the_reading_stage() -> None:
    service = _service(Passing("classify"))
    output = _run(service, [Record("news.articles.localized.v1", 0, 1, 0, b"k", b"{}")])
    assert output.counts["classify"].rejected == {"invalid_schema": 1}
    assert _topics(output) == {"news.dlq.classify.v1": 1}


def test_equal_input_and_log_give_equal_bytes() -> None:
    records = [
        _raw(n, f"Story {n}", text=f"Text of story {n}, which differs from the others in every word {n}. " * 8)
        for n in range(5)
    ]
    fold = Fold()
    first = _run(_all(), records, fold)
    again = _run(_all(), records, fold)  # the same origins: replays
    assert first.records == again.records
    one_by_one = [record for source in records for record in _run(_all(), [source], fold).records]
    assert sorted(map(repr, one_by_one)) == sorted(map(repr, first.records))


def test_a_result_that_is_missing_is_never_passed_over() -> None:
    service = _service(Passing("classify"))
    with pytest.raises(FatalError, match="no result"):
        service._finish(Batch([_raw(1)], [None]), (), Output())


def test_a_unit_of_several_batches_is_worked_off_like_its_records_one_by_one() -> None:
    texts = {number: _story(number) for number in range(150)}
    records = [_raw(number, text=texts[number % 140]) for number in range(150)]
    records[70] = Record("news.articles.raw.v1", 0, 70, 1_790_000_000_000, None, b"{")
    together = _run(_all(), records)
    fold = Fold()
    alone = [_run(_all(), [record], fold) for record in records]
    assert sorted(map(repr, together.records)) == sorted(repr(item) for output in alone for item in output.records)
    assert together.counts["ingest"].consumed == 150
    for name, counts in together.counts.items():
        assert counts.emitted == sum(output.counts[name].emitted for output in alone)
        assert sum(counts.dropped.values()) == sum(sum(output.counts[name].dropped.values()) for output in alone)
    assert together.dead_letters == {("ingest", "invalid_json"): 1}
    assert together.verdicts == [verdict for output in alone for verdict in output.verdicts]


def test_a_service_without_dedupe_ends_its_work_before_the_next_batch() -> None:
    service = _service(IngestStage())
    work = service.prepare([_raw(number, text=_story(number)) for number in range(150)])
    assert (work.batches, work.signatures) == ([], [])
    assert _topics(service.finish(work, [])) == {"news.articles.normalized.v1": 150}


class Raising(Passing):
    """A stage that raises a given exception."""

    def __init__(self, name: StageName, error: Exception) -> None:
        super().__init__(name)
        self._error = error

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        raise self._error


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (KeyError("secret"), b"KeyError"),
        (ContractError("secret"), b"ContractError"),
        (orjson.JSONDecodeError("secret", "", 0), b"orjson.JSONDecodeError"),
    ],
)
def test_a_dead_letter_names_the_class_of_the_exception_that_a_stage_raised(error: Exception, name: bytes) -> None:
    service = _service(
        IngestStage(), DedupeStage(VERSIONS), Passing("detect-language"), Raising("classify", error), Passing("publish")
    )
    output = _run(service, [_raw(1)])
    ((letter, _),) = [(record, place) for record, place in output.records if record.topic == "news.dlq.classify.v1"]
    assert dict(letter.headers)["__connect.errors.exception.class.name"] == name
    assert b"secret" not in repr(letter.headers).encode()


def test_an_encoder_that_raises_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    service = _all()
    _failing_encoder(service, ValueError("secret"), monkeypatch)
    output = _run(service, [_raw(1, "Poison")])
    ((letter, _),) = [(record, place) for record, place in output.records if record.topic == "news.dlq.publish.v1"]
    assert dict(letter.headers)["__connect.errors.exception.class.name"] == b"ValueError"


def test_each_stage_counts_the_records_that_it_produced() -> None:
    bad = Record("news.articles.raw.v1", 0, 9, 1_790_000_000_000, None, b"{")
    copy = _raw(1)
    again = Record(copy.topic, copy.partition, 77, copy.timestamp_ms, copy.key, copy.value)
    output = _run(_all(), [_raw(1), again, bad])
    assert dict(output.produced) == {
        ("publish", "news.articles.enriched.v1"): 1,
        ("publish", "news.articles.current.v1"): 1,
        ("publish", "news.articles.duplicates.v1"): 1,
        ("dedupe", "news.verdicts.v1"): 2,
        ("ingest", "news.dlq.ingest.v1"): 1,
    }


class Clock:
    """A clock that stages move on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(Passing):
    """A stage that takes a second per article, and two in its first call if it fails there."""

    def __init__(self, name: StageName, clock: Clock, *, failures: int = 0) -> None:
        super().__init__(name)
        self._clock = clock
        self._failures = failures

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        self._clock.now += len(batch)
        if self._failures:
            self._failures -= 1
            raise TransientError("not yet")
        return super().process(batch)


def test_the_time_of_a_stage_belongs_to_the_unit_it_worked_on() -> None:
    clock = Clock()
    timer = StageTimer(clock)
    chain = Chain(
        [timer.wrap(IngestStage()), timer.wrap(DedupeStage(VERSIONS)), timer.wrap(Slow("detect-language", clock))]
    )
    service = ArticleService(chain, _assembly(*chain.names), timer)
    fold = Fold()
    first = service.prepare([_raw(1, text=_story(1))])
    second = service.prepare([_raw(2, text=_story(2)), _raw(3, text=_story(3))])
    verdicts = [_verdicts(first, fold), _verdicts(second, fold)]
    assert service.finish(second, verdicts[1]).times["detect-language"].busy_secs == 2
    assert service.finish(first, verdicts[0]).times["detect-language"].busy_secs == 1


def test_the_time_of_an_attempt_that_failed_does_not_count() -> None:
    clock = Clock()
    timer = StageTimer(clock)
    chain = Chain([timer.wrap(Slow("classify", clock, failures=1))])
    service = ArticleService(chain, _assembly(*chain.names), timer)
    with pytest.raises(TransientError):
        service.prepare(_between())
    times = service.finish(service.prepare(_between()), []).times
    assert {name: spent.busy_secs for name, spent in times.items()} == {"classify": 1}


def _between() -> list[Record]:
    """Return an article on its way between two services."""
    (record, _), _ = _run(_service(IngestStage(), DedupeStage(VERSIONS)), [_raw(1)]).records
    return [Record("news.articles.localized.v1", 0, 1, 0, record.key, record.value)]


def test_work_can_be_finished_twice_with_the_same_result() -> None:
    service = _all()
    prepared = service.prepare([_raw(1)])
    verdicts = _verdicts(prepared, Fold())
    first, again = service.finish(prepared, verdicts), service.finish(prepared, verdicts)
    assert first.records == again.records
    assert first.counts == again.counts


KILLS = Reject("kills_worker", "workers died")


def test_a_record_that_is_rejected_unseen_is_a_dead_letter_of_the_first_stage() -> None:
    bad = Record("news.articles.raw.v1", 0, 9, 1_790_000_000_000, b"k", b"[" * 100)
    output = _all().reject([bad], KILLS)
    ((letter, _),) = output.records
    assert (letter.topic, letter.value) == ("news.dlq.ingest.v1", bad.value)
    assert output.dead_letters == {("ingest", "kills_worker"): 1}
    assert output.counts["ingest"].rejected == {"kills_worker": 1}
    assert output.counts["publish"].consumed == 0


@pytest.mark.parametrize("first", ["ingest", "dedupe"])
def test_what_is_rejected_unseen_after_its_verdict_does_not_hold_back_copies(first: str) -> None:
    fold = Fold()
    chain: list[Any] = [IngestStage(), DedupeStage(VERSIONS), Passing("detect-language"), Passing("classify")]
    record = _raw(1)
    if first == "dedupe":
        chain = chain[1:]
        (normalized, partition), *_ = _run(_service(IngestStage()), [record]).records
        record = Record(normalized.topic, partition, 70, 1_790_000_000_000, normalized.key, normalized.value)
    names = Chain(chain).names
    service = ArticleService(Chain(chain), _assembly(*names), newest_at=fold.newest_at)
    (verdict,) = _verdicts(service.prepare([record]), fold)  # the worker died after this
    output = service.reject([record], KILLS)
    voids = {r.topic: orjson.loads(r.value or b"") for r, _ in output.records if ".dlq." not in r.topic}
    assert voids["news.signatures.v1"]["article_id"] == verdict.article_id
    assert voids["news.signatures.v1"]["origin"] == ["", record.partition, 1]
    assert voids["news.verdicts.v1"]["type"] == "void"
    assert decode_verdict_record(orjson.dumps(voids["news.verdicts.v1"])) == output.decisions[0]
    assert service.reject([_raw(2)], KILLS).decisions == []


@pytest.mark.parametrize("topic", ["news.articles.raw.v1", "news.articles.normalized.v1"])
def test_a_record_that_was_cut_is_too_large_and_costs_its_neighbours_nothing(topic: str) -> None:
    service = _all() if "raw" in topic else _service(DedupeStage(VERSIONS), Passing("detect-language"))
    cut = Record(topic, 0, 9, 1_790_000_000_000, b"k", b"x", (), Cut(detail="a record of 9 GB", value_bytes=10**9))
    good = [_raw(1), _raw(2, text=_story(2))] if "raw" in topic else []
    output = _run(service, [*good[:1], cut, *good[1:]])
    assert [reject.detail for _, _, reject in output.rejected] == ["a record of 9 GB"]
    assert sum(output.dead_letters.values()) == 1
    assert len(output.verdicts) == len(good)
