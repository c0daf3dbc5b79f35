"""Decides who is notified of an event: once of each story, again of a correction or a withdrawal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from pipeline.alert.article_event import ArticleEvent
from pipeline.alert.notification import Notification, notification_id
from pipeline.alert.saved_query import Reason, SavedQuery
from pipeline.domain.times import from_epoch_ms

__all__ = ["Memory", "Named", "Version", "decide", "is_newer"]

_RENUMBERED_MS: Final = 7 * 86_400_000
"""An event that is later by more than this replaces a higher revision: numbering has started again. The exact window of
deduplication, as rule 3 of docs/consumers.md has it."""


class Version(Struct, frozen=True):
    """The newest version of an article that was read."""

    revision: int
    time_ms: int


class Named(Struct, frozen=True, kw_only=True):
    """An article that stood for a story when a query was notified.

    first: the id of the first notification of the story, also if nobody wanted it.
    is_withdrawn: whether it is withdrawn since.
    """

    query: str
    article: str
    story: str
    first: str
    is_withdrawn: bool = False


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


def decide(
    event: ArticleEvent, matches: Sequence[SavedQuery], queries: Mapping[str, SavedQuery], memory: Memory
) -> tuple[list[Notification], list[Named]]:
    """Return the notifications of an event, and what must be remembered.

    Args:
        event: A new version of an article.
        matches: The queries that it matches; none if it is withdrawn.
        queries: All queries, by id; what is remembered for others stays as it is.
        memory: What was notified before.
    """
    told: list[Notification] = []
    remembered: list[Named] = []
    before = {query: one for query, one in memory.named(event.id).items() if one.story == event.story}
    for query, one in before.items():
        reason = _again(event, one)
        if one.is_withdrawn != event.is_withdrawn:
            remembered.append(replace(one, is_withdrawn=event.is_withdrawn))
        if reason is not None and query in queries:
            told += _notified(event, queries[query], reason, one.first)
    for saved in matches:
        if saved.id in before or memory.has_story(saved.id, event.story):
            continue
        first = notification_id(saved.id, "new", event.story, event.id, event.revision)
        remembered.append(Named(query=saved.id, article=event.id, story=event.story, first=first))
        told += _notified(event, saved, "new", first)
    return told, remembered


def _again(event: ArticleEvent, known: Named) -> Reason | None:
    """Return why somebody who knows an article is told of it again."""
    if event.is_withdrawn or event.has_notice:
        return None if known.is_withdrawn else "withdrawal"
    if known.is_withdrawn:
        return "correction"  # it stands again
    return "correction" if event.is_corrected else None


def _notified(event: ArticleEvent, saved: SavedQuery, reason: Reason, first: str) -> Iterable[Notification]:
    if reason not in saved.on:
        return
    yield Notification(
        id=notification_id(saved.id, reason, event.story, event.id, event.revision),
        query=saved.id,
        reason=reason,
        story=event.story,
        article=event.id,
        revision=event.revision,
        first=first,
        time=from_epoch_ms(event.time_ms),
        changed=event.changed,
        sinks=saved.sinks,
        shown=event.shown,
    )
