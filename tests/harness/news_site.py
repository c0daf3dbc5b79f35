"""A site with feeds and pages on loopback, in a thread of its own, that logs every request with its time."""

import email.utils
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.harness.local_server import LocalServer

__all__ = ["Asked", "NewsSite", "Reply", "rss"]

RSS = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Gazette</title>{}</channel></rss>'


class Reply(NamedTuple):
    """What a path is answered with."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Asked(NamedTuple):
    """One request: when it came, its path, its headers in lower case, and the answer's status."""

    at: float
    host: str
    path: str
    headers: Mapping[str, str]
    status: int


class NewsSite(LocalServer):
    """Answers GET by the path, with ETag and Last-Modified, and 304 where they fit."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.most_at_once: Counter[str] = Counter()
        self._replies: dict[str, Reply | Callable[[str], Reply]] = {}
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def put(self, path: str, body: str | bytes, *, status: int = 200, **headers: str) -> None:
        """Set what a path is answered with; of header names, `_` is `-`."""
        data = body.encode() if isinstance(body, str) else body
        self._replies[path] = Reply(status, data, {name.replace("_", "-"): value for name, value in headers.items()})

    def put_answer(self, path: str, answer: Callable[[str], Reply]) -> None:
        """Have a path answered by a function of the path."""
        self._replies[path] = answer

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def reply(self, path: str) -> Reply:
        found = self._replies.get(path) or self._replies.get("*")
        if found is None:
            return Reply(404, b"nothing here")
        return found if isinstance(found, Reply) else found(path)

    def entered(self, host: str) -> None:
        with self._lock:
            self._now[host] += 1
            self.most_at_once[host] = max(self.most_at_once[host], self._now[host])

    def left(self, asked: Asked) -> None:
        with self._lock:
            self._now[asked.host] -= 1
            self.asked.append(asked)


def rss(*items: str) -> str:
    return RSS.format("".join(items))


def _handler(site: NewsSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = self.headers.get("Host", "")
            began = time.monotonic()
            site.entered(host)
            reply = self._answer(site.reply(self.path))
            names = {name.lower(): value for name, value in self.headers.items()}
            # Noted before it is sent: who has an answer finds the request in the list, and it is no more in progress.
            site.left(Asked(began, host, self.path, names, reply.status))
            try:
                self._send(reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self, reply: Reply) -> Reply:
            etag = '"' + hashlib.sha256(reply.body).hexdigest()[:16] + '"'
            headers = dict(reply.headers)
            if reply.status == 200 and headers.pop("validators", "yes") == "yes":
                headers.setdefault("ETag", etag)
                headers.setdefault("Last-Modified", email.utils.formatdate(1_772_000_000, usegmt=True))
            is_known = reply.status == 200 and self.headers.get("If-None-Match") == headers.get("ETag", "")
            return Reply(304, b"", headers) if is_known else Reply(reply.status, reply.body, headers)

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's signature
            """Log nothing."""

    return Handler
