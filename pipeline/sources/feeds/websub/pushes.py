"""What a hub pushes takes the way of what is polled: read, compared with what is known, queued in one step."""

import msgspec

from pipeline.sources.feeds.intake import Intake
from pipeline.sources.feeds.items import ParseFailure
from pipeline.sources.feeds.poller import PollTools
from pipeline.sources.feeds.rhythm import RhythmParams
from pipeline.sources.feeds.websub.params import WebSubParams
from pipeline.sources.feeds.websub.subscriptions import Subscription

__all__ = ["Pushes"]


class Pushes:
    """Takes pushed bodies."""

    def __init__(self, tools: PollTools, rhythm: RhythmParams, params: WebSubParams | None = None) -> None:
        """Take nothing yet.

        Args:
            tools: What a poll uses.
            rhythm: How often feeds are polled.
            params: What hubs may send.
        """
        self._tools = tools
        self._intake = Intake(tools.store, tools.reader, tools.metrics, rhythm)
        self._params = params or WebSubParams()

    async def take(self, one: Subscription, body: bytes, content_type: str | None) -> bool:
        """Store what is new in a body; return whether it could be read. When this returns, nothing is lost any more.

        Args:
            one: The subscription.
            body: What was pushed, with a signature that fits.
            content_type: Its header.
        """
        tools = self._tools
        parsed = await tools.parsing(body, content_type, one.topic, self._params.max_body_bytes)
        if isinstance(parsed, ParseFailure) or parsed.kind != "feed":
            return False
        now = tools.clock()
        feed = tools.store.feed(one.feed)
        found = self._intake.compare(feed, parsed, now)
        tools.store.pushed(feed, found.items, found.new, now, msgspec.msgpack.encode(found.arrivals))
        self._intake.count(found)
        tools.metrics.succeeded()
        if found.new:
            tools.outbox.wake()
        return True
