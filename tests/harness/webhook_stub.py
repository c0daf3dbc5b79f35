"""A receiver of webhooks, which checks signatures and can be slow or fail."""

import base64
import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from typing import Any

import orjson

from tests.harness.local_server import LocalServer

__all__ = ["WebhookStub"]


class WebhookStub(LocalServer):
    """A server on the loopback address for the duration of a `with` block."""

    def __init__(
        self, key: bytes, answer: Callable[[dict[str, Any]], int] = lambda _: 204, delay_secs: float = 0.0
    ) -> None:
        """Take what answers: the status for a notification, and how long that takes."""
        self.taken: list[dict[str, Any]] = []
        self.bad_signatures = 0
        self.requests = 0
        self.answer = answer
        self.delay_secs = delay_secs
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.requests += 1
                if stub.delay_secs:
                    time.sleep(stub.delay_secs)
                signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
                wanted = f"v1,{base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()}"
                value = orjson.loads(body)
                is_good = hmac.compare_digest(wanted, self.headers["webhook-signature"])
                stub.bad_signatures += not is_good or value["id"] != self.headers["webhook-id"]
                status = stub.answer(value)
                if 200 <= status < 300:
                    stub.taken.append(value)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(Handler)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.address}/hook"
