from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.article import Article, DuplicateArticle, Event, Provenance, Quality
from pipeline.domain.events import dedup_block
from pipeline.domain.ids import ArticleId, ClusterId, EventId
from pipeline.domain.outcome import REJECT_REASONS, Drop, DropReason, Emit, Outcome, Reject, RejectReason
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.stage import STAGES, StageName
from pipeline.domain.verdict import Verdict, VerdictKind
from pipeline.errors import FatalError, TransientError
from pipeline.stages.chain import Chain, Segment


class FakeStage:
    def __init__(self, name: StageName, decide: Callable[[Any], Outcome[Any]] = Emit) -> None:
        self.name: StageName = name
        self.decide = decide
        self.calls = 0

    def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
        self.calls += 1
        return [self.decide(item) for item in batch]


class FakeDedupe:
    name: StageName = "dedupe"

    def __init__(self, poison: Sequence[str] = ()) -> None:
        self.poison = poison

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        return [article.signature for article in batch]

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        outcomes: list[Outcome[Article]] = []
        for article, verdict in zip(batch, verdicts, strict=True):
            if article.id in self.poison:
                raise ValueError("secret words of the article")
            outcomes.append(Emit(article) if verdict.passes else Drop(held(verdict.kind), event(article, verdict)))
        return outcomes


def held(kind: VerdictKind) -> DropReason:
    assert kind in {"exact", "near", "repeat", "stale", "unknown_article"}
    return kind


def article(name: str) -> Article:
    origin = Origin("", 0, 0)
    return Article(
        id=ArticleId(name),
        ingested_at="2026-11-23T00:00:00.000Z",
        quality=Quality(score=1.0),
        provenance=Provenance(topic="t", partition=0, offset=0, content_sha256=""),
        signature=Signature(version=1, article_id=ArticleId(name), origin=origin, ingested_at_ms=0, observed_at_ms=0),
    )


def verdict(name: str, kind: VerdictKind) -> Verdict:
    return Verdict(
        origin=Origin("", 0, 0),
        article_id=ArticleId(name),
        kind=kind,
        revision=1,
        cluster_id=ClusterId("c"),
        canonical_id=ArticleId("a"),
        canonical_at_ms=0,
        method="new",
        window_secs=1,
    )


def event(held_back: Article, reason: Verdict) -> Event:
    value = DuplicateArticle(
        id=held_back.id,
        ingested_at=held_back.ingested_at,
        revision=1,
        dedup=dedup_block(reason),
        quality=held_back.quality,
        provenance=held_back.provenance,
    )
    return Event(
        id=EventId("e"),
        type="news.article.duplicate.v1",
        article_id=held_back.id,
        time=held_back.ingested_at,
        revision=1,
        observed_at=held_back.ingested_at,
        value=value,
    )


def test_values_pass_from_stage_to_stage_in_order() -> None:
    segment = Segment(
        [FakeStage("detect-language", lambda n: Emit(n + 1)), FakeStage("classify", lambda n: Emit(n * 2))]
    )
    assert [r.outcome for r in segment.process([1, 2, 3])] == [Emit(4), Emit(6), Emit(8)]


def test_only_what_is_emitted_reaches_the_next_stage() -> None:
    seen: list[int] = []

    def refuse_even(number: int) -> Outcome[int]:
        return Reject("invalid_url", "even") if number % 2 == 0 else Emit(number)

    def look(number: int) -> Outcome[int]:
        seen.append(number)
        return Emit(number)

    results = Segment([FakeStage("ingest", refuse_even), FakeStage("dedupe", look)]).process([1, 2, 3, 4])
    assert seen == [1, 3]
    assert [(r.stage, type(r.outcome)) for r in results] == [
        ("dedupe", Emit),
        ("ingest", Reject),
        ("dedupe", Emit),
        ("ingest", Reject),
    ]


def test_a_stage_is_not_called_with_nothing() -> None:
    last = FakeStage("classify")
    first = FakeStage("detect-language", lambda _: Reject("unexpected", "x"))
    Segment([first, last]).process([1])
    Segment([first, last]).process([])
    assert (first.calls, last.calls) == (1, 0)


@pytest.mark.parametrize("poison", [0, 3, 128, 255])
def test_one_poison_article_costs_one_dead_letter(poison: int) -> None:
    def choke(number: int) -> Outcome[int]:
        if number == poison:
            raise ValueError(f"the article says {number}")
        return Emit(number)

    stage = FakeStage("classify", choke)
    results = Segment([stage]).process(list(range(256)))
    assert [r.outcome.value for r in results if isinstance(r.outcome, Emit)] == [n for n in range(256) if n != poison]
    rejected = results[poison].outcome
    assert isinstance(rejected, Reject)
    assert rejected.reason == "unexpected"
    assert rejected.detail.startswith("ValueError in classify at test_chain.py:")
    assert "says" not in rejected.detail
    assert stage.calls <= 2 * 8 + 1


def test_only_the_raising_stage_is_bisected() -> None:
    first = FakeStage("detect-language")

    def choke(number: int) -> Outcome[int]:
        if number == 5:
            raise KeyError(number)
        return Emit(number)

    Segment([first, FakeStage("classify", choke)]).process(list(range(8)))
    assert first.calls == 1


@pytest.mark.parametrize("error", [TransientError, FatalError, MemoryError, KeyboardInterrupt])
def test_errors_that_are_not_the_articles_go_through(error: type[BaseException]) -> None:
    def fail(_: object) -> Outcome[object]:
        raise error

    with pytest.raises(error):
        Segment([FakeStage("classify", fail)]).process([1, 2])


