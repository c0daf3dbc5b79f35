"""Events that match a query and wait for the story of their article, which comes after them on another topic."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.alert.article_event import ArticleEvent
from pipeline.alert.params import STORY_WAIT, StoryWaitParams
from pipeline.observability.logging import get_logger
from pipeline.wire.catalogue import MEMBERSHIPS

__all__ = ["StoryRule", "Waiting", "WaitingEvents", "Waits"]

log = get_logger(__name__)

Waits = Literal["auto", "on", "off"]
"""Whether events wait: while memberships are written, always, or never."""


class StoryRule(Struct, frozen=True, kw_only=True):
    """Where stories are told, and how long events wait for that.

    topic: the topic of memberships by its name on the cluster. waits: whether events wait, if that topic is read.
    wait_secs: longest wait.
    """

    topic: str = MEMBERSHIPS
    waits: Waits = "off"
    wait_secs: float = 2.0


class Waiting(Struct, frozen=True, kw_only=True):
    """An event that waits.

    queries: ids of the queries that it matches. since_ms: when it was read, epoch milliseconds.
    """

    event: ArticleEvent
    queries: tuple[str, ...]
    since_ms: int

    @property
    def packed(self) -> bytes:
        """The event as it is stored."""
        return msgspec.json.encode(self)


_STORED: Final = msgspec.json.Decoder(Waiting)


class WaitingEvents:
    """The events that wait, the newest of each article, and the decision whether a further one does."""

    def __init__(
        self, rule: StoryRule, stored: Iterable[bytes], *, is_fed: bool, params: StoryWaitParams = STORY_WAIT
    ) -> None:
        """Take over what waited in a former process; its time begins again, as memberships are still to be read.

        Args:
            rule: Whether events wait, and for how long.
            stored: Events, packed.
            is_fed: Whether a membership was ever read.
            params: Bounds.
        """
        self._waits = rule.waits
        self._wait_ms = int(rule.wait_secs * 1000)
        self._params = params
        self._by_article = {one.event.id: one for one in map(_STORED.decode, stored)}
        self._in_vain = 0
        self._is_fed = is_fed
        self.changed: set[str] = set()

    def __len__(self) -> int:
        """Count the events."""
        return len(self._by_article)

    def __iter__(self) -> Iterator[Waiting]:
        """Return all events, in the order in which they came."""
        return iter(tuple(self._by_article.values()))

    @property
    def is_expected(self) -> bool:
        """Whether an event without a membership waits for one."""
        if self._waits == "auto":
            return self._is_fed and self._in_vain < self._params.in_vain
        return self._waits == "on"

    def never(self) -> None:
        """Let no event wait, because memberships are not read."""
        self._waits = "off"

    def begin(self, now_ms: int) -> None:
        """Let the time of all events begin."""
        self._by_article = {name: replace(one, since_ms=now_ms) for name, one in self._by_article.items()}

    def get(self, article: str) -> Waiting | None:
        """Return the event of an article."""
        return self._by_article.get(article)

    def put(self, one: Waiting) -> None:
        """Let an event wait, instead of an older one of its article."""
        self.take(one.event.id)
        self._by_article[one.event.id] = one
        self.changed.add(one.event.id)

    def take(self, article: str) -> Waiting | None:
        """Return the event of an article, which waits no longer."""
        found = self._by_article.pop(article, None)
        if found is not None:
            self.changed.add(article)
        return found

    def fed(self) -> None:
        """Note that a membership was read."""
        self._is_fed = True
        self._in_vain = 0

    def overdue(self, now_ms: int, *, caught_up: bool) -> list[Waiting]:
        """Take the events that have waited in vain, and the oldest of too many.

        Args:
            now_ms: The time, epoch milliseconds.
            caught_up: Whether all memberships that were there at the start are read.
        """
        longest = self._wait_ms if caught_up else int(self._params.catching_up_secs * 1000)
        surplus = len(self) - self._params.max_waiting
        found = [one for place, one in enumerate(self) if place < surplus or now_ms - one.since_ms >= longest]
        for one in found:
            self.take(one.event.id)
            self._in_vain += 1
            if self._in_vain == self._params.in_vain and self._waits == "auto":
                log.warning("memberships_missing", waited_in_vain=self._in_vain)
        return found
