"""From the items of a body to what is queued: the same way for what was polled and for what a hub pushed."""

from msgspec import Struct

from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.items import Parsed
from pipeline.sources.feeds.polled_items import ItemReader
from pipeline.sources.feeds.rhythm import RhythmParams, arrivals_after
from pipeline.sources.feeds.store import FeedStore, PolledItem, StoredFeed

__all__ = ["Compared", "Intake"]


class Compared(Struct, frozen=True, kw_only=True):
    """The items of a body, compared with what is known.

    Attributes:
        items: All of them.
        new: Those that are to be sent.
        refused: How many cannot become articles.
        arrivals: The latest arrivals of the feed, oldest first, in epoch seconds.
    """

    items: tuple[PolledItem, ...]
    new: tuple[PolledItem, ...]
    refused: int
    arrivals: list[float]


class Intake:
    """Compares and counts items. It stores nothing."""

    def __init__(self, store: FeedStore, reader: ItemReader, metrics: SourceMetrics, rhythm: RhythmParams) -> None:
        """Take what is known of feeds.

        Args:
            store: What is known of items.
            reader: Makes raw records of items.
            metrics: Count items.
            rhythm: How many arrivals are kept.
        """
        self._store = store
        self._reader = reader
        self._metrics = metrics
        self._rhythm = rhythm

    def compare(self, feed: StoredFeed, parsed: Parsed | None, now: float) -> Compared:
        """Return which items of a body are new.

        Args:
            feed: Their feed.
            parsed: The body; None if it has not changed.
            now: The present time in epoch seconds.
        """
        if parsed is None:
            return Compared(items=(), new=(), refused=0, arrivals=arrivals_after(feed.arrivals, (), now, self._rhythm))
        read = self._reader.read(feed, parsed, now)
        changed = self._store.new_items(feed.id, read.items)
        ready = (self._reader.ready(feed, item, now) for item in changed)
        new = tuple(item for item in ready if item is not None)
        times = [read.published.get(item.key) for item in new]
        if feed.kind is None:  # all are new, so those that state no time did not arrive now
            times = [time for time in times if time is not None]
        return Compared(
            items=read.items,
            new=new,
            refused=read.refused + len(changed) - len(new),
            arrivals=arrivals_after(feed.arrivals, times, now, self._rhythm),
        )

    def count(self, found: Compared) -> None:
        """Count items after they were stored."""
        counted = self._metrics.of("feed_items_total")
        counted.labels("new").inc(sum(not item.is_known for item in found.new))
        counted.labels("updated").inc(sum(item.is_known for item in found.new))
        counted.labels("refused").inc(found.refused)
        counted.labels("unchanged").inc(len(found.items) - len(found.new))
