from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from pipeline.domain.article import (
    Article,
    Attribution,
    DuplicateArticle,
    EnrichedArticle,
    Event,
    Provenance,
    Publisher,
    Versions,
)
from pipeline.domain.changes import Change
from pipeline.domain.events import Published, processing_version
from pipeline.domain.genre import Genre
from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import DROP_REASONS, Drop, Emit
from pipeline.domain.place import Place
from pipeline.domain.subject import TextVector
from pipeline.domain.verdict import PASSING, Verdict, VerdictKind
from pipeline.errors import ContractError
from pipeline.stages.publish import PublishStage
from pipeline.wire.codec import decode_article, decode_duplicate, decode_enriched, encode

VERSIONS = Versions(pipeline="1.2.3", language="cld2-1", subjects="linear-1", taxonomy="2023-10-24")
EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples" / "valid" / "news.article.internal.v1"


@pytest.fixture
def article() -> Article:
    return decode_article((EXAMPLES / "classified.json").read_bytes())


def verdict_of(article: Article) -> Verdict:
    assert article.verdict is not None
    return article.verdict


def publish(article: Article, versions: Versions = VERSIONS, lane: str = "") -> tuple[Event, EnrichedArticle]:
    (outcome,) = PublishStage(versions, lane, validate=True).process([article])
    assert isinstance(outcome, Emit)
    assert isinstance(outcome.value.value, EnrichedArticle)
    return outcome.value, outcome.value.value


def test_a_new_article_is_added(article: Article) -> None:
    event, value = publish(article)
    assert (event.type, value.action, event.revision) == ("news.article.enriched.v1", "add", 1)
    assert value.supersedes is None
    assert (event.article_id, event.time) == (article.id, article.ingested_at)
    assert (event.language, event.subjects, event.publisher) == (
        "en",
        ("medtop:04000000",),
        "harbour-gazette.example",
    )
    assert event.traceparent == article.provenance.traceparent


@pytest.mark.parametrize(
    "field",
    # `action` means another thing in each of them, and provenance gets the versions.
    sorted({*Article.__struct_fields__} & {*EnrichedArticle.__struct_fields__} - {"action", "provenance"}),
)
def test_no_field_is_lost_on_the_way(article: Article, field: str) -> None:
    filled = replace(
        article,
        subheadline="Six boats a day",
        section="City",
        tags=("ferry",),
        images=("https://harbour-gazette.example/boat.jpg",),
        modified_at="2026-03-04T05:20:00.000Z",
        subjects_reason="below_floor",
        vector=TextVector(model="enc-1", dimensions=3, values=b"\x00\x7f\x80"),
        genre=Genre(code="genre:Opinion", name="opinion", evidence="label"),
        access="free",
        places=(Place(kind="country", name="Norway", country="NO", salience=0.5, mentions=2),),
        keywords=("ferry",),
        rights={"licence": "free"},
        extra={"feed_position": 3},
    )
    given = getattr(filled, field)
    assert given
    assert getattr(publish(filled)[1], field) == given


def test_the_header_names_reliable_subjects_only(article: Article) -> None:
    first = article.subjects[0]
    codes = {"medtop:04000000": True, "medtop:11000000": False, "medtop:16000000": True}
    subjects = tuple(replace(first, code=code, reliable=reliable) for code, reliable in codes.items())
    event, value = publish(replace(article, subjects=subjects))
    assert [subject.code for subject in value.subjects] == list(codes)
    assert event.subjects == ("medtop:04000000", "medtop:16000000")
    assert publish(replace(article, subjects=subjects[1:2]))[0].subjects == ()


@pytest.mark.parametrize("reliable", [True, False])
def test_a_reliable_subject_below_the_top_level_is_in_the_header(article: Article, reliable: bool) -> None:
    first = article.subjects[0]
    child = replace(first, code="medtop:20000344", parent=first.code, name="economy", reliable=reliable)
    event, value = publish(replace(article, subjects=(first, child)))
    assert value.subjects[1].parent == "medtop:04000000"
    assert event.subjects == ("medtop:04000000", "medtop:20000344")[: 1 + reliable]


def test_a_new_version_replaces_the_last_one(article: Article) -> None:
    verdict = replace(
        verdict_of(article), kind="revision", revision=4, supersedes=3, changed=(Change(part="body", added=1),)
    )
    event, value = publish(replace(article, verdict=verdict))
    assert (event.type, value.action, event.revision) == ("news.article.revised.v1", "replace", 4)
    assert (value.supersedes, value.changed, value.dedup.kind) == (3, (Change(part="body", added=1),), "revision")


