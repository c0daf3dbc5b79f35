"""Turn articles that have passed all stages into the events that consumers read."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from pipeline.domain.article import Article, EnrichedArticle, Event, EventType, Versions
from pipeline.domain.events import dedup_block, ingest_settings, made_by, provenance_block, syndication_block
from pipeline.domain.ids import digest_hex, event_id
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError
from pipeline.wire.codec import to_plain
from pipeline.wire.validation import ProducedValidator

__all__ = ["PublishStage", "processing_version"]

_ACTIONS: dict[EventType, Literal["add", "replace", "delete"]] = {
    "news.article.enriched.v1": "add",
    "news.article.revised.v1": "replace",
    "news.article.retracted.v1": "delete",
}


class PublishStage:
    """Turns articles into events."""

    name: StageName = "publish"

    def __init__(self, versions: Versions, lane: str = "", *, validate: bool = False) -> None:
        """Make the stage.

        Args:
            versions: The pipeline and the models that process the articles; part of the events and their ids.
            lane: The topic prefix of a backfill.
            validate: Check each value against the published schema. An invalid value or an undeclared field is a bug,
                so the stage raises.
        """
        self._versions = versions
        self._lane = lane
        self._validator = ProducedValidator("news.article.enriched.v1") if validate else None

    def process(self, batch: Sequence[Article]) -> list[Outcome[Event]]:
        """Return one event per article, in order."""
        return [Emit(self._event(article)) for article in batch]

    def _event(self, article: Article) -> Event:
        verdict = article.verdict
        if verdict is None:
            raise ContractError(f"article {article.id} reached publish without a verdict")
        kind = _event_type(verdict)
        value = self._retracted(article, verdict) if verdict.kind == "retraction" else self._enriched(article, verdict)
        if self._validator is not None:
            self._validator.check(to_plain(value))
        return Event(
            id=event_id(
                self._lane, article.id, verdict.revision, kind, processing_version(made_by(article, self._versions))
            ),
            type=kind,
            article_id=article.id,
            time=article.ingested_at,
            revision=verdict.revision,
            value=value,
            language=value.language.tag if value.language is not None else None,
            subjects=tuple(subject.code for subject in value.subjects),
            publisher=value.publisher.id if value.publisher is not None else None,
            traceparent=article.provenance.traceparent,
        )

    def _enriched(self, article: Article, verdict: Verdict) -> EnrichedArticle:
        return EnrichedArticle(
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
            tags=article.tags,
            images=article.images,
            published_at=article.published_at,
            modified_at=article.modified_at,
            fetched_at=article.fetched_at,
            ingested_at=article.ingested_at,
            revision=verdict.revision,
            action=_ACTIONS[_event_type(verdict)],
            supersedes=verdict.supersedes,
            change_class=verdict.change_class,
            language=article.language,
            subjects=article.subjects,
            subjects_reason=article.subjects_reason,
            dedup=dedup_block(verdict),
            syndication=syndication_block(article, verdict),
            quality=article.quality,
            rights=article.rights,
            extra=article.extra,
            provenance=provenance_block(article, self._versions),
        )

    def _retracted(self, article: Article, verdict: Verdict) -> EnrichedArticle:
        """Return the value of a retraction: the article's identity, none of its content."""
        return EnrichedArticle(
            id=article.id,
            url=article.url,
            canonical_url=article.canonical_url,
            publisher=article.publisher,
            fetched_at=article.fetched_at,
            ingested_at=article.ingested_at,
            revision=verdict.revision,
            action="delete",
            supersedes=verdict.supersedes,
            dedup=dedup_block(verdict),
            quality=article.quality,
            provenance=provenance_block(article, self._versions),
        )


def _event_type(verdict: Verdict) -> EventType:
    """Return whether the article is new, a revision or withdrawn, as the type of its event."""
    if verdict.kind == "retraction":
        return "news.article.retracted.v1"
    return "news.article.enriched.v1" if verdict.supersedes is None else "news.article.revised.v1"


@lru_cache(maxsize=64)
def processing_version(versions: Versions) -> str:
    """Return a short hash of the versions; it is part of event ids, so another model makes other events."""
    models = (versions.language or "", versions.subjects or "", versions.taxonomy or "")
    return digest_hex(versions.pipeline, *models, *ingest_settings(versions), size=8)
