"""Health checks and metrics over HTTP, served by a thread of their own, also while the event loop is blocked.

/livez fails when the worker hangs, but not when a broker is unreachable, because an outage must not restart the fleet.
/readyz gates rollouts, and fails too while no broker answers. /startupz fails until the worker has been ready once, for
example while the fold catches up; the orchestrator ignores the other two until then. /metrics is for Prometheus, and /
is a page for people. Every other path is answered with 404.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from msgspec import Struct
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from pipeline.errors import ConfigError
from pipeline.observability.contact import Contact
from pipeline.observability.progress import Progress, not_ready, not_started, stuck
from pipeline.observability.status_page import PAGE_HEADERS, StatusPage
from pipeline.settings import WatchdogSettings, WebSettings

__all__ = ["HealthServer"]

CLIENT_TIMEOUT_SECS = 10.0  # closes a client's connection that sends nothing, which would occupy its thread for ever
JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
REFRESH_SECS = (5, 3600)
"""The refresh intervals that the page accepts; it ignores others."""
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Answer(Struct, frozen=True):
    """What a path is answered with."""

    code: HTTPStatus
    content_type: str
    body: bytes
    headers: Mapping[str, str] = _NO_HEADERS


class Question(Struct, frozen=True):
    """The parts of a request that answers depend on: the accepted formats, and the text after `?`."""

    accept: str
    query: str


class HealthServer:
    """Listens from construction on; answers from `start` until `stop`."""

    def __init__(
        self,
        settings: WebSettings,
        limits: WatchdogSettings,
        progress: Progress,
        registry: Collector,
        contact: Contact | None = None,
        page: StatusPage | None = None,
    ) -> None:
        """Bind the port.

        Args:
            settings: Address and port; port 0 takes any free one.
            limits: Limits of the watchdog, which /livez applies too.
            progress: The worker's progress.
            registry: The metrics to serve.
            contact: The contact with the brokers, which /readyz fails without; None where there are none.
            page: The status page; without it, / is answered with 404 as other paths are.

        Raises:
            ConfigError: The address is invalid or in use.
        """
        self._limits = limits
        self._progress = progress
        self._registry = registry
        self._contact = contact
        routes: dict[str, Callable[[Question], Answer]] = {
            "/livez": self._live,
            "/readyz": self._ready,
            "/startupz": self._startup,
            "/metrics": self._metrics,
        }
        if page is not None:
            routes["/"] = lambda question: Answer(
                HTTPStatus.OK, HTML, page.render(self._problems(), _refresh_secs(question.query)), PAGE_HEADERS
            )
        try:
            self._server = _Server((settings.host, settings.port), _handler(routes))
        except OSError as error:
            raise ConfigError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port in use, also if the setting is 0."""
        port: int = self._server.server_address[1]
        return port

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _live(self, _question: Question) -> Answer:
        problem = stuck(self._progress.status, self._progress.now(), self._limits)
        return self._health((problem,) if problem else ())

    def _ready(self, _question: Question) -> Answer:
        return self._health(self._problems())

    def _problems(self) -> tuple[str, ...]:
        """Return why the worker is not ready."""
        status = self._progress.status
        problem = stuck(status, self._progress.now(), self._limits)
        is_cut_off = self._contact is not None and not self._contact.is_connected
        unreachable = ("kafka_unreachable",) if is_cut_off else ()
        return not_ready(status) + unreachable + ((problem,) if problem else ())

    def _startup(self, _question: Question) -> Answer:
        return self._health(not_started(self._progress.status))

    def _health(self, problems: tuple[str, ...]) -> Answer:
        status = self._progress.status
        body = {
            "status": "failing" if problems else "ok",
            "problems": problems,
            "state": status.state,
            "assigned": status.assigned,
            "lag_records": status.lag_records,
            "in_flight": status.in_flight,
        }
        code = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        return Answer(code, JSON, orjson.dumps(body))

    def _metrics(self, question: Question) -> Answer:
        encode, content_type = choose_encoder(question.accept)
        return Answer(HTTPStatus.OK, content_type, encode(self._registry))


def _refresh_secs(query: str) -> int | None:
    """Return the interval that the query asks for, if it is one that the page offers."""
    given = parse_qs(query).get("refresh", [""])[-1]
    secs = int(given) if given.isascii() and given.isdecimal() and len(given) <= 4 else 0
    return secs if REFRESH_SECS[0] <= secs <= REFRESH_SECS[1] else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without the parent's reverse DNS look-up, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: a client that disconnects is no error."""


def _handler(routes: dict[str, Callable[[Question], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_TIMEOUT_SECS

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            parts = urlsplit(self.path)
            route = routes.get(parts.path)
            if route is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            answer = route(Question(self.headers.get("Accept", ""), parts.query))
            self.send_response(answer.code)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                self.wfile.write(answer.body)

        def version_string(self) -> str:
            return "news-pipeline"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the parent's signature
            """Log nothing: probes arrive every few seconds."""

    return Handler