def test_a_retraction_deletes_and_repeats_no_text(article: Article) -> None:
    verdict = replace(verdict_of(article), kind="retraction", revision=5, supersedes=4)
    event, value = publish(replace(article, verdict=verdict))
    assert (event.type, value.action) == ("news.article.retracted.v1", "delete")
    assert (value.supersedes, value.url, value.publisher) == (4, article.url, article.publisher)
    assert (value.headline, value.body, value.summary, value.subheadline) == ("", "", None, None)
    assert (event.language, event.subjects) == (None, ())
    written = encode(value)
    assert article.headline.encode() not in written
    assert article.body.encode() not in written


def test_the_verdict_explains_itself(article: Article) -> None:
    verdict = replace(
        verdict_of(article),
        kind="related",
        method="minhash",
        score=0.55,
        threshold=0.5,
        matched_id=ArticleId("b" * 32),
        related=(ArticleId("b" * 32),),
        flags=("reused_url",),
    )
    dedup = publish(replace(article, verdict=verdict))[1].dedup
    assert (dedup.kind, dedup.method, dedup.score, dedup.threshold) == ("related", "minhash", 0.55, 0.5)
    assert (dedup.matched_id, dedup.related, dedup.flags) == ("b" * 32, ("b" * 32,), ("reused_url",))
    assert (dedup.cluster_id, dedup.canonical_id, dedup.window_secs) == (
        verdict.cluster_id,
        verdict.canonical_id,
        verdict.window_secs,
    )


def test_a_credited_agency_makes_a_syndicated_text(article: Article) -> None:
    event = publish(replace(article, attribution=Attribution(evidence="(NTB)", agency="NTB")))[1]
    assert event.syndication is not None
    assert (event.syndication.is_syndicated, event.syndication.agency) == (True, "NTB")
    assert publish(article)[1].syndication is None


def test_provenance_names_what_made_the_event_without_the_trace(article: Article) -> None:
    provenance = publish(article)[1].provenance
    assert provenance.versions == VERSIONS
    assert provenance.traceparent is None
    assert provenance.content_sha256 == article.provenance.content_sha256


def test_a_repeated_article_gives_the_same_event(article: Article) -> None:
    first, second = publish(article)[0], publish(decode_article(encode(article)))[0]
    assert first == second
    assert encode(first.value) == encode(second.value)


def test_events_that_differ_have_different_ids(article: Article) -> None:
    verdict = verdict_of(article)
    ids = [
        publish(article)[0].id,
        publish(article, lane="back-2019")[0].id,
        publish(article, versions=replace(VERSIONS, subjects="linear-2"))[0].id,
        publish(replace(article, id=ArticleId("c" * 32)))[0].id,
        publish(replace(article, verdict=replace(verdict, revision=2)))[0].id,
        publish(replace(article, verdict=replace(verdict, kind="revision", supersedes=0)))[0].id,
    ]
    assert len(set(ids)) == len(ids)


def test_versions_do_not_run_into_each_other() -> None:
    one = Versions(pipeline="1", language="2")
    other = Versions(pipeline="1", subjects="2")
    assert processing_version(one) != processing_version(other)


def test_how_ingest_was_set_is_named_and_is_another_event(article: Article) -> None:
    plain, _ = publish(article)
    events = [plain]
    for made in (Versions(pipeline="1", extraction="fast"), Versions(pipeline="1", boilerplate="abc")):
        event, value = publish(replace(article, provenance=replace(article.provenance, versions=made)))
        assert value.provenance.versions == replace(VERSIONS, extraction=made.extraction, boilerplate=made.boilerplate)
        events.append(event)
    assert len({event.id for event in events}) == 3


def test_a_bare_article_is_enough(article: Article) -> None:
    bare = Article(
        id=article.id,
        ingested_at=article.ingested_at,
        quality=article.quality,
        provenance=Provenance(topic="file", partition=0, offset=0, content_sha256="0" * 64),
        signature=article.signature,
        verdict=article.verdict,
    )
    event, value = publish(bare)
    assert (event.language, event.subjects, event.publisher) == (None, (), None)
    assert decode_enriched(encode(value)) == value


def test_an_article_without_a_verdict_is_a_bug(article: Article) -> None:
    with pytest.raises(ContractError, match="without a verdict"):
        PublishStage(VERSIONS).process([replace(article, verdict=None)])


def test_a_value_that_does_not_fit_its_schema_is_a_bug(article: Article) -> None:
    wrong = replace(article, publisher=Publisher(id="x", country="Norway"))
    assert PublishStage(VERSIONS).process([wrong])
    with pytest.raises(ContractError, match=r"pattern at \$.publisher.country"):
        PublishStage(VERSIONS, validate=True).process([wrong])


