"""Notices that a topic was deleted and created again: offsets and folded logs then belong to something that is gone.

The worker ends and starts anew, and `StartOffsets` compares the log that an offset was committed for with the one that
is there (docs/operations.md, "Topics created again"). Without this, a worker would wait at its old offset until the new
log has grown beyond it, and pass over everything before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

from pipeline.errors import FatalError
from pipeline.observability.logging import get_logger

__all__ = ["LogWatch", "TopicIds"]

log = get_logger(__name__)

TopicIds = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Returns the ids of the topics that exist; none on a broker without ids."""

_ID_DIGITS = 12  # of 32: enough to tell two logs apart, and short enough for every commit
_INTERVAL_SECS = 4.0
_ASK_SECS = 5.0
_ANSWER_SECS = 60.0  # as NEWS_KAFKA__REQUEST_TIMEOUT_SECS
_PAUSE_SECS = 0.2


class LogWatch:
    """Knows the ids of the topics that a worker reads."""

    def __init__(self, ids: TopicIds, topics: Collection[str]) -> None:
        """Ask nothing yet; `topics` are the full names of the topics to watch."""
        self._ids = ids
        self._topics = topics
        self._known: dict[str, str] = {}
        self._compared_at = 0.0

    async def id_of(self, topic: str) -> str:
        """Return the beginning of a topic's id; empty where topics have none.

        Raises:
            FatalError: The topic is another one than before.
            TimeoutError: No broker answers.
        """
        async with asyncio.timeout(_ANSWER_SECS):
            while not await self._is_compared():  # noqa: ASYNC110  a broker sends no event when it is back
                await asyncio.sleep(_PAUSE_SECS)
        return self._known.get(topic, "")[:_ID_DIGITS]

    async def check(self, since: float | None = None) -> None:
        """Compare the ids with those before; do nothing while no broker answers.

        Args:
            since: A time of the monotonic clock; a comparison that was begun later need not be made again.

        Raises:
            FatalError: A topic was deleted and created again.
        """
        if since is None or self._compared_at < since:
            await self._is_compared()

    async def keep_watching(self, fail: Callable[[BaseException], None]) -> None:
        """Compare the ids again and again, also while nothing is committed; call `fail` when they differ."""
        try:
            while True:
                await asyncio.sleep(_INTERVAL_SECS)
                await self.check()
        except FatalError as exc:
            fail(exc)

    async def _is_compared(self) -> bool:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_ASK_SECS):
                found = await self._ids(self._topics)
        except Exception:  # noqa: BLE001  an unavailable broker is not this worker's failure
            return False
        for topic, known in self._known.items():
            if topic in found and found[topic] != known:
                log.error("topic_created_again", topic=topic, former=known, present=found[topic])
                raise FatalError(f"{topic} was deleted and created again: the worker starts anew on the new log")
        self._known |= found
        self._compared_at = began
        return True
