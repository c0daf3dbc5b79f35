"""The detect-language stage."""

import pytest

from pipeline.domain.article import Article, Provenance, Quality
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict, VerdictKind
from pipeline.models.language import LanguageModel
from pipeline.stages.detect_language import DetectLanguageStage


@pytest.fixture(scope="module")
def stage() -> DetectLanguageStage:
    return DetectLanguageStage(LanguageModel.load())


def _verdict(kind: VerdictKind) -> Verdict:
    return Verdict(
        origin=Origin("", 0, 0),
        article_id=ArticleId("a"),
        kind=kind,
        revision=1,
        cluster_id=cluster_id(ArticleId("b")),
        canonical_id=ArticleId("b"),
        canonical_at_ms=0,
        method="minhash",
        window_secs=1,
    )


def _article(**fields: object) -> Article:
    signature = Signature(
        version=1, article_id=ArticleId("a"), origin=Origin("", 0, 0), ingested_at_ms=0, observed_at_ms=0
    )
    base = {
        "id": ArticleId("a"),
        "ingested_at": "2026-01-01T00:00:00.000Z",
        "quality": Quality(score=1.0),
        "provenance": Provenance(topic="t", partition=0, offset=0, content_sha256="0"),
        "signature": signature,
    }
    return Article(**(base | fields))  # type: ignore[arg-type]


def test_every_article_is_emitted_with_a_language_in_order(stage: DetectLanguageStage) -> None:
    batch = [
        _article(body="The minister said on Friday that the new law would be sent to parliament within a few weeks."),
        _article(action="retract"),
        _article(body="....."),
        _article(headline="Le ministre a déclaré vendredi que la nouvelle loi serait présentée au parlement"),
    ]
    outcomes = stage.process(batch)
    articles = [outcome.value for outcome in outcomes if isinstance(outcome, Emit)]
    assert [item.language.tag if item.language else None for item in articles] == ["en", None, "und", "fr"]
    assert articles[1] is batch[1]


@pytest.mark.parametrize(("kind", "is_read"), [("near", True), ("repeat", False), ("stale", False)])
def test_copies_are_read_and_repeats_are_not(stage: DetectLanguageStage, kind: VerdictKind, is_read: bool) -> None:
    copy = _article(
        body="Le ministre a déclaré vendredi que la loi serait présentée au parlement.", verdict=_verdict(kind)
    )
    (outcome,) = stage.process([copy])
    assert isinstance(outcome, Emit)
    assert (outcome.value.language is not None) == is_read


def test_changes_nothing_else(stage: DetectLanguageStage) -> None:
    before = _article(
        headline="Overskrift", body="Regjeringen la fredag fram et nytt forslag til statsbudsjett for neste år."
    )
    (outcome,) = stage.process([before])
    assert isinstance(outcome, Emit)
    assert {name for name in Article.__struct_fields__ if getattr(before, name) != getattr(outcome.value, name)} == {
        "language"
    }


def test_empty_batch(stage: DetectLanguageStage) -> None:
    assert stage.process([]) == []
