"""Turn raw records into articles: decode, extract, clean, sign."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline import __version__
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.article import Article, Provenance, PublishedAt, Publisher, Versions
from pipeline.domain.ids import sha256_hex
from pipeline.domain.outcome import Emit, Outcome, Reject
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.times import from_epoch_ms, is_epoch_ms
from pipeline.text.countries import publisher_country
from pipeline.text.dates import instant_ms
from pipeline.text.drafting import ArticleDraft, Drafting, draft_article
from pipeline.text.facts.article_facts import article_facts
from pipeline.text.learned_boilerplate import NO_LINES, LearnedBoilerplate
from pipeline.text.lines import join_paragraphs
from pipeline.text.params import IngestParams
from pipeline.text.quality import judge_quality
from pipeline.text.summary import summarise, word_count
from pipeline.text.urls import registrable_domain, wraps_another
from pipeline.text.walls import without_notices
from pipeline.wire.principals import bound_to
from pipeline.wire.raw import decode_raw
from pipeline.wire.replays import arrived_ms

__all__ = ["IngestParams", "IngestStage"]

_NO_TEXT = ArticleDraft(paragraphs=[])
_NOTICES = frozenset({"paywall_stub", "cookie_wall"})
_STUBS = _NOTICES | {"truncated"}
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
        contained: Drafting | None = None,
    ) -> None:
        """Make the stage.

        Args:
            params: Limits and thresholds.
            lane: The topic prefix of a backfill.
            version: Of the pipeline, for the provenance.
            boilerplate: Lines that sources repeat, as learned beforehand.
            contained: Drafts costly articles where that can be ended; without it they are drafted like all others.
        """
        self._params = params or IngestParams()
        self._contained = contained
        self._drafting_params = replace(self._params, hands_over=contained is not None)
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
        if not is_epoch_ms(record.timestamp_ms):  # on a topic where the producer's time counts
            return Reject("invalid_schema", "the record's timestamp is no time after 1970 and before 10000")
        raw = decode_raw(record.value, record.headers, self._params)
        if isinstance(raw, Reject):
            return raw
        fetched_ms = instant_ms(raw.fetched_at)
        # Nothing is fetched after it arrived: such a clock would make every later version an older one.
        if fetched_ms is not None and fetched_ms > arrived_ms(record) + self._params.future_tolerance_secs * 1000:
            fetched_ms = None
        flags = frozenset(f"{name}_unreadable" for name in raw.unreadable)
        if raw.fetched_at and fetched_ms is None:
            flags |= {"fetched_at_unreadable"}
        if raw.canonical is not None and wraps_another(raw.canonical):
            flags |= {"wrapped_address"}
        domain = registrable_domain(raw.canonical) if raw.canonical is not None else None
        if raw.action == "retract":
            return _Prepared(record, raw, _NO_TEXT, "", raw.canonical, _publisher(raw, domain, None), fetched_ms, flags)
        seen_ms = fetched_ms if fetched_ms is not None else arrived_ms(record)
        draft = self._drafted(raw, domain, seen_ms)
        if isinstance(draft, Reject):
            return draft
        return _Prepared(
            record,
            raw,
            draft,
            join_paragraphs(draft.paragraphs),
            draft.canonical or raw.canonical,
            _publisher(raw, domain, draft.publisher_name, draft.publisher_country),
            fetched_ms,
            flags | draft.flags,
        )

    def _bound_to(self, item: _Prepared) -> str:
        """Return what only a withdrawal with the same may end: the stated source, or who brought the record."""
        if not self._params.binds_principals:
            return item.raw.source or ""
        return bound_to(item.record.headers, item.raw.source, self._params.max_label_chars)

    def _drafted(self, raw: RawArticle, domain: str | None, seen_ms: int) -> ArticleDraft | Reject:
        learned = self._boilerplate.of(raw.source or domain) if self._boilerplate is not None else NO_LINES
        draft = draft_article(raw, domain, seen_ms, self._drafting_params, learned)
        if isinstance(draft, Reject) and draft.reason == "too_costly" and self._contained is not None:
            draft = self._contained(raw, domain, seen_ms, self._params, learned)
        if isinstance(draft, Reject):
            return draft
        # Characters are no more than bytes. The facts of a longer text are not read, because that takes much memory.
        chars, limit = sum(map(len, draft.paragraphs)), self._params.max_article_bytes
        return draft if chars <= limit else Reject("too_large", f"text of {chars} characters, limit {limit} bytes")

    def _signing_input(self, item: _Prepared) -> SigningInput:
        record, draft = item.record, item.draft
        ingested_ms, dated = self._ingested_ms(item)
        attribution = draft.attribution
        compared = _compared(item)
        return SigningInput(
            article_id=item.raw.article_id,
            origin=Origin(self._lane, record.partition, record.offset),
            action=item.raw.action,
            headline=draft.headline,
            body=join_paragraphs(compared),
            facts=article_facts(
                headline=draft.headline,
                standfirst=draft.subheadline,
                paragraphs=compared,
                authors=draft.authors,
                published_at=draft.published_at,
                corrections=draft.corrections,
                is_stub=not item.flags.isdisjoint(_STUBS),
            )
            if item.raw.action == "publish"
            else None,
            source=item.publisher.site if item.publisher is not None else "",
            agency=(attribution.agency or "") if attribution is not None else "",
            declared_source=self._bound_to(item),
            ingested_at_ms=ingested_ms,
            undated=not dated,
            published_at_ms=_published_ms(draft.published_at),
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
            genre=draft.genre,
            access=draft.access,
            tags=draft.tags,
            images=draft.images,
            published_at=draft.published_at,
            modified_at=draft.modified_at,
            fetched_at=from_epoch_ms(item.fetched_ms) if item.fetched_ms is not None else None,
            ingested_at=from_epoch_ms(signature.ingested_at_ms),
            language_hint=draft.language_hint,
            attribution=draft.attribution,
            quality=judge_quality(item.flags, draft.doubt),
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


def _compared(item: _Prepared) -> list[str]:
    """Return the paragraphs by which an article is compared with others: of a stub or wall, without the notice.

    A source shows the same notice in place of many articles, which are no copies of each other.
    """
    paragraphs = item.draft.paragraphs
    return paragraphs if item.flags.isdisjoint(_NOTICES) else without_notices(paragraphs)


def _published_ms(published: PublishedAt | None) -> int | None:
    """Return the stated publication time if it can be compared with that of another publisher."""
    if published is None or not published.plausible or published.precision not in ("second", "minute"):
        return None
    return instant_ms(published.value)


def _publisher(raw: RawArticle, domain: str | None, name: str | None, country: str | None = None) -> Publisher | None:
    """Return the publisher, identified by the configured source or else the registrable domain."""
    identity = raw.source or domain
    if identity is None:
        return None
    return Publisher(id=identity, name=name, domain=domain, country=publisher_country(domain, country))
