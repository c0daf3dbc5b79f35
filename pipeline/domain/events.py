"""The parts that several events have in common, and the duplicate event, made from an article and its verdict."""

from msgspec.structs import replace

from pipeline.domain.article import Article, Dedup, DuplicateArticle, Event, Provenance, Syndication, Versions
from pipeline.domain.ids import event_id
from pipeline.domain.verdict import Verdict

__all__ = ["dedup_block", "duplicate_event", "ingest_settings", "made_by", "provenance_block", "syndication_block"]


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
        matched_id=verdict.matched_id,
        related=verdict.related,
        flags=verdict.flags,
    )


def syndication_block(article: Article, verdict: Verdict) -> Syndication | None:
    """Return the `syndication` block, or None when the article is neither a copy nor credits another outlet.

    A copy on another registrable domain is syndicated, and so is a text that credits an agency. The origin is the
    source of the article it was copied from, where that is known, or else the outlet that the text credits.
    """
    attribution = article.attribution
    if attribution is None and not verdict.syndicated:
        return None
    credited = None
    if attribution is not None:
        credited = attribution.source_domain or attribution.source_name or attribution.agency
    return Syndication(
        is_syndicated=verdict.syndicated or (attribution is not None and attribution.agency is not None),
        agency=attribution.agency if attribution is not None else None,
        origin=verdict.matched_source if verdict.syndicated and verdict.matched_source else credited,
        evidence=attribution.evidence if attribution is not None else None,
    )


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


def duplicate_event(article: Article, verdict: Verdict, versions: Versions) -> Event:
    """Return the event for an article that `dedupe` holds back."""
    value = DuplicateArticle(
        id=article.id,
        url=article.url,
        canonical_url=article.canonical_url,
        headline=article.headline,
        subheadline=article.subheadline,
        body=article.body,
        word_count=article.word_count,
        authors=article.authors,
        publisher=article.publisher,
        published_at=article.published_at,
        fetched_at=article.fetched_at,
        ingested_at=article.ingested_at,
        revision=verdict.revision,
        dedup=dedup_block(verdict),
        syndication=syndication_block(article, verdict),
        quality=article.quality,
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
            " ".join((made.pipeline, *ingest_settings(made))),
        ),
        type="news.article.duplicate.v1",
        article_id=article.id,
        time=article.ingested_at,
        revision=verdict.revision,
        value=value,
        publisher=article.publisher.id if article.publisher is not None else None,
        traceparent=article.provenance.traceparent,
    )
