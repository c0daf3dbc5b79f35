"""A small hub on loopback: it takes requests, verifies them when told to, and pushes."""

import asyncio
import hashlib
import hmac
import http.client
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.harness.local_server import LocalServer

__all__ = ["Heard", "WebSubHub"]


class Heard(NamedTuple):
    """What a subscriber answered."""

    status: int
    body: str


class WebSubHub(LocalServer):
    """Answers requests for subscriptions with `status`; `location` is where it redirects to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 202
        self.location: str | None = None
        super().__init__(_handler(self))

    async def verify(self, asked: dict[str, str], challenge: str = "c-1", **other: str | None) -> Heard:
        """Ask the subscriber whether it wants this; `other` replaces what a hub would say, without `hub.`."""
        said: dict[str, str | None] = {
            "mode": asked["hub.mode"],
            "topic": asked["hub.topic"],
            "challenge": challenge,
            "lease_seconds": asked["hub.lease_seconds"],
        }
        query = {f"hub.{name}": value for name, value in (said | other).items() if value is not None}
        return await self._call("GET", f"{asked['hub.callback']}?{urlencode(query)}", b"", {})

    async def push(self, asked: dict[str, str], body: str, *, method: str = "sha256", **headers: str) -> Heard:
        """Push a body with its signature; of header names, `_` is `-`."""
        data = body.encode()
        digest = hmac.new(asked["hub.secret"].encode(), data, getattr(hashlib, method)).hexdigest()
        sent = {
            "Content-Type": "application/rss+xml",
            "Link": f'<{self.address}/>; rel="hub", <{asked["hub.topic"]}>; rel="self"',
            "X-Hub-Signature": f"{method}={digest}",
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._call("POST", asked["hub.callback"], data, sent | named)

    async def _call(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Heard:
        def call() -> Heard:
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.netloc, timeout=20)
            connection.request(method, f"{parts.path}?{parts.query}", body or None, headers)
            response = connection.getresponse()
            heard = Heard(response.status, response.read().decode())
            connection.close()
            return heard

        return await asyncio.to_thread(call)


def _handler(hub: WebSubHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            hub.asked.append(dict(parse_qsl(body)))
            self.send_response(hub.status)
            if hub.location is not None:
                self.send_header("Location", hub.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's signature
            """Log nothing."""

    return Handler
