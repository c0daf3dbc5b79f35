"""Notices that topics change under a running worker: deleted, more partitions, timestamps from clients.

A restart does not help against any of these, so the worker ends with a `ConfigError` (docs/operations.md, Topics that
change under running workers).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping

from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.observability.logging import get_logger
from pipeline.wire.catalogue import Catalogue

__all__ = ["TopicShapes", "TopicWatch", "WatchedTopic", "watched_topics"]

log = get_logger(__name__)

TopicShapes = Callable[[Collection[str]], Awaitable[Mapping[str, int] | None]]
"""Returns the partitions of the topics that exist; None if the broker cannot tell."""
TimestampTypes = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""Returns who sets the timestamps, of topics whose settings may be read."""

_INTERVAL_SECS = 6.0
_ASK_SECS = 5.0
_MISSED = 3
"""Comparisons in a row without a topic until it counts as deleted: one that is created again at once is not."""
_BROKER_TIME = "LogAppendTime"


class WatchedTopic(Struct, frozen=True):
    """What must stay true of a topic.

    Attributes:
        name: Full name.
        partitions: Its partitions; None if their number does not matter.
        broker_time: Whether brokers set the timestamps of its records.
    """

    name: str
    partitions: int | None
    broker_time: bool


def watched_topics(catalogue: Catalogue, reads: Collection[str], writes: Collection[str]) -> list[WatchedTopic]:
    """Return what must stay true of a worker's topics: dead letters may have any number of partitions."""
    found = []
    for name in sorted({*reads, *writes}):
        spec = catalogue.topic(name)
        counted = spec.kind in ("article", "log")
        found.append(
            WatchedTopic(
                name=name,
                partitions=catalogue.partitions(spec) if counted else None,
                broker_time=name in reads and spec.timestamp_type == "LogAppendTime",
            )
        )
    return found


class TopicWatch:
    """Compares topics with what a worker was started for."""

    def __init__(self, topics: Collection[WatchedTopic], shapes: TopicShapes, timestamps: TimestampTypes) -> None:
        """Take the topics, and who is asked about them."""
        self._topics = {topic.name: topic for topic in topics}
        self._shapes, self._timestamps = shapes, timestamps
        self._timed = frozenset(topic.name for topic in topics if topic.broker_time)
        self._missed: Counter[str] = Counter()
        self._told = False

    async def check(self) -> None:
        """Compare once; do nothing while no broker answers.

        Raises:
            ConfigError: A topic is not as it has to be.
        """
        try:
            async with asyncio.timeout(_ASK_SECS):
                shapes = await self._shapes(self._topics)
                timestamps = await self._timestamps(self._timed)
        except Exception:  # noqa: BLE001  an unavailable broker is not this worker's failure
            return
        if shapes is not None:
            self._compare_shapes(shapes)
        self._compare_timestamps(timestamps)

    async def keep_watching(self, fail: Callable[[BaseException], None]) -> None:
        """Compare again and again; call `fail` with what is wrong."""
        try:
            while True:
                await asyncio.sleep(_INTERVAL_SECS)
                await self.check()
        except ConfigError as exc:
            fail(exc)

    def _compare_shapes(self, shapes: Mapping[str, int]) -> None:
        for name, topic in self._topics.items():
            found = shapes.get(name)
            self._missed[name] = self._missed[name] + 1 if found is None else 0
            if self._missed[name] >= _MISSED:
                raise ConfigError(
                    f"topic {name} was deleted, or this principal may not see it any more: `news-pipeline topics "
                    "apply` creates it again, empty"
                )
            if found is not None and topic.partitions is not None and found != topic.partitions:
                raise ConfigError(
                    f"topic {name} has {found} partitions, and had {topic.partitions} when this worker started. The "
                    "partition of an article follows from their number: stop the fetchers, and go on as in "
                    "docs/operations.md, Adding partitions"
                )

    def _compare_timestamps(self, timestamps: Mapping[str, str]) -> None:
        wrong = sorted(name for name, kind in timestamps.items() if kind != _BROKER_TIME)
        if wrong:
            raise ConfigError(
                f"topic {wrong[0]} has message.timestamp.type {timestamps[wrong[0]]}, so that the clocks of clients "
                f"would count as times of arrival: `news-pipeline topics apply` sets {_BROKER_TIME}"
            )
        unknown = sorted(self._timed - set(timestamps))
        if unknown and not self._told:
            self._told = True
            log.warning("topic_settings_unknown", topics=unknown, setting="message.timestamp.type")
