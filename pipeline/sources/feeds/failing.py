"""Feeds that fail, as metrics: how many, and for how long those that have failed the longest."""

import asyncio
from typing import Final

from msgspec import Struct

from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.database import Database
from pipeline.sources.feeds.repeating import repeat
from pipeline.sources.feeds.status import retired_sources

__all__ = ["FailingFeeds", "FailingParams"]


class FailingParams(Struct, frozen=True, kw_only=True):
    """What is shown of feeds that fail."""

    after_secs: float = 3600.0
    """A shorter failure has no series of its own: most pass by themselves."""
    most: int = 100
    """Feeds with a series of their own. Chosen: more are one failure of ours, which the total shows."""
    most_retired: int = 1000
    """Sources that are named because all of their feeds were retired. Chosen: a list that is kept has a few."""
    interval_secs: float = 15.0
    """Between two looks, as often as Prometheus usually asks."""


_DEFAULTS: Final = FailingParams()


class FailingFeeds:
    """Keeps the metrics of failing and retired feeds."""

    def __init__(
        self, database: Database, metrics: SourceMetrics, clock: Clock, params: FailingParams = _DEFAULTS
    ) -> None:
        """Show nothing yet.

        Args:
            database: The state.
            metrics: The metrics of the process.
            clock: The present time.
            params: What is shown.
        """
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._params = params

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again, until `stop` is set."""
        await repeat(self.look, self._params.interval_secs, stop)

    def look(self) -> None:
        """Set the metrics to what is true now."""
        now = self._clock()
        (failing,) = self._database.one("SELECT count(*) FROM feeds WHERE listed AND retired IS NULL AND failures > 0")
        (retired,) = self._database.one("SELECT count(*) FROM feeds WHERE listed AND retired IS NOT NULL")
        self._metrics.of("failing_feeds").set(failing)
        self._metrics.of("retired_feeds").set(retired)
        ended = self._metrics.of("retired_source_info")
        ended.clear()
        for source in retired_sources(self._database, self._params.most_retired):
            ended.labels(source).set(1)
        longest = self._database.all(
            "SELECT source, id, failing_since FROM feeds WHERE listed AND retired IS NULL AND failing_since <= ?"
            " ORDER BY failing_since LIMIT ?",
            now - self._params.after_secs,
            self._params.most,
        )
        gauge = self._metrics.of("feed_failing_seconds")
        gauge.clear()
        for source, number, since in longest:
            gauge.labels(source, str(number)).set(now - since)
