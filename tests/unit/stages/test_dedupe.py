"""The dedupe stage: signatures before the dedup log, outcomes by its verdicts."""

from typing import get_args

import pytest
from msgspec.structs import replace

from pipeline.dedup.fold import Fold
from pipeline.domain.article import Article, Provenance, Quality, Versions
from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import DROP_REASONS, Drop, Emit
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import PASSING, Verdict, VerdictKind
from pipeline.errors import FatalError
from pipeline.stages.dedupe import DedupeStage
from pipeline.stages.protocol import JudgingStage


def _article(name: str, offset: int, text: str) -> Article:
    signature = Signature(
        version=1,
        article_id=ArticleId(name),
        origin=Origin("", 0, offset),
        content_hash=text.encode().ljust(16),
        text_hash=text.encode().ljust(16),
        shingles=200,
        ingested_at_ms=offset,
        observed_at_ms=offset,
    )
    return Article(
        id=ArticleId(name),
        ingested_at="2026-01-01T00:00:00.000Z",
        body=text,
        quality=Quality(score=1.0),
        provenance=Provenance(topic="raw", partition=0, offset=offset, content_sha256="0"),
        signature=signature,
    )


def _verdicts(batch: list[Article]) -> list[Verdict]:
    fold = Fold()
    verdicts = [fold.apply(article.signature, 0) for article in batch]
    return [verdict for verdict in verdicts if verdict is not None]


def test_a_verdict_on_another_article_ends_the_process() -> None:
    batch = [_article("a", 0, "one"), _article("b", 1, "two")]
    with pytest.raises(FatalError, match="verdict on article b received for article a"):
        DedupeStage(Versions(pipeline="1")).judge(batch, _verdicts(batch)[::-1])


def test_emits_and_drops_by_verdict_in_order() -> None:
    stage: JudgingStage = DedupeStage(Versions(pipeline="1"), enrich_copies=False)
    batch = [_article("a", 0, "one"), _article("b", 1, "one"), _article("a", 2, "two")]
    assert stage.sign(batch) == [article.signature for article in batch]
    verdicts = _verdicts(batch)
    first, second, third = stage.judge(batch, verdicts)
    assert isinstance(first, Emit)
    assert first.value.verdict == verdicts[0]
    assert isinstance(second, Drop)
    assert (second.reason, second.event.type) == ("exact", "news.article.duplicate.v1")
    assert second.event.value.dedup.canonical_id == "a"
    assert isinstance(third, Emit)
    assert third.value.verdict is not None
    assert third.value.verdict.revision == 2


def test_everything_goes_on_with_its_verdict_when_copies_are_enriched() -> None:
    batch = [_article("a", 0, "one"), _article("b", 1, "one"), _article("a", 2, "one")]
    verdicts = _verdicts(batch)
    outcomes = DedupeStage(Versions(pipeline="1")).judge(batch, verdicts)
    assert [verdict.kind for verdict in verdicts] == ["unique", "exact", "repeat"]
    assert outcomes == [
        Emit(replace(article, verdict=verdict)) for article, verdict in zip(batch, verdicts, strict=True)
    ]


def test_each_repeat_of_an_article_has_its_own_event() -> None:
    stage = DedupeStage(Versions(pipeline="1"), enrich_copies=False)
    batch = [_article("a", offset, "one") for offset in range(3)]
    drops = [outcome for outcome in stage.judge(batch, _verdicts(batch)) if isinstance(outcome, Drop)]
    assert [drop.reason for drop in drops] == ["repeat", "repeat"]
    assert drops[0].event.id != drops[1].event.id


def test_settings_of_ingest_change_the_event_of_a_duplicate() -> None:
    def dropped(made: Versions) -> str:
        batch = [_article("a", 0, "one"), _article("b", 1, "one")]
        batch[1] = replace(batch[1], provenance=replace(batch[1].provenance, versions=made))
        _, drop = DedupeStage(Versions(pipeline="1"), enrich_copies=False).judge(batch, _verdicts(batch))
        assert isinstance(drop, Drop)
        assert drop.event.value.provenance.versions == made
        return drop.event.id

    assert dropped(Versions(pipeline="1")) != dropped(Versions(pipeline="1", boilerplate="abc"))


def test_needs_a_verdict_for_each_article() -> None:
    with pytest.raises(ValueError, match="zip"):
        DedupeStage(Versions(pipeline="1")).judge([_article("a", 0, "one")], [])


def test_every_kind_either_passes_or_is_a_reason_to_drop() -> None:
    assert set(get_args(VerdictKind)) == PASSING | set(DROP_REASONS["dedupe"])
    assert not PASSING & set(DROP_REASONS["dedupe"])
    assert DROP_REASONS["publish"] == DROP_REASONS["dedupe"]


def test_is_called_dedupe() -> None:
    assert DedupeStage(Versions(pipeline="1")).name == "dedupe"
