"""What is kept of articles until they are counted."""

from typing import Any

from msgspec.structs import replace

from pipeline.domain.article import Article, Language, Provenance, PublishedAt, Quality, Versions
from pipeline.domain.events import duplicate_event
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.subject import Subject
from pipeline.domain.times import to_epoch_ms
from pipeline.domain.verdict import Verdict
from pipeline.observability.article_samples import ArticleSamples

ENGLISH = Language(tag="en", confidence=0.9, reliable=True, method="cld2")
SPORT = Subject(code="medtop:15000000", name="sport", confidence=0.8, reliable=True, method="fast", scheme_version="1")
WEATHER = Subject(
    code="medtop:17000000", name="weather", confidence=0.4, reliable=False, method="encoder", scheme_version="1"
)
NOON = "2026-11-20T12:00:00Z"

HELD_BACK = Verdict(
    origin=Origin("", 0, 0),
    article_id=ArticleId("a"),
    kind="near",
    revision=1,
    cluster_id=cluster_id(ArticleId("b")),
    canonical_id=ArticleId("b"),
    canonical_at_ms=0,
    method="minhash",
    window_secs=1,
)


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
    samples = _samples_of(_made(subjects=(SPORT, WEATHER)), _made(subjects_reason="no_text"), _made(subjects=(SPORT,)))
    assert samples.languages == {"en": 3}
    assert samples.subjects == {"medtop:15000000": 2}
    assert samples.abstentions == {"no_text": 1}


def test_held_back_articles_that_were_read_are_counted_and_others_are_not() -> None:
    samples = ArticleSamples()
    samples.add(
        [
            duplicate_event(_made(subjects=(SPORT,)), HELD_BACK, Versions(pipeline="1")),
            duplicate_event(_article(), replace(HELD_BACK, kind="repeat"), Versions(pipeline="1")),
        ]
    )
    assert (samples.languages, samples.subjects) == ({"en": 1}, {"medtop:15000000": 1})
    assert samples.abstentions == {}


def test_a_subject_below_the_top_level_is_not_counted() -> None:
    child = replace(SPORT, code="medtop:20000822", parent=SPORT.code, reliable=False)
    samples = _samples_of(*[_made(subjects=(SPORT, child))] * 8)
    assert samples.subjects == {"medtop:15000000": 8}
    assert samples.answers == {("fast", True): 8}
    assert samples.subject_confidences == [0.8]


def test_answers_are_counted_by_reader_and_by_whether_the_surest_subject_is_reliable() -> None:
    samples = _samples_of(
        _made(subjects=(SPORT, WEATHER)), _made(subjects=(WEATHER,)), _made(subjects=(WEATHER,)), _made()
    )
    assert samples.answers == {("fast", True): 1, ("encoder", False): 2}


def test_confidences_are_samples() -> None:
    samples = _samples_of(*[_made(subjects=(SPORT, WEATHER))] * 20)
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


def test_every_article_s_arrival_is_kept_whether_it_goes_on_or_is_held_back() -> None:
    samples = ArticleSamples()
    samples.add([_made(), duplicate_event(_made(), HELD_BACK, Versions(pipeline="1"))])
    assert samples.ingested_ms == [0, to_epoch_ms(NOON)]
