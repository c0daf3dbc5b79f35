"""The parts that several events have in common, and the duplicate event, made from an article and its verdict."""

from functools import lru_cache
from typing import Literal

from msgspec.structs import replace

from pipeline.domain.article import (
    Article,
    Dedup,
    DuplicateArticle,
    Event,
    OriginEvidence,
    Provenance,
    Syndication,
    Versions,
)
from pipeline.domain.ids import digest_hex, event_id
from pipeline.domain.subject import Subject
from pipeline.domain.times import from_epoch_ms
from pipeline.domain.verdict import Verdict

__all__ = [
    "Published",
    "dedup_block",
    "duplicate_event",
    "ingest_settings",
    "made_by",
    "processing_version",
    "provenance_block",
    "reliable_codes",
    "syndication_block",
]

Published = Literal["unique", "all"]
"""What is published as events: articles that passed deduplication, or their copies too."""


def dedup_block(verdict: Verdict) -> Dedup:
    """Return the `dedup` block: the verdict as published to consumers."""
    return Dedup(
        kind=verdict.kind,
        cluster_id=verdict.cluster_id,
        canonical_id=verdict.canonical_id,
        method=verdict.method,
        window_secs=verdict.window_secs,
        score=verdict.score,
        threshold=verdict.threshold,
        own_share=verdict.own_share,
        matched_id=verdict.matched_id,
        related=verdict.related,
        flags=verdict.flags,
        promotes_id=None if verdict.promotes is None else verdict.promotes.article_id,
    )


def syndication_block(article: Article, verdict: Verdict) -> Syndication | None:
    """Return the `syndication` block, or None when the article is neither a copy nor credits another outlet.

    A copy on another registrable domain is syndicated, unless it states an earlier publication, and so is a text that
    credits an agency. The origin is whom the text credits, an agency before others; without a credit, the source of the
    article it was copied from, or its own if it states to have been published earlier.
    """
    credit = article.attribution
    origin, evidence = _origin(article, verdict)
    if credit is None and evidence is None:
        return None
    return Syndication(
        is_syndicated=verdict.syndicated or (credit is not None and credit.agency is not None),
        agency=credit.agency if credit is not None else None,
        origin=origin,
        origin_by=evidence,
        evidence=credit.evidence if credit is not None else None,
    )


def _origin(article: Article, verdict: Verdict) -> tuple[str | None, OriginEvidence | None]:
    """Return where the text is from, and what shows it."""
    credit = article.attribution
    credited = None if credit is None else credit.source_domain or credit.source_name or credit.agency
    if credit is not None and credited is not None:
        return credited, "agency" if credit.agency is not None else "credit"
    if "published_first" in verdict.flags:
        return verdict.source or None, "published_at"
    if verdict.syndicated:
        return verdict.matched_source or None, "published_at" if "published_later" in verdict.flags else "arrival"
    return None, None


def provenance_block(article: Article, versions: Versions) -> Provenance:
    """Return the article's provenance with the versions that made the event."""
    source = article.provenance
    return Provenance(
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        content_sha256=source.content_sha256,
        lane=source.lane,
        versions=made_by(article, versions),
    )


def made_by(article: Article, versions: Versions) -> Versions:
    """Return a stage's versions with the settings of `ingest`, which may run in another service."""
    ingested = article.provenance.versions
    if ingested is None or (ingested.extraction is None and ingested.boilerplate is None):
        return versions
    return replace(versions, extraction=ingested.extraction, boilerplate=ingested.boilerplate)


def ingest_settings(versions: Versions) -> tuple[str, ...]:
    """Return the settings of `ingest` that are not the default, as `name=value`."""
    named = (("extraction", versions.extraction), ("boilerplate", versions.boilerplate))
    return tuple(f"{name}={value}" for name, value in named if value is not None)


@lru_cache(maxsize=64)
def processing_version(versions: Versions) -> str:
    """Return a short hash of the versions; it is part of event ids, so another model makes other events."""
    models = (versions.language or "", versions.subjects or "", versions.taxonomy or "", versions.article_scorer or "")
    return digest_hex(versions.pipeline, *models, *ingest_settings(versions), size=8)


def reliable_codes(subjects: tuple[Subject, ...]) -> tuple[str, ...]:
    """Return the codes of the reliable subjects, as the headers of an event name them."""
    return tuple(subject.code for subject in subjects if subject.reliable)


def duplicate_event(article: Article, verdict: Verdict, versions: Versions) -> Event:
    """Return the event for an article that is held back; it names the models only if they have read the article."""
    if article.language is None:
        versions = replace(versions, language=None, subjects=None, taxonomy=None)
    if article.action == "retract":
        article = replace(article, section=None, tags=(), images=(), rights=None, extra=None)
    value = DuplicateArticle(
        id=article.id,
        url=article.url,
        canonical_url=article.canonical_url,
        headline=article.headline,
        subheadline=article.subheadline,
        body=article.body,
        summary=article.summary,
        word_count=article.word_count,
        authors=article.authors,
        publisher=article.publisher,
        section=article.section,
        genre=article.genre,
        access=article.access,
        tags=article.tags,
        images=article.images,
        published_at=article.published_at,
        modified_at=article.modified_at,
        fetched_at=article.fetched_at,
        ingested_at=article.ingested_at,
        revision=verdict.revision,
        language=article.language,
        subjects=article.subjects,
        subjects_reason=article.subjects_reason,
        places=article.places,
        keywords=article.keywords,
        vector=article.vector,
        dedup=dedup_block(verdict),
        syndication=syndication_block(article, verdict),
        quality=article.quality,
        rights=article.rights,
        extra=article.extra,
        provenance=provenance_block(article, versions),
    )
    origin = article.signature.origin
    made = value.provenance.versions or versions
    return Event(
        # A repeat has the revision of its article, so the position of the raw record distinguishes repeats.
        id=event_id(
            origin.lane,
            article.id,
            verdict.revision,
            f"news.article.duplicate.v1@{origin.partition}:{origin.offset}",
            processing_version(made),
        ),
        type="news.article.duplicate.v1",
        article_id=article.id,
        time=article.ingested_at,
        revision=verdict.revision,
        observed_at=from_epoch_ms(article.signature.observed_at_ms),
        lane=origin.lane,
        value=value,
        language=value.language.tag if value.language is not None else None,
        subjects=reliable_codes(value.subjects),
        publisher=article.publisher.id if article.publisher is not None else None,
        traceparent=article.provenance.traceparent,
    )
