"""A small web server for one service: bounded connections and requests, strict headers, a token where it is exposed."""

import asyncio
import logging
import ssl
from ipaddress import ip_address
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from msgspec import Struct

from pipeline.downstream.access import Access
from pipeline.errors import ConfigError
from pipeline.observability.logging import get_logger
from pipeline.settings import ServingSettings

__all__ = ["STRICT_HEADERS", "WebParams", "WebServer", "is_loopback"]

log = get_logger(__name__)

STRICT_HEADERS: Final = {
    # Nothing is loaded but our own style sheet: no script at all, no picture, font or frame of anybody.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Server": "news-pipeline",
}
"""The headers of every answer; a stream sends them itself, at its start."""


class WebParams(Struct, frozen=True, kw_only=True):
    """Bounds of what clients can make the server hold."""

    max_connections: int = 200
    """Connections at a time; further ones are closed at once. Chosen: far more than a page needs."""
    idle_secs: float = 15.0
    """A connection without a whole request is closed after this time."""
    max_line_bytes: int = 8190
    """Longest request line and header; the usual limit of web servers."""
    max_body_bytes: int = 64 * 1024
    """Longest body of a request."""
    linger_secs: float = 2.0
    """How long the rest of a body that was refused is read, so that its sender sees the answer."""
    close_secs: float = 2.0
    """How long requests in progress may take when the server stops."""


_PARAMS: Final = WebParams()
_SILENT: Final = logging.Logger("pipeline.web", logging.CRITICAL + 1)  # noqa: LOG001  none of the tree: it stays silent
"""Of aiohttp: its lines about requests that cannot be parsed quote them, with whatever key or title they hold."""


class WebServer:
    """Serves routes under the rules of `Access`, or of a front of the service's own."""

    def __init__(
        self,
        settings: ServingSettings,
        params: WebParams = _PARAMS,
        *,
        front: Middleware | None = None,
        tls: ssl.SSLContext | None = None,
        decodes_bodies: bool = True,
    ) -> None:
        """Check that the address and the token fit; listen on nothing yet.

        Args:
            settings: Address and token.
            params: Bounds.
            front: Decides who may ask in place of the token, and makes all errors.
            tls: The certificate, for HTTPS.
            decodes_bodies: Whether the content-encoding of requests is undone before a route sees them.

        Raises:
            ConfigError: The address can be reached from elsewhere, and there is neither a token nor a front.
        """
        token = settings.token.get_secret_value() if settings.token is not None else None
        if token is None and front is None and not is_loopback(settings.host):
            raise ConfigError(
                f"{settings.host} can be reached from other machines: set a token, or the host to 127.0.0.1"
            )
        self._settings = settings
        self._params = params
        self._front = front or _guarded(Access(token))
        self._tls = tls
        self._decodes_bodies = decodes_bodies
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port in use, also if the setting is 0."""
        assert self._listening is not None  # noqa: S101  # asked after `start` only
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    async def start(self, routes: list[web.RouteDef]) -> None:
        """Listen, and answer requests.

        Raises:
            ConfigError: The address is invalid or in use.
        """
        params = self._params
        app = web.Application(middlewares=[self._front], client_max_size=params.max_body_bytes)
        app.add_routes(routes)
        self._runner = web.AppRunner(
            app,
            access_log=None,  # queries say what people look for
            handle_signals=False,
            keepalive_timeout=params.idle_secs,
            max_line_size=params.max_line_bytes,
            max_field_size=params.max_line_bytes,
            shutdown_timeout=params.close_secs,
            lingering_time=params.linger_secs,
            logger=_SILENT,
            auto_decompress=self._decodes_bodies,
        )
        await self._runner.setup()
        server = self._runner.server

        def connection() -> asyncio.BaseProtocol:
            assert server is not None  # noqa: S101  # set up above
            return server() if len(server.connections) < params.max_connections else _Refusal()

        host, port = self._settings.host, self._settings.port
        try:
            self._listening = await asyncio.get_running_loop().create_server(connection, host, port, ssl=self._tls)
        except OSError as error:
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error

    def close(self) -> None:
        """Accept no further connections; those that are open go on."""
        if self._listening is not None:
            self._listening.close()

    async def stop(self) -> None:
        """Close all connections, requests in progress after a short time."""
        self.close()
        if self._runner is not None:
            await self._runner.cleanup()


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from its own machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Refusal(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _guarded(access: Access) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = access.refusal(request.headers)
        response: web.StreamResponse
        if refusal is not None:
            response = web.Response(status=refusal.status, text=refusal.text, headers=refusal.headers)
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=f"{error.status}: {error.reason}\n")
            except Exception:  # a request must not end the service
                log.exception("request_failed", path=request.path)
                response = web.Response(status=500, text="500: Internal Server Error\n")
        if not response.prepared:  # a stream of events has sent them
            response.headers.update(STRICT_HEADERS)
        return response

    return guard
