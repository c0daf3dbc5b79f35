"""Reads one record of the output topics, of any Kafka client."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.consumer.cluster import Cluster
from pipeline.consumer.enriched_article import EnrichedArticle
from pipeline.consumer.held_back_article import HeldBackArticle
from pipeline.consumer.membership import StoryMembership
from pipeline.consumer.story import Story

__all__ = ["Event", "read_event"]

Value = EnrichedArticle | HeldBackArticle | Cluster | Story | StoryMembership

_TYPES: Final[Mapping[str, type[Value]]] = {
    "news.article.enriched.v1": EnrichedArticle,
    "news.article.revised.v1": EnrichedArticle,
    "news.article.retracted.v1": EnrichedArticle,
    "news.article.duplicate.v1": HeldBackArticle,
    "news.cluster.changed.v1": Cluster,
    "news.story.changed.v1": Story,
    "news.membership.changed.v1": StoryMembership,
}


class Event(Struct, frozen=True, kw_only=True):
    """What a record tells; docs/events.md has the meaning of the headers.

    `value` is None on news.articles.current.v1 where no article stands under the id. `subjects` are the codes of the
    reliable ones. Other fields are None where the header is absent, and `lane` is empty for live events.
    """

    id: str
    type: str
    subject: str
    revision: int
    time: str
    value: Value | None
    observed_at: str | None = None
    lane: str = ""
    language: str | None = None
    subjects: tuple[str, ...] = ()
    publisher: str | None = None


def read_event(headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Event | None:
    """Read an event.

    Args:
        headers: The headers of the record, as pairs of name and content.
        value: Its value.

    Returns:
        The event; None if its type is of a later release.

    Raises:
        ValueError: The record is no event, or its value is not of the published schema.
    """
    named = {name: content.decode() for name, content in headers if content is not None}
    kind = named.get("ce_type")
    if kind is None:
        raise ValueError("the record has no header ce_type")
    wanted = _TYPES.get(kind)
    if wanted is None:
        return None
    try:
        subjects = named.get("ce_subjects", "")
        return Event(
            id=named["ce_id"],
            type=kind,
            subject=named["ce_subject"],
            revision=int(named["ce_revision"]),
            time=named["ce_time"],
            value=None if value is None else msgspec.json.decode(value, type=wanted),
            observed_at=named.get("ce_observedat"),
            lane=named.get("ce_lane", ""),
            language=named.get("ce_language"),
            subjects=tuple(subjects.split(",")) if subjects else (),
            publisher=named.get("ce_publisher"),
        )
    except KeyError as missing:
        raise ValueError(f"the record has no header {missing}") from None
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a value of {kind}: {type(error).__name__}") from None
