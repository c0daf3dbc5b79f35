"""WebSub put together: the requests to hubs, and the listener that they call."""

import asyncio
from typing import Self

from pipeline.downstream.web import WebParams, WebServer
from pipeline.observability.logging import get_logger
from pipeline.settings import ServingSettings, WebSubSettings
from pipeline.sources.feeds.hosts import Hosts
from pipeline.sources.feeds.poller import PollTools
from pipeline.sources.feeds.rhythm import RhythmParams
from pipeline.sources.feeds.websub.callback import Callback
from pipeline.sources.feeds.websub.params import WebSubParams
from pipeline.sources.feeds.websub.pushes import Pushes
from pipeline.sources.feeds.websub.subscriber import HubClient, Subscriber
from pipeline.sources.feeds.websub.subscriptions import Subscriptions

__all__ = ["WebSub"]

log = get_logger(__name__)


class WebSub:
    """Subscriptions at work, from `run` until its `stop`."""

    def __init__(self, subscriber: Subscriber, server: WebServer, callback: Callback) -> None:
        """Take the parts; `made` makes them."""
        self._subscriber = subscriber
        self._server = server
        self._callback = callback

    @classmethod
    def made(
        cls,
        settings: WebSubSettings,
        subscriptions: Subscriptions,
        tools: PollTools,
        rhythm: RhythmParams,
        http: HubClient,
        hosts: Hosts,
        params: WebSubParams | None = None,
    ) -> Self:
        """Make the parts.

        Args:
            settings: Hubs and addresses.
            subscriptions: The state.
            tools: What a poll uses.
            rhythm: How often feeds are polled.
            http: The client.
            hosts: The turns.
            params: Bounds.
        """
        params = params or WebSubParams()
        callback = Callback(
            subscriptions,
            Pushes(tools, rhythm, params),
            tools.metrics,
            tools.clock,
            lease_secs=settings.lease_secs,
            params=params,
        )
        subscriber = Subscriber(
            subscriptions,
            http,
            hosts,
            tools.metrics,
            tools.clock,
            callback_url=settings.callback_url or "",
            lease_secs=settings.lease_secs,
            params=params,
        )
        server = WebServer(
            ServingSettings(host=settings.host, port=settings.port),
            WebParams(max_body_bytes=params.max_body_bytes),
            front=callback.guard,
            decodes_bodies=False,
        )
        return cls(subscriber, server, callback)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._server.port

    async def run(self, stop: asyncio.Event) -> None:
        """Listen and ask, until `stop` is set.

        Raises:
            ConfigError: The address is invalid or in use.
        """
        await self._server.start(self._callback.routes())
        log.info("websub_listening", port=self.port)
        try:
            await self._subscriber.run(stop)
        finally:
            await self._server.stop()