def test_outcomes_come_in_the_order_of_articles(article: Article) -> None:
    batch = [replace(article, id=ArticleId(f"{n:032x}")) for n in range(5)]
    outcomes = PublishStage(VERSIONS).process(batch)
    assert [outcome.value.article_id for outcome in outcomes if isinstance(outcome, Emit)] == [a.id for a in batch]
    assert PublishStage(VERSIONS).process([]) == []


def filled(article: Article) -> Article:
    """Return an article in which every field that events have is set."""
    return replace(
        article,
        subheadline="Six boats a day",
        section="City",
        tags=("ferry",),
        images=("https://harbour-gazette.example/boat.jpg",),
        modified_at="2026-03-04T05:20:00.000Z",
        subjects_reason="below_floor",
        vector=TextVector(model="enc-1", dimensions=3, values=b"\x00\x7f\x80"),
        rights={"licence": "free"},
        extra={"feed_position": 3},
    )


def judged(article: Article, kind: VerdictKind, published: Published = "unique") -> Emit[Event] | Drop:
    """Return what becomes of an article with a verdict of a kind."""
    verdict = replace(verdict_of(article), kind=kind)
    (outcome,) = PublishStage(VERSIONS, published=published, validate=True).process([replace(article, verdict=verdict)])
    assert isinstance(outcome, Emit | Drop)
    return outcome


@pytest.mark.parametrize("kind", get_args(VerdictKind))
def test_articles_that_passed_are_published_and_all_others_held_back(article: Article, kind: VerdictKind) -> None:
    outcome = judged(article, kind)
    assert isinstance(outcome, Emit) == (kind in PASSING)
    if isinstance(outcome, Drop):
        assert outcome.reason == kind
        assert outcome.event.type == "news.article.duplicate.v1"
        assert kind in DROP_REASONS["publish"]


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_a_copy_has_all_that_an_event_has(article: Article, kind: VerdictKind) -> None:
    whole = filled(article)
    outcome = judged(whole, kind)
    assert isinstance(outcome, Drop)
    event, value = outcome.event, outcome.event.value
    assert isinstance(value, DuplicateArticle)
    for field in {*Article.__struct_fields__} & {*EnrichedArticle.__struct_fields__} - {"action", "provenance"}:
        assert getattr(value, field) == getattr(whole, field), field
    assert value.provenance.versions == VERSIONS
    assert (event.language, event.subjects) == ("en", ("medtop:04000000",))
    assert decode_duplicate(encode(value)) == value


def test_a_copy_that_was_read_by_other_models_is_another_event(article: Article) -> None:
    verdict = replace(verdict_of(article), kind="near")
    ids = set()
    for versions in (VERSIONS, replace(VERSIONS, language="cld2-2")):
        (outcome,) = PublishStage(versions).process([replace(article, verdict=verdict)])
        assert isinstance(outcome, Drop)
        ids.add(outcome.event.id)
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("kind", "type_", "action"),
    [
        ("exact", "news.article.enriched.v1", "add"),
        ("near", "news.article.enriched.v1", "add"),
        ("retracted_copy", "news.article.retracted.v1", "delete"),
    ],
)
def test_copies_can_be_published_too_and_their_retractions(
    article: Article, kind: VerdictKind, type_: str, action: str
) -> None:
    outcome = judged(filled(article), kind, "all")
    assert isinstance(outcome, Emit)
    value = outcome.value.value
    assert isinstance(value, EnrichedArticle)
    assert (outcome.value.type, value.action, value.dedup.kind) == (type_, action, kind)
    assert bool(value.body) == (action == "add")


@pytest.mark.parametrize("kind", ["repeat", "stale", "unknown_article"])
def test_what_has_no_new_content_is_never_published(article: Article, kind: VerdictKind) -> None:
    assert isinstance(judged(article, kind, "all"), Drop)


def test_a_held_back_retraction_repeats_nothing_of_the_record(article: Article) -> None:
    bare = replace(filled(article), action="retract", headline="", body="", summary=None, language=None, subjects=())
    outcome = judged(bare, "unknown_article")
    assert isinstance(outcome, Drop)
    value = outcome.event.value
    assert (value.section, value.tags, value.images, value.rights, value.extra) == (None, (), (), None, None)
    assert value.provenance.versions == Versions(pipeline=VERSIONS.pipeline)


def test_a_duplicate_that_does_not_fit_its_schema_is_a_bug(article: Article) -> None:
    wrong = replace(article, publisher=Publisher(id="x", country="Norway"))
    with pytest.raises(ContractError, match=r"duplicate.v1: pattern at \$.publisher.country"):
        judged(wrong, "near")
