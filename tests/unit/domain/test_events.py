"""The blocks that several events contain: syndication, provenance, versions; and the ids of duplicate events."""

import pytest
from msgspec.structs import replace

from pipeline.domain.article import Article, Attribution, Language, Publisher, Syndication, Versions
from pipeline.domain.events import (
    dedup_block,
    duplicate_event,
    ingest_settings,
    made_by,
    provenance_block,
    syndication_block,
)
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.verdict import Successor, Verdict

VERSIONS = Versions(pipeline="1.0", language="l", subjects="s", taxonomy="t")
AFP = Attribution(evidence="(AFP)", agency="AFP", source_domain="afp.com")
BY_AFP = Syndication(is_syndicated=True, agency="AFP", origin="afp.com", origin_by="agency", evidence="(AFP)")


def test_an_article_that_is_no_copy_and_credits_nobody_is_not_syndicated(article: Article, verdict: Verdict) -> None:
    assert syndication_block(article, verdict) is None
    assert syndication_block(article, replace(verdict, kind="exact", matched_source="a.example")) is None


@pytest.mark.parametrize(
    ("attribution", "matched_source", "expected"),
    [
        (None, "a.example", Syndication(is_syndicated=True, origin="a.example", origin_by="arrival")),
        (None, "", Syndication(is_syndicated=True, origin_by="arrival")),
        (AFP, "a.example", BY_AFP),
        (AFP, "", BY_AFP),
    ],
)
def test_a_copy_originates_from_whom_it_credits_or_else_from_the_source_it_matched(
    article: Article, verdict: Verdict, attribution: Attribution | None, matched_source: str, expected: Syndication
) -> None:
    copied = replace(verdict, kind="exact", syndicated=True, matched_source=matched_source)
    assert syndication_block(replace(article, attribution=attribution), copied) == expected


@pytest.mark.parametrize(
    ("flag", "syndicated", "expected"),
    [
        ("published_later", True, Syndication(is_syndicated=True, origin="a.example", origin_by="published_at")),
        ("published_first", False, Syndication(is_syndicated=False, origin="b.example", origin_by="published_at")),
    ],
)
def test_stated_times_say_which_of_two_publishers_is_the_origin(
    article: Article, verdict: Verdict, flag: str, syndicated: bool, expected: Syndication
) -> None:
    copied = replace(
        verdict, kind="near", syndicated=syndicated, matched_source="a.example", source="b.example", flags=(flag,)
    )
    assert syndication_block(article, copied) == expected
    assert syndication_block(replace(article, attribution=AFP), copied) == BY_AFP


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        (AFP, BY_AFP),
        (
            Attribution(evidence="(AFP)", agency="AFP"),
            Syndication(is_syndicated=True, agency="AFP", origin="AFP", origin_by="agency", evidence="(AFP)"),
        ),
        (
            Attribution(evidence="source: X", source_name="X"),
            Syndication(is_syndicated=False, origin="X", origin_by="credit", evidence="source: X"),
        ),
        (
            Attribution(evidence="source: X", source_name="X", source_domain="x.example"),
            Syndication(is_syndicated=False, origin="x.example", origin_by="credit", evidence="source: X"),
        ),
        (
            Attribution(evidence="AFP for X", source_name="X", agency="AFP"),
            Syndication(is_syndicated=True, agency="AFP", origin="X", origin_by="agency", evidence="AFP for X"),
        ),
    ],
)
def test_a_text_that_credits_an_agency_is_syndicated_and_another_credit_is_only_named(
    article: Article, verdict: Verdict, attribution: Attribution, expected: Syndication
) -> None:
    # A matched source counts only for copies: a related article matches one too.
    for matched_source in ("", "a.example"):
        related = replace(verdict, kind="related", matched_source=matched_source)
        assert syndication_block(replace(article, attribution=attribution), related) == expected


def test_the_dedup_block_contains_the_whole_decision(verdict: Verdict) -> None:
    decision = replace(
        verdict,
        kind="near",
        canonical_id=ArticleId("c"),
        method="minhash",
        score=0.5,
        threshold=0.45,
        matched_id=ArticleId("m"),
        related=(ArticleId("r"),),
        flags=("reused_url",),
        promotes=Successor(article_id=ArticleId("p"), origin=Origin("", 0, 9)),
    )
    block = dedup_block(decision)
    assert block.promotes_id == "p"
    others = [name for name in block.__struct_fields__ if name != "promotes_id"]
    assert all(getattr(block, name) == getattr(decision, name) for name in others)


def test_events_name_the_settings_of_ingest_and_the_versions_of_their_stage(article: Article) -> None:
    assert made_by(article, VERSIONS) == VERSIONS
    for changed in ({"extraction": "text"}, {"boilerplate": "b1"}, {"extraction": "text", "boilerplate": "b1"}):
        ingested = replace(article.provenance, versions=Versions(pipeline="0.9", **changed))
        expected = replace(VERSIONS, **changed)
        assert made_by(replace(article, provenance=ingested), VERSIONS) == expected
        assert ingest_settings(expected) == tuple(f"{name}={value}" for name, value in changed.items())
    assert made_by(replace(article, provenance=replace(article.provenance, versions=VERSIONS)), VERSIONS) == VERSIONS
    assert ingest_settings(VERSIONS) == ()


def test_provenance_is_that_of_the_raw_record(article: Article) -> None:
    source = replace(article.provenance, lane="backfill-", partition=3, offset=9, traceparent="00-1-2-01")
    found = provenance_block(replace(article, provenance=source), VERSIONS)
    assert found == replace(source, versions=VERSIONS, traceparent=None)


def test_a_duplicate_event_is_identified_by_its_raw_record_and_the_way_it_was_made(
    article: Article, verdict: Verdict
) -> None:
    event = duplicate_event(article, verdict, VERSIONS)
    read = replace(article, language=Language(tag="nb", confidence=1.0, reliable=True, method="cld2"))
    assert (event.article_id, event.revision, event.time) == (article.id, 1, article.ingested_at)
    assert (event.publisher, event.value.provenance.versions) == (None, Versions(pipeline="1.0"))
    # Models count only where they have read the article.
    assert duplicate_event(article, verdict, replace(VERSIONS, language="other")).id == event.id
    assert duplicate_event(read, verdict, VERSIONS).value.provenance.versions == VERSIONS
    published = replace(article, publisher=Publisher(id="gazette-rss", domain="gazette.example"))
    assert duplicate_event(published, verdict, VERSIONS).publisher == "gazette-rss"
    plain = article.signature
    others = [
        (article, replace(verdict, revision=2), VERSIONS),
        (article, verdict, replace(VERSIONS, pipeline="1.1")),
        (read, verdict, VERSIONS),
        (read, verdict, replace(VERSIONS, language="other")),
        *(
            (replace(article, signature=replace(plain, origin=origin)), verdict, VERSIONS)
            for origin in (Origin("l-", 0, 1), Origin("", 1, 1), Origin("", 0, 2))
        ),
    ]
    ids = {duplicate_event(*other).id for other in others}
    assert len({*ids, event.id}) == len(others) + 1
