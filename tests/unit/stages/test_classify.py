"""The classify stage."""

import pytest

from pipeline.domain.article import Article, Language, Provenance, Quality
from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import Emit
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.models.subjects import SubjectModel
from pipeline.stages.classify import ClassifyParams, ClassifyStage


@pytest.fixture(scope="module")
def stage() -> ClassifyStage:
    return ClassifyStage(SubjectModel.load())


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


def _english(**fields: object) -> Article:
    return _article(language=Language(tag="en", confidence=0.99, reliable=True, method="cld2"), **fields)


def test_every_article_is_emitted_in_order(stage: ClassifyStage) -> None:
    match = (
        "The striker scored twice and the goalkeeper saved a penalty as the team won the football championship match. "
        "The coach praised his players after the game and said the club would prepare for the next season. Many "
        "fans sang in the stadium while the captain lifted the cup, the first trophy of the team in twenty years."
    )
    batch = [
        _english(headline="Team wins final", body=match),
        _article(action="retract"),
        _english(headline="Ok"),
        _article(headline="Team wins final", body=match),
    ]
    outcomes = stage.process(batch)
    articles = [outcome.value for outcome in outcomes if isinstance(outcome, Emit)]
    assert [tuple(item.code for item in article.subjects) for article in articles] == [("medtop:15000000",), (), (), ()]
    assert [article.subjects_reason for article in articles] == [None, None, "too_short", "language_unsupported"]
    assert articles[1] is batch[1]


def test_an_uncertain_language_counts_as_unknown(stage: ClassifyStage) -> None:
    least = ClassifyParams().min_language_confidence
    match = (
        "The striker scored twice and the goalkeeper saved a penalty as the team won the football championship match."
    )
    batch = [
        _article(
            headline=match, body=match, language=Language(tag="en", confidence=sure, reliable=False, method="cld2")
        )
        for sure in (least, least - 0.01)
    ]
    reasons = [outcome.value.subjects_reason for outcome in stage.process(batch) if isinstance(outcome, Emit)]
    assert reasons[0] != "language_unsupported"
    assert reasons[1] == "language_unsupported"


def test_changes_nothing_else(stage: ClassifyStage) -> None:
    before = _english(
        headline="Parliament votes", body="The government lost a vote in parliament, the minister resigned."
    )
    (outcome,) = stage.process([before])
    assert isinstance(outcome, Emit)
    changed = {name for name in Article.__struct_fields__ if getattr(before, name) != getattr(outcome.value, name)}
    assert changed <= {"subjects", "subjects_reason"}


def test_empty_batch(stage: ClassifyStage) -> None:
    assert stage.process([]) == []
