"""Health checks and metrics over HTTP, served by a thread of their own, also while the event loop is blocked.

/livez fails when the worker hangs, but not when a broker is unreachable, because an outage must not restart the fleet.
/readyz gates rollouts. /startupz fails until the worker has been ready once, for example while the fold catches up; the
orchestrator ignores the other two until then. /metrics is for Prometheus. Every other path is answered with 404.
"""

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from pipeline.errors import ConfigError
from pipeline.observability.progress import Progress, not_ready, not_started, stuck
from pipeline.settings import WatchdogSettings, WebSettings

__all__ = ["HealthServer"]

CLIENT_TIMEOUT_SECS = 10.0  # closes a client's connection that sends nothing, which would occupy its thread for ever
JSON = "application/json; charset=utf-8"

Answer = tuple[HTTPStatus, str, bytes]


class HealthServer:
    """Listens from construction on; answers from `start` until `stop`."""

    def __init__(
        self, settings: WebSettings, limits: WatchdogSettings, progress: Progress, registry: CollectorRegistry
    ) -> None:
        """Bind the port.

        Args:
            settings: Address and port; port 0 takes any free one.
            limits: Limits of the watchdog, which /livez applies too.
            progress: The worker's progress.
            registry: The metrics to serve.

        Raises:
            ConfigError: The address is invalid or in use.
        """
        self._limits = limits
        self._progress = progress
        self._registry = registry
        routes: dict[str, Callable[[str], Answer]] = {
            "/livez": self._live,
            "/readyz": self._ready,
            "/startupz": self._startup,
            "/metrics": self._metrics,
        }
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

    def _live(self, _accept: str) -> Answer:
        problem = stuck(self._progress.status, self._progress.now(), self._limits)
        return self._health((problem,) if problem else ())

    def _ready(self, _accept: str) -> Answer:
        status = self._progress.status
        problem = stuck(status, self._progress.now(), self._limits)
        return self._health(not_ready(status) + ((problem,) if problem else ()))

    def _startup(self, _accept: str) -> Answer:
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
        return HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK, JSON, orjson.dumps(body)

    def _metrics(self, accept: str) -> Answer:
        encode, content_type = choose_encoder(accept)
        return HTTPStatus.OK, content_type, encode(self._registry)


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


def _handler(routes: dict[str, Callable[[str], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_TIMEOUT_SECS

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            route = routes.get(urlsplit(self.path).path)
            if route is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            code, content_type, body = route(self.headers.get("Accept", ""))
            self.send_response(code)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def version_string(self) -> str:
            return "news-pipeline"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the parent's signature
            """Log nothing: probes arrive every few seconds."""

    return Handler
