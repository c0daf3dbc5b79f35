"""Asks hubs to push feeds, and to go on, each in its turn."""

import asyncio
import functools
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import urlencode, urljoin

from pipeline.fetching.answer import Answer
from pipeline.fetching.errors import FetchFailed, FetchRefused
from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.errors_by_kind import kind_of_status
from pipeline.sources.feeds.hosts import Hosts
from pipeline.sources.feeds.repeating import repeat
from pipeline.sources.feeds.requests import host_of
from pipeline.sources.feeds.websub.params import WebSubParams
from pipeline.sources.feeds.websub.subscriptions import Subscription, Subscriptions

__all__ = ["HubClient", "Subscriber"]

log = get_logger(__name__)

_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_KEEPING_METHOD: Final = frozenset({307, 308})
_REDIRECTS: Final = 3


class HubClient(Protocol):
    """The client: `GuardedHttp`."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a body; raises FetchRefused and FetchFailed."""
        ...


class Subscriber:
    """Sends the requests that are due."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        http: HubClient,
        hosts: Hosts,
        metrics: SourceMetrics,
        clock: Clock,
        *,
        callback_url: str,
        lease_secs: int,
        params: WebSubParams | None = None,
    ) -> None:
        """Ask nobody yet.

        Args:
            subscriptions: What is asked for.
            http: The client.
            hosts: The turns.
            metrics: Count requests.
            clock: The present time.
            callback_url: Under which hubs reach us.
            lease_secs: How long a subscription should last.
            params: When hubs are asked.
        """
        self._subscriptions = subscriptions
        self._http = http
        self._hosts = hosts
        self._metrics = metrics
        self._clock = clock
        self._callback_url = callback_url.rstrip("/")
        self._lease_secs = lease_secs
        self._params = params or WebSubParams()
        self._submitted: set[str] = set()

    @property
    def waiting(self) -> int:
        """Number of requests that wait for their turn or their answer."""
        return len(self._submitted)

    async def run(self, stop: asyncio.Event) -> None:
        """Hand requests to the turns of their hubs when they are due, until `stop` is set."""
        await repeat(self.look, self._params.look_secs, stop)

    def look(self) -> None:
        """Hand over what is due now."""
        now = self._clock()
        self._metrics.of("pushed_feeds").set(self._subscriptions.count(now))
        for one in self._subscriptions.due(now, self._params.most):
            if one.token not in self._submitted:
                self._submitted.add(one.token)
                self._hosts.submit(host_of(one.hub), functools.partial(self._ask, one))

    async def _ask(self, one: Subscription) -> None:
        try:
            self._subscriptions.asking(one, self._clock())
            failure = await self._request(one)
            self._metrics.of("websub_requests_total").labels("accepted" if failure is None else "failed").inc()
            if failure is not None:
                log.info("hub_failed", feed=one.feed, host=host_of(one.hub), kind=failure)
                self._subscriptions.fail(one, failure)
        finally:
            self._submitted.discard(one.token)

    async def _request(self, one: Subscription) -> str | None:
        """Ask a hub; return the kind of failure, or None."""
        body = urlencode(
            {
                "hub.mode": "subscribe",
                "hub.topic": one.topic,
                "hub.callback": f"{self._callback_url}/{one.token}",
                "hub.lease_seconds": self._lease_secs,
                "hub.secret": one.secret,
            }
        ).encode()
        url = one.hub
        for left in range(_REDIRECTS, -1, -1):
            try:
                answer = await self._http.post(url, body, _FORM)
            except (FetchRefused, FetchFailed) as error:
                return error.reason
            location = answer.headers.get("location")
            if answer.status not in _KEEPING_METHOD or not location:
                return None if 200 <= answer.status < 300 else kind_of_status(answer.status)
            url = _joined(url, location)
            if not left or not self._subscriptions.trusts(url):  # the secret goes to trusted hubs only
                break
            await self._hosts.move(host_of(url))
        return "redirects"


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        return ""
