"""Turn raw records into articles: decode, extract, clean, sign."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline import __version__
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.article import Article, Provenance, Publisher, Versions
from pipeline.domain.ids import sha256_hex
from pipeline.domain.outcome import Emit, Outcome, Reject
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.times import from_epoch_ms
from pipeline.text.dates import instant_ms
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.learned_boilerplate import NO_LINES, LearnedBoilerplate
from pipeline.text.lines import join_paragraphs
from pipeline.text.params import IngestParams
from pipeline.text.quality import judge_quality
from pipeline.text.summary import summarise, word_count
from pipeline.text.urls import registrable_domain
from pipeline.wire.raw import decode_raw
from pipeline.wire.replays import arrived_ms

__all__ = ["IngestParams", "IngestStage"]

_NO_TEXT = ArticleDraft(paragraphs=[])
# One character takes at most this many bytes of JSON (\u0000). A body this far below the limit needs no exact
# measurement, as all other fields but `extra` and `rights` are short.
_MAX_JSON_BYTES_PER_CHAR = 6


class _Prepared(Struct, frozen=True):
    """What an article is made of, except its signature."""

    record: Record
    raw: RawArticle
    draft: ArticleDraft
    body: str
    canonical: str | None
    publisher: Publisher | None
    fetched_ms: int | None
    flags: frozenset[str]


class IngestStage:
    """The first stage: turns raw records into articles."""

    def __init__(
        self,
        params: IngestParams | None = None,
        *,
        lane: str = "",
        version: str = __version__,
        boilerplate: LearnedBoilerplate | None = None,
    ) -> None:
        """Make the stage.

        Args:
            params: Limits and thresholds.
            lane: The topic prefix of a backfill.
            version: Of the pipeline, for the provenance.
            boilerplate: Lines that sources repeat, as learned beforehand.
        """
        self._params = params or IngestParams()
        self._lane = lane
        self._boilerplate = boilerplate
        # Settings are part of the provenance only where they are not the default.
        extraction = self._params.extraction
        self._versions = Versions(
            pipeline=version,
            extraction=extraction if extraction != "auto" else None,
            boilerplate=boilerplate.version if boilerplate is not None else None,
        )

    @property
    def name(self) -> Literal["ingest"]:
        """Return "ingest"."""
        return "ingest"

    def process(self, batch: Sequence[Record]) -> list[Outcome[Article]]:
        """Return one outcome per record, in order; no input raises."""
        prepared = [self._prepare(record) for record in batch]
        good = [item for item in prepared if isinstance(item, _Prepared)]
        signatures = iter(sign([self._signing_input(item) for item in good]))
        return [self._finish(item, next(signatures)) if isinstance(item, _Prepared) else item for item in prepared]

    def _prepare(self, record: Record) -> _Prepared | Reject:
        raw = decode_raw(record.value, record.headers, self._params)
        if isinstance(raw, Reject):
            return raw
        fetched_ms = instant_ms(raw.fetched_at)
        flags = frozenset({"fetched_at_unreadable"}) if raw.fetched_at and fetched_ms is None else frozenset()
        domain = registrable_domain(raw.canonical) if raw.canonical is not None else None
        if raw.action == "retract":
            return _Prepared(record, raw, _NO_TEXT, "", raw.canonical, _publisher(raw, domain, None), fetched_ms, flags)
        seen_ms = fetched_ms if fetched_ms is not None else arrived_ms(record)
        learned = self._boilerplate.of(raw.source or domain) if self._boilerplate is not None else NO_LINES
        draft = draft_article(raw, domain, seen_ms, self._params, learned)
        if isinstance(draft, Reject):
            return draft
        return _Prepared(
            record,
            raw,
            draft,
            join_paragraphs(draft.paragraphs),
            draft.canonical or raw.canonical,
            _publisher(raw, domain, draft.publisher_name),
            fetched_ms,
            flags | draft.flags,
        )

    def _signing_input(self, item: _Prepared) -> SigningInput:
        record, draft = item.record, item.draft
        ingested_ms, dated = self._ingested_ms(item)
        attribution = draft.attribution
        return SigningInput(
            article_id=item.raw.article_id,
            origin=Origin(self._lane, record.partition, record.offset),
            action=item.raw.action,
            headline=draft.headline,
            body=item.body,
            source=item.publisher.site if item.publisher is not None else "",
            agency=(attribution.agency or "") if attribution is not None else "",
            ingested_at_ms=ingested_ms,
            undated=not dated,
            # A replayed record counts as observed when it first arrived: it may be older than the newest version.
            observed_at_ms=item.fetched_ms if item.fetched_ms is not None else arrived_ms(record),
        )

    def _ingested_ms(self, item: _Prepared) -> tuple[int, bool]:
        """Return the time of ingestion, and whether the article itself determines it.

        In a backfill this is when the article was fetched, or else first arrived. The record's own time would be today
        and would end the dedup window of every article before it. Articles from archives, which never arrived before,
        have their time of publication instead.
        """
        now_ms = item.record.timestamp_ms
        if not self._lane:
            return now_ms, True
        if item.fetched_ms is not None:
            return item.fetched_ms, True
        if (first_ms := arrived_ms(item.record)) < now_ms:
            return first_ms, True
        published = item.draft.published_at
        published_ms = instant_ms(published.value) if published is not None and published.plausible else None
        return (now_ms, False) if published_ms is None else (published_ms, True)

    def _finish(self, item: _Prepared, signature: Signature) -> Outcome[Article]:
        article = self._article(item, signature)
        limit = self._params.max_article_bytes
        if len(item.body) * _MAX_JSON_BYTES_PER_CHAR > limit or item.raw.extra or item.raw.rights:
            size = len(msgspec.json.encode(article))
            if size > limit:
                return Reject("too_large", f"article of {size} bytes, limit {limit}")
        return Emit(article)

    def _article(self, item: _Prepared, signature: Signature) -> Article:
        record, raw, draft = item.record, item.raw, item.draft
        return Article(
            id=signature.article_id,
            action=raw.action,
            url=raw.url,
            canonical_url=item.canonical,
            headline=draft.headline,
            subheadline=draft.subheadline,
            body=item.body,
            summary=summarise(draft.paragraphs, self._params.summary_chars),
            word_count=word_count(item.body, len(draft.paragraphs)),
            authors=draft.authors,
            publisher=item.publisher,
            section=draft.section,
            tags=draft.tags,
            images=draft.images,
            published_at=draft.published_at,
            modified_at=draft.modified_at,
            fetched_at=from_epoch_ms(item.fetched_ms) if item.fetched_ms is not None else None,
            ingested_at=from_epoch_ms(signature.ingested_at_ms),
            language_hint=draft.language_hint,
            attribution=draft.attribution,
            quality=judge_quality(item.flags),
            rights=raw.rights,
            extra=raw.extra,
            provenance=Provenance(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                content_sha256=sha256_hex(record.value or b""),
                lane=self._lane,
                traceparent=record.header("traceparent"),
                versions=self._versions,
            ),
            signature=signature,
        )


def _publisher(raw: RawArticle, domain: str | None, name: str | None) -> Publisher | None:
    """Return the publisher, identified by the configured source or else the registrable domain."""
    identity = raw.source or domain
    if identity is None:
        return None
    return Publisher(id=identity, name=name, domain=domain)
