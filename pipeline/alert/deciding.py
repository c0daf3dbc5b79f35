"""Decides who is notified of an event: once of each story, again of a correction or a withdrawal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from pipeline.alert.article_event import ArticleEvent
from pipeline.alert.notification import Notification, notification_id
from pipeline.alert.saved_query import Reason, SavedQuery
from pipeline.domain.times import from_epoch_ms

__all__ = ["Decided", "Memory", "Named", "Version", "decide_again", "decide_new", "is_newer", "named_before"]

_RENUMBERED_MS: Final = 7 * 86_400_000
"""An event that is later by more than this replaces a higher revision: numbering has started again. The exact window of
deduplication, as rule 3 of docs/consumers.md has it."""


class Version(Struct, frozen=True):
    """The newest version of an article that was read."""

    revision: int
    time_ms: int
    cluster: str


class Named(Struct, frozen=True, kw_only=True):
    """An article that stood for a story when a query was notified.

    story: the id of its story that notifications have; cluster: its cluster then.
    first: the id of the first notification of the story, also if nobody wanted it.
    is_withdrawn: whether it is withdrawn since.
    """

    query: str
    article: str
    story: str
    cluster: str
    first: str
    is_withdrawn: bool = False


class Decided(Struct, frozen=True, kw_only=True):
    """What comes of an event: notifications, articles to be remembered, and stories that a query now knows."""

    told: Sequence[Notification] = ()
    remembered: Sequence[Named] = ()
    known: Sequence[tuple[str, str]] = ()


class Memory(Protocol):
    """What has been notified."""

    def named(self, article: str) -> Mapping[str, Named]:
        """Return what is remembered of an article, by query."""
        ...

    def has_story(self, query: str, story: str) -> bool:
        """Return whether a query was notified of a story."""
        ...


def is_newer(event: ArticleEvent, known: Version | None) -> bool:
    """Return whether an event is not older than what is known of its article, and not the same."""
    if known is None or event.revision > known.revision:
        return True
    return event.time_ms > known.time_ms + _RENUMBERED_MS


def named_before(event: ArticleEvent, memory: Memory) -> Mapping[str, Named]:
    """Return what is remembered of an article, by query; nothing of another one that had its URL before."""
    return {query: one for query, one in memory.named(event.id).items() if one.cluster == event.cluster}


def decide_again(event: ArticleEvent, before: Mapping[str, Named], queries: Mapping[str, SavedQuery]) -> Decided:
    """Decide about a correction or withdrawal of an article that notifications have named.

    Args:
        event: A new version of the article.
        before: What is remembered of it, by query.
        queries: All queries, by id; what is remembered for others stays as it is.
    """
    told: list[Notification] = []
    remembered: list[Named] = []
    for query, one in before.items():
        reason = _again(event, one)
        if one.is_withdrawn != event.is_withdrawn:
            remembered.append(replace(one, is_withdrawn=event.is_withdrawn))
        if reason is not None and query in queries:
            told += _notified(event, queries[query], reason, one.first, one.story)
    return Decided(told=told, remembered=remembered)


def decide_new(event: ArticleEvent, matches: Sequence[SavedQuery], stories: Sequence[str], memory: Memory) -> Decided:
    """Decide about the story of an article that no notification has named.

    Args:
        event: A version of the article.
        matches: The queries that it matches.
        stories: All ids of its story, that which notifications have first. A query that knows one of them is not
            notified, and knows all of them from then on.
        memory: What was notified before.
    """
    told: list[Notification] = []
    remembered: list[Named] = []
    known: list[tuple[str, str]] = []
    for saved in matches:
        unknown = [(saved.id, story) for story in stories if not memory.has_story(saved.id, story)]
        known += unknown
        if len(unknown) < len(stories):
            continue
        first = notification_id(saved.id, "new", stories[0], event.id, event.revision)
        remembered.append(Named(query=saved.id, article=event.id, story=stories[0], cluster=event.cluster, first=first))
        told += _notified(event, saved, "new", first, stories[0])
    return Decided(told=told, remembered=remembered, known=known)


def _again(event: ArticleEvent, known: Named) -> Reason | None:
    """Return why somebody who knows an article is told of it again."""
    if event.is_withdrawn or event.has_notice:
        return None if known.is_withdrawn else "withdrawal"
    if known.is_withdrawn:
        return "correction"  # it stands again
    return "correction" if event.is_corrected else None


def _notified(event: ArticleEvent, saved: SavedQuery, reason: Reason, first: str, story: str) -> Iterable[Notification]:
    if reason not in saved.on:
        return
    yield Notification(
        id=notification_id(saved.id, reason, story, event.id, event.revision),
        query=saved.id,
        reason=reason,
        story=story,
        article=event.id,
        revision=event.revision,
        first=first,
        time=from_epoch_ms(event.time_ms),
        changed=event.changed,
        sinks=saved.sinks,
        shown=event.shown,
    )
