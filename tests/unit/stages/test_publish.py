from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.domain.article import Article, Attribution, EnrichedArticle, Event, Provenance, Publisher, Versions
from pipeline.domain.ids import ArticleId
from pipeline.domain.outcome import Emit
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.stages.publish import PublishStage, processing_version
from pipeline.wire.codec import decode_article, decode_enriched, encode

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
        subjects_reason="none",
        rights={"licence": "free"},
        extra={"feed_position": 3},
    )
    given = getattr(filled, field)
    assert given
    assert getattr(publish(filled)[1], field) == given


def test_a_new_version_replaces_the_last_one(article: Article) -> None:
    verdict = replace(verdict_of(article), kind="revision", revision=4, supersedes=3, change_class="correction")
    event, value = publish(replace(article, verdict=verdict))
    assert (event.type, value.action, event.revision) == ("news.article.revised.v1", "replace", 4)
    assert (value.supersedes, value.change_class, value.dedup.kind) == (3, "correction", "revision")


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
        flags=("short",),
    )
    dedup = publish(replace(article, verdict=verdict))[1].dedup
    assert (dedup.kind, dedup.method, dedup.score, dedup.threshold) == ("related", "minhash", 0.55, 0.5)
    assert (dedup.matched_id, dedup.related, dedup.flags) == ("b" * 32, ("b" * 32,), ("short",))
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
