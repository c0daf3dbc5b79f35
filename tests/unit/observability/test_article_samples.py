"""What is kept of articles until they are counted."""

from typing import Any

from pipeline.domain.article import Article, Language, Provenance, PublishedAt, Quality, Subject
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.times import to_epoch_ms
from pipeline.observability.article_samples import ArticleSamples

ENGLISH = Language(tag="en", confidence=0.9, reliable=True, method="core")
SPORT = Subject(code="medtop:15000000", name="sport", confidence=0.8, scheme_version="1")
NOON = "2026-11-20T12:00:00Z"


def _samples_of(*articles: Article) -> ArticleSamples:
    samples = ArticleSamples()
    samples.add(articles)
    return samples


def _article(**fields: Any) -> Article:
    return Article(
        id=ArticleId("a"),
        ingested_at=NOON,
        quality=Quality(score=1.0),
        provenance=Provenance(topic="t", partition=0, offset=0, content_sha256="0"),
        signature=Signature(
            version=1, article_id=ArticleId("a"), origin=Origin("", 0, 0), ingested_at_ms=0, observed_at_ms=0
        ),
        **fields,
    )


def _made(**fields: Any) -> Article:
    return _article(language=ENGLISH, **fields)


def test_languages_and_subjects_are_counted_and_abstentions_too() -> None:
    samples = _samples_of(_made(subjects=(SPORT,)), _made(subjects_reason="too_short"), _made(subjects=(SPORT,)))
    assert samples.languages == {"en": 3}
    assert samples.subjects == {"medtop:15000000": 2}
    assert samples.abstentions == {"too_short": 1}


def test_confidences_are_samples() -> None:
    samples = _samples_of(*[_made(subjects=(SPORT,))] * 20)
    assert samples.language_confidences == [0.9] * 3
    assert samples.subject_confidences == [0.8] * 3


def test_an_article_whose_language_is_not_known_yet_is_not_judged() -> None:
    samples = _samples_of(_article())
    assert (samples.languages, samples.abstentions) == ({}, {})


def test_only_times_known_to_the_minute_and_plausible_are_kept() -> None:
    def published(**fields: Any) -> Article:
        return _made(published_at=PublishedAt(**{"value": NOON, "precision": "minute", "source": "meta", **fields}))

    assert _samples_of(published()).published_ms == [to_epoch_ms(NOON)]
    assert _samples_of(published(precision="day"), published(plausible=False), _made()).published_ms == []


def test_several_calls_add_up() -> None:
    samples = ArticleSamples()
    for _ in range(2):
        samples.add([_made(subjects=(SPORT,))])
    assert samples.languages == {"en": 2}