def test_a_wrong_number_of_outcomes_is_a_bug() -> None:
    class Forgetful(FakeStage):
        def process(self, batch: Sequence[Any]) -> list[Outcome[Any]]:
            return [Emit(item) for item in batch[1:]]

    with pytest.raises(RuntimeError, match="classify returned 1 outcomes for 2 records"):
        Segment([Forgetful("classify")]).process([1, 2])


def test_a_long_exception_name_is_cut() -> None:
    huge = type("E" * 500, (Exception,), {})

    def fail(_: object) -> Outcome[object]:
        raise huge

    outcome = Segment([FakeStage("classify", fail)]).process([1])[0].outcome
    assert isinstance(outcome, Reject)
    assert len(outcome.detail) == 200


@pytest.mark.parametrize(
    ("names", "before", "judges", "after"),
    [
        (STAGES, ("ingest",), True, ("detect-language", "classify", "publish")),
        (("dedupe",), None, True, None),
        (("ingest", "dedupe"), ("ingest",), True, None),
        (("dedupe", "detect-language"), None, True, ("detect-language",)),
        (("classify", "publish"), ("classify", "publish"), False, None),
    ],
)
def test_a_chain_is_split_at_dedupe(
    names: tuple[StageName, ...],
    before: tuple[StageName, ...] | None,
    judges: bool,
    after: tuple[StageName, ...] | None,
) -> None:
    chain = Chain([FakeDedupe() if name == "dedupe" else FakeStage(name) for name in names])
    assert chain.names == names
    assert (chain.before.names if chain.before else None) == before
    assert (chain.judging is not None) == judges
    assert (chain.after.names if chain.after else None) == after


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ((), "at least one"),
        (("ingest", "classify"), "not consecutive"),
        (("classify", "detect-language"), "not consecutive"),
        (("ingest", "ingest"), "not consecutive"),
        (("translate",), "no stage of the chain: translate"),
        (("publish", "cluster"), "no stage of the chain: cluster"),
    ],
)
def test_other_runs_are_refused(names: tuple[Any, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Chain([FakeStage(name) for name in names])


def test_what_passes_dedupe_goes_on_and_the_rest_is_dropped() -> None:
    chain = Chain([FakeDedupe(), FakeStage("detect-language"), FakeStage("classify")])
    kinds: list[VerdictKind] = ["unique", "exact", "revision", "stale"]
    names = ["a", "b", "c", "d"]
    results = chain.judge(
        [article(name) for name in names], [verdict(name, kind) for name, kind in zip(names, kinds, strict=True)]
    )
    assert [(r.stage, type(r.outcome)) for r in results] == [
        ("classify", Emit),
        ("dedupe", Drop),
        ("classify", Emit),
        ("dedupe", Drop),
    ]


def test_judging_is_bisected_too() -> None:
    chain = Chain([FakeDedupe(poison=["b"])])
    names = ["a", "b", "c"]
    results = chain.judge([article(name) for name in names], [verdict(name, "unique") for name in names])
    assert [type(r.outcome) for r in results] == [Emit, Reject, Emit]
    outcome = results[1].outcome
    assert isinstance(outcome, Reject)
    assert "secret" not in outcome.detail


def test_judging_needs_dedupe() -> None:
    with pytest.raises(ValueError, match="no dedupe"):
        Chain([FakeStage("ingest")]).judge([], [])


def test_counts_of_a_small_run() -> None:
    chain = Chain([FakeStage("ingest"), FakeDedupe(), FakeStage("detect-language")])
    names = ["a", "b"]
    results = chain.judge([article(n) for n in names], [verdict("a", "unique"), verdict("b", "near")])
    assert chain.before is not None
    rejected = Segment([FakeStage("ingest", lambda _: Reject("empty_value", ""))]).process([None])
    counts = chain.stage_counts([*results, *rejected])
    assert (counts["ingest"].consumed, counts["ingest"].emitted) == (3, 2)
    assert counts["ingest"].rejected == {"empty_value": 1}
    assert (counts["dedupe"].consumed, counts["dedupe"].emitted, counts["dedupe"].dropped) == (2, 1, {"near": 1})
    assert (counts["detect-language"].consumed, counts["detect-language"].emitted) == (1, 1)


@given(
    fates=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["emit", "raise", *REJECT_REASONS]))),
    start=st.integers(0, 4),
    length=st.integers(1, 5),
)
def test_counts_add_up_whatever_happens(fates: list[tuple[int, str]], start: int, length: int) -> None:
    names = STAGES[start : start + length]

    def at(place: int) -> Callable[[tuple[int, Any]], Outcome[Any]]:
        def decide(fate: tuple[int, Any]) -> Outcome[Any]:
            where, what = fate
            if where != place or what == "emit":
                return Emit(fate)
            if what == "raise":
                raise ArithmeticError
            reason: RejectReason = what
            return Reject(reason, "")

        return decide

    stages = [FakeStage(name, at(STAGES.index(name))) for name in names]
    results = Segment(stages).process(fates)
    chain = Chain([FakeDedupe() if name == "dedupe" else FakeStage(name) for name in names])
    counts = chain.stage_counts(results)
    assert len(results) == len(fates)
    reaching = len(fates)
    for name in names:
        stage = counts[name]
        assert stage.consumed == reaching
        assert stage.consumed == stage.emitted + sum(stage.dropped.values()) + sum(stage.rejected.values())
        reaching = stage.emitted
    assert counts[names[-1]].emitted == sum(isinstance(r.outcome, Emit) for r in results)
