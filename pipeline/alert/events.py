"""The stream of notifications: server-sent events, from where a reader has left off."""

import asyncio
from typing import Final

from aiohttp import web

from pipeline.alert.outbox import Outbox, Waiting
from pipeline.alert.state import AlertState
from pipeline.downstream.web import STRICT_HEADERS
from pipeline.observability.downstream_metrics import DownstreamMetrics

__all__ = ["EventStream", "place_of"]

_MOST_READERS: Final = 50
"""Connections at a time; each asks the database for what is new. Less than the connections of the server."""
_ROWS: Final = 200
_POLL_SECS: Final = 0.25
_BEAT_SECS: Final = 15.0
"""After this time without a notification a comment is sent, so that proxies and readers see that the stream lives."""
_SEND_SECS: Final = 30.0
"""A reader that takes nothing for so long is disconnected; it returns and continues where it was."""


class EventStream:
    """Sends notifications to those who hold a connection open."""

    def __init__(self, state: AlertState, outbox: Outbox, metrics: DownstreamMetrics) -> None:
        """Send nothing yet.

        Args:
            state: Tells when there is something new.
            outbox: Has the notifications.
            metrics: The metrics of the process.
        """
        self._state = state
        self._outbox = outbox
        self._readers = 0
        self._metric = metrics.of("alert_stream_readers")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Send notifications until the reader disconnects.

        Without `Last-Event-ID`, a reader gets those from now on; with one of this service, those after it that are
        still kept; with one of another, all that are kept.
        """
        last = request.headers.get("Last-Event-ID", request.query.get("after", ""))
        at = place_of(last, self._state.name, self._state.newest)
        if self._readers >= _MOST_READERS:
            return web.Response(status=503, text="503: too many readers\n")
        response = web.StreamResponse(headers={**STRICT_HEADERS, "Content-Type": "text/event-stream"})
        self._readers += 1
        self._metric.set(self._readers)
        try:
            await response.prepare(request)
            await self._stream(response, at)
        except (ConnectionError, TimeoutError):
            pass  # the reader is gone, or takes nothing
        finally:
            self._readers -= 1
            self._metric.set(self._readers)
        return response

    async def _stream(self, response: web.StreamResponse, at: int) -> None:
        loop = asyncio.get_running_loop()
        await _sent(response, b": connected\n\n")
        quiet_since = loop.time()
        while True:
            if self._state.newest > at:
                newest = self._state.newest
                rows = await asyncio.to_thread(self._outbox.after, at, _ROWS)
                for row in rows:
                    await _sent(response, self._event(row))
                at = rows[-1].seq if rows else newest
                quiet_since = loop.time()
                continue
            if loop.time() - quiet_since >= _BEAT_SECS:
                await _sent(response, b": \n\n")
                quiet_since = loop.time()
            await asyncio.sleep(_POLL_SECS)

    def _event(self, one: Waiting) -> bytes:
        # JSON has no line ends outside of texts, where they are escaped.
        return f"id: {self._state.name}-{one.seq}\nevent: alert\ndata: {one.value}\n\n".encode()


def place_of(last: str, name: str, newest: int) -> int:
    """Return the number after which a reader goes on.

    Args:
        last: The id of the last event that it has; empty for a new reader.
        name: The name of this state.
        newest: The number of the newest notification.
    """
    if not last:
        return newest
    state, _, number = last.rpartition("-")
    if state != name or not (number.isascii() and number.isdecimal() and len(number) < 19):
        return 0
    return min(int(number), newest)


async def _sent(response: web.StreamResponse, content: bytes) -> None:
    await asyncio.wait_for(response.write(content), _SEND_SECS)
