"""Turn articles that have passed all stages into the events that consumers read, and hold back duplicates."""

from collections.abc import Sequence
from typing import Final, Literal, cast

from pipeline.domain.article import Article, EnrichedArticle, Event, EventType, Versions
from pipeline.domain.events import (
    Published,
    dedup_block,
    duplicate_event,
    made_by,
    processing_version,
    provenance_block,
    reliable_codes,
    syndication_block,
)
from pipeline.domain.ids import event_id
from pipeline.domain.outcome import Drop, DropReason, Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.domain.times import from_epoch_ms
from pipeline.domain.verdict import COPIES, PASSING, Verdict, VerdictKind
from pipeline.errors import ContractError
from pipeline.wire.codec import to_plain
from pipeline.wire.validation import ProducedValidator

__all__ = ["PublishStage"]

_PUBLISHED: Final[dict[Published, frozenset[VerdictKind]]] = {
    "unique": PASSING,
    # Who got a copy must hear of its retraction.
    "all": PASSING | COPIES | {"retracted_copy"},
}
_RETRACTIONS: Final[frozenset[VerdictKind]] = frozenset({"retraction", "retracted_copy"})

_ACTIONS: dict[EventType, Literal["add", "replace", "delete"]] = {
    "news.article.enriched.v1": "add",
    "news.article.revised.v1": "replace",
    "news.article.retracted.v1": "delete",
}


class PublishStage:
    """Turns articles into events of the pipeline's output, or of the duplicates topic."""

    name: StageName = "publish"

    def __init__(
        self, versions: Versions, lane: str = "", *, published: Published = "unique", validate: bool = False
    ) -> None:
        """Make the stage.

        Args:
            versions: The pipeline and the models that process the articles; part of the events and their ids.
            lane: The topic prefix of a backfill.
            published: Whether copies are published as well.
            validate: Check each value against its schema. An invalid value or an undeclared field is a bug,
                so the stage raises.
        """
        self._versions = versions
        self._lane = lane
        self._published = _PUBLISHED[published]
        self._validators = (
            {name: ProducedValidator(name) for name in ("news.article.enriched.v1", "news.article.duplicate.v1")}
            if validate
            else {}
        )

    def process(self, batch: Sequence[Article]) -> list[Outcome[Event]]:
        """Return one event per article, in order, each emitted, or dropped as a duplicate."""
        return [self._outcome(article) for article in batch]

    def _outcome(self, article: Article) -> Outcome[Event]:
        verdict = article.verdict
        if verdict is None:
            raise ContractError(f"article {article.id} reached publish without a verdict")
        if verdict.kind in self._published:
            event = self._event(article, verdict)
            self._check("news.article.enriched.v1", event)
            return Emit(event)
        event = duplicate_event(article, verdict, self._versions)
        self._check("news.article.duplicate.v1", event)
        # Every kind of verdict that does not pass is also a reason for a drop; a test compares the two lists.
        return Drop(cast("DropReason", verdict.kind), event)

    def _check(self, schema: str, event: Event) -> None:
        validator = self._validators.get(schema)
        if validator is not None:
            validator.check(to_plain(event.value))

    def _event(self, article: Article, verdict: Verdict) -> Event:
        kind = _event_type(verdict)
        is_retraction = verdict.kind in _RETRACTIONS
        value = self._retracted(article, verdict) if is_retraction else self._enriched(article, verdict)
        return Event(
            id=event_id(
                self._lane, article.id, verdict.revision, kind, processing_version(made_by(article, self._versions))
            ),
            type=kind,
            article_id=article.id,
            time=article.ingested_at,
            revision=verdict.revision,
            observed_at=from_epoch_ms(article.signature.observed_at_ms),
            lane=self._lane,
            value=value,
            language=value.language.tag if value.language is not None else None,
            subjects=reliable_codes(value.subjects),
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
            genre=article.genre,
            access=article.access,
            tags=article.tags,
            images=article.images,
            published_at=article.published_at,
            modified_at=article.modified_at,
            fetched_at=article.fetched_at,
            ingested_at=article.ingested_at,
            revision=verdict.revision,
            action=_ACTIONS[_event_type(verdict)],
            supersedes=verdict.supersedes,
            changed=verdict.changed,
            change_labels=verdict.change_labels,
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
    if verdict.kind in _RETRACTIONS:
        return "news.article.retracted.v1"
    return "news.article.enriched.v1" if verdict.supersedes is None else "news.article.revised.v1"
