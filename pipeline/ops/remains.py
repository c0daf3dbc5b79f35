"""Finds the records of one article on all topics, and until when brokers keep them."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec
from kafka import TopicPartition
from msgspec import Struct, field

from pipeline.domain.ids import ArticleId, article_of
from pipeline.domain.record import Record
from pipeline.ops.current_states import StandingArticle
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of
from pipeline.wire.catalogue import CURRENT, DUPLICATES, REPLAYS, Catalogue, TopicSpec
from pipeline.wire.partitioner import partitions
from pipeline.wire.raw import raw_key

__all__ = ["ArticleRecords", "TopicRecords", "find_records"]

_HOUR_MS: Final = 3_600_000
_Kept = Literal["time", "compaction"]


class TopicRecords(Struct, kw_only=True):
    """The records of an article on one topic.

    `kept_by` is what ends them: their age, or that a null value or a later state replaces them. `until_ms` is when the
    newest one is old enough to be removed, in epoch milliseconds; None where only compaction removes it.
    """

    topic: str
    kept_by: _Kept
    records: int = 0
    until_ms: int | None = None


class ArticleRecords(Struct, kw_only=True):
    """What was found of an article.

    `state` has its address, by the newest value that has one; None if no value was found. `copies` are the addresses of
    articles that are held back as copies of it, by id. `standing`: whether an article stands under the id.
    """

    topics: list[TopicRecords] = field(default_factory=list)
    state: StandingArticle | None = None
    copies: dict[ArticleId, StandingArticle] = field(default_factory=dict)
    standing: bool = False


class _Dedup(Struct, frozen=True):
    canonical_id: str
    kind: str


class _HeldBack(StandingArticle, frozen=True, kw_only=True):
    dedup: _Dedup


def find_records(client: Any, catalogue: Catalogue, article: ArticleId) -> ArticleRecords:
    """Read the topics that may have records of an article, up to their present ends.

    Of topics that are keyed by article, only the partition of the article is read; the duplicates are read whole, to
    find its copies. A raw record with another key is found by the id that `ingest` would give it.
    """
    specs = {spec.name: spec for spec in catalogue.topics if spec.name != catalogue.full_name(REPLAYS)}
    found = ArticleRecords()
    counted = {
        name: TopicRecords(topic=name, kept_by="time" if spec.retention_hours is not None else "compaction")
        for name, spec in specs.items()
    }
    places = [place for spec in specs.values() for place in _places(client, catalogue, spec, article)]
    for record in BoundedTopicReader(client, dict.fromkeys(places), lambda _: False).records():
        if record.topic == catalogue.full_name(DUPLICATES):
            _note_copy(record, article, found)
        if _is_about(record, specs[record.topic], article):
            _count(record, specs[record.topic], counted[record.topic])
            if record.topic == catalogue.full_name(CURRENT):
                found.standing = record.value is not None
            state = _state(record, article)
            found.state = state or found.state
    found.topics = [topic for topic in counted.values() if topic.records]
    return found


def _places(client: Any, catalogue: Catalogue, spec: TopicSpec, article: ArticleId) -> Iterator[TopicPartition]:
    every = partitions_of(client, [spec.name])
    if spec.key != "article_id" or spec.name in (catalogue.full_name(DUPLICATES), catalogue.stage("ingest").reads):
        yield from every
    else:
        yield every[partitions([article.encode()], len(every))[0]]


def _is_about(record: Record, spec: TopicSpec, article: ArticleId) -> bool:
    if record.key == article.encode():
        return True
    if spec.key in ("cluster_id", "query_id"):
        return article.encode() in (record.value or b"")
    is_raw = spec.schema in ("news.article.raw.v1", "news.dead-letter.v1")
    return is_raw and raw_key(record.value, record.headers) == article


def _count(record: Record, spec: TopicSpec, topic: TopicRecords) -> None:
    topic.records += 1
    if spec.retention_hours is not None:
        topic.until_ms = max(topic.until_ms or 0, record.timestamp_ms + spec.retention_hours * _HOUR_MS)


def _state(record: Record, article: ArticleId) -> StandingArticle | None:
    try:
        state = msgspec.json.decode(record.value or b"", type=StandingArticle)
    except msgspec.DecodeError:
        return None
    return state if state.id == article and state.url is not None else None


def _note_copy(record: Record, article: ArticleId, found: ArticleRecords) -> None:
    """Note a copy of the article, or that a copy is one no more: records of an id are in order."""
    if article.encode() not in (record.value or b""):
        found.copies.pop(ArticleId((record.key or b"").decode("utf-8", "replace")), None)
        return
    try:
        copy = msgspec.json.decode(record.value or b"", type=_HeldBack)
    except msgspec.DecodeError:
        return
    if copy.id != article and copy.dedup.kind in ("exact", "near") and article_of(copy.dedup.canonical_id) == article:
        found.copies[ArticleId(copy.id)] = copy
    elif copy.dedup.kind != "repeat":
        found.copies.pop(ArticleId(copy.id), None)
