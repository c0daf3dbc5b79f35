"""The listener that hubs call: to verify what was asked of them, and to push."""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from pipeline.downstream.web import STRICT_HEADERS
from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.feeds.clock import Clock
from pipeline.sources.feeds.websub.links import links_of
from pipeline.sources.feeds.websub.params import WebSubParams
from pipeline.sources.feeds.websub.pushes import Pushes
from pipeline.sources.feeds.websub.signature import is_signed
from pipeline.sources.feeds.websub.subscriptions import Subscription, Subscriptions

__all__ = ["Callback"]

log = get_logger(__name__)

_BODY_SECS: Final = 30.0
_BUSY_SECS: Final = "60"
_LEASE_DIGITS: Final = 12


class Callback:
    """Answers hubs. Whoever does not know the token of a subscription learns and changes nothing."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        pushes: Pushes,
        metrics: SourceMetrics,
        clock: Clock,
        *,
        lease_secs: int,
        params: WebSubParams | None = None,
    ) -> None:
        """Answer nobody yet.

        Args:
            subscriptions: What was asked of hubs.
            pushes: Takes what they push.
            metrics: Count what they do.
            clock: The present time.
            lease_secs: The lease of a hub that states none.
            params: What hubs may send.
        """
        self._subscriptions = subscriptions
        self._pushes = pushes
        self._metrics = metrics
        self._clock = clock
        self._lease_secs = lease_secs
        self._params = params or WebSubParams()
        self._in_progress = 0

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; what stands before the token is that of whatever is in front."""
        return [web.get("/{path:.*}", self.verify, allow_head=False), web.post("/{path:.*}", self.push)]

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, whatever happens."""
        response: web.StreamResponse
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status)
        except Exception:  # a request must not end the source; the hub sends it again
            log.exception("callback_failed", method=request.method)
            response = web.Response(status=500)
        if not request.content.is_eof():
            response.force_close()  # nobody reads the rest of a body that was refused
        response.headers.update(STRICT_HEADERS)
        return response

    async def verify(self, request: web.Request) -> web.Response:
        """Say whether a subscription was asked for, or hear that it was denied."""
        one, query, now = self._subscription(request), request.query, self._clock()
        counted = self._metrics.of("websub_verifications_total")
        challenge = query.get("hub.challenge", "")
        if one is None or query.get("hub.topic") != one.topic:
            counted.labels("refused").inc()
            return web.Response(status=404)
        if query.get("hub.mode") == "denied":
            counted.labels("denied").inc()
            log.warning("hub_denied", feed=one.feed)
            self._subscriptions.denied(one, now)
            return web.Response(status=200)
        is_asked = query.get("hub.mode") == "subscribe" and now < one.asked_until
        if not is_asked or not 0 < len(challenge) <= self._params.max_value_chars:
            counted.labels("refused").inc()
            return web.Response(status=404)
        counted.labels("repeated" if one.confirmed else "confirmed").inc()
        if not one.confirmed:  # a hub that did not get our answer asks again; that prolongs nothing
            self._subscriptions.confirm(one, self._lease(query.get("hub.lease_seconds", "")), now)
            log.info("hub_confirmed", feed=one.feed)
        return web.Response(text=challenge)

    async def push(self, request: web.Request) -> web.Response:
        """Take what a hub pushes; the answer comes when it is stored."""
        one = self._subscription(request)
        if one is None or one.leased_until <= self._clock():
            return self._pushed("unknown" if one is None else "expired", 410)
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return self._pushed("unreadable", 415)
        if (request.content_length or 0) > self._params.max_body_bytes:
            return self._pushed("too_large", 413)
        if self._in_progress >= self._params.max_pushes:
            return self._pushed("busy", 503)
        self._in_progress += 1
        try:
            return await self._take(one, request)
        finally:
            self._in_progress -= 1

    async def _take(self, one: Subscription, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(_BODY_SECS):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._pushed("too_large", 413)
        except TimeoutError:
            return self._pushed("unreadable", 408)
        # The recommendation has these acknowledged as well: what is wrong does not become right when it is sent again.
        if not is_signed(body, request.headers.get("X-Hub-Signature"), one.secret):
            log.warning("push_not_signed", feed=one.feed)
            return self._pushed("bad_signature", 202)
        links = links_of(", ".join(request.headers.getall("Link", [])), one.topic)
        if any(rel == "self" and where != one.topic for rel, where in links):
            return self._pushed("other_topic", 202)
        is_read = await self._pushes.take(one, body, request.headers.get("Content-Type"))
        return self._pushed("taken" if is_read else "unreadable", 202)

    def _subscription(self, request: web.Request) -> Subscription | None:
        return self._subscriptions.by_token(request.match_info["path"].rpartition("/")[2])

    def _lease(self, stated: str) -> float:
        is_number = stated.isascii() and stated.isdecimal() and len(stated) <= _LEASE_DIGITS
        return float(stated) if is_number else float(self._lease_secs)

    def _pushed(self, result: str, status: int) -> web.Response:
        self._metrics.of("websub_pushes_total").labels(result).inc()
        return web.Response(status=status, headers={"Retry-After": _BUSY_SECS} if status == 503 else None)
