"""An HTTP client for URLs that strangers name."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.connector import AddrInfoType
from msgspec import Struct
from yarl import URL

from pipeline.domain.outcome import Reject
from pipeline.fetching.addresses import AddressRules, check_address, check_url
from pipeline.fetching.answer import Answer
from pipeline.fetching.checked_resolver import CheckedResolver
from pipeline.fetching.errors import FetchFailed, FetchRefused
from pipeline.wire.compression import decompress

__all__ = ["BeforeRedirect", "GuardedHttp", "HttpParams"]

BeforeRedirect = Callable[[str], Awaitable[None]]
"""Is awaited with the URL that a redirect leads to, before that is requested. What it raises ends the request."""
MIB: Final = 1024 * 1024
_ACCEPTED: Final = {"Accept-Encoding": "gzip, deflate"}
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT_ACROSS_ORIGINS: Final = frozenset({"accept", "accept-language", "user-agent"})
_RAW_CHUNK_BYTES: Final = 64 * 1024


class HttpParams(Struct, frozen=True, kw_only=True):
    """Bounds of one request with its redirects."""

    total_secs: float = 30.0
    """From the first lookup of a name to the last byte, without what a `BeforeRedirect` takes. Chosen: slow sites
    answer within ten."""
    connect_secs: float = 10.0
    """For the connection and its TLS handshake."""
    max_bytes: int = 16 * MIB
    """Of a body, encoded and decoded; less than a raw record holds. Chosen: large news pages have five."""
    max_ratio: int = 100
    """Of decoded to encoded bytes, as for raw records."""
    max_redirects: int = 5
    """As crawlers follow at least (RFC 9309 says five)."""
    max_header_bytes: int = 16 * 1024
    """Of one header; cookies and policies of some sites have eight."""
    max_connections: int = 100
    """At a time, over all hosts."""
    connections_per_host: int = 2
    """At a time, for each host and port: politeness."""
    user_agent: str = "news-pipeline (+https://github.com/news-pipeline/news-pipeline)"
    """So that a site's operator can find out who asks."""


class GuardedHttp:
    """Requests URLs that somebody else names.

    Every address is checked after its name was resolved and again when its socket is made, for each redirect too.
    Cookies are not kept, proxies of the environment are not used, and bodies are bounded before and after decoding.
    """

    def __init__(
        self,
        rules: AddressRules,
        params: HttpParams | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            rules: What may be requested.
            params: Bounds.
            resolver: Resolves names; the system's by default.
            tls: Which certificates are trusted; the system's by default.
        """
        self._rules = rules
        self._params = params or HttpParams()
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Make the session; connections are opened by requests."""
        params = self._params
        resolver = self._resolver or aiohttp.ThreadedResolver()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=CheckedResolver(resolver, self._rules),
                socket_factory=self._socket,
                ssl=self._tls or True,
                limit=params.max_connections,
                limit_per_host=params.connections_per_host,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=params.connect_secs),
            auto_decompress=False,
            trust_env=False,
            max_line_size=params.max_header_bytes,
            max_field_size=params.max_header_bytes,
            headers={"User-Agent": params.user_agent},
            skip_auto_headers={"Content-Type"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, before_redirect: BeforeRedirect | None = None
    ) -> Answer:
        """Request a URL, and follow its redirects.

        Args:
            url: Absolute.
            headers: Further ones. Another origin than the first gets none of them but what names formats and languages.
            before_redirect: Is asked before each redirect is followed.

        Raises:
            FetchRefused: The URL or one that it redirects to is not allowed.
            FetchFailed: There is no usable answer in time.
        """
        sent = {**_ACCEPTED, **(headers or {})}
        return await self._bounded(lambda limit: self._follow(url, sent, before_redirect, limit))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a body to a URL; a redirect is returned as any other answer.

        Args:
            url: Absolute.
            body: What is sent.
            headers: Further ones, with the content type among them.

        Raises:
            FetchRefused: The URL is not allowed.
            FetchFailed: There is no usable answer in time; the body may have arrived all the same.
        """
        sent = {**_ACCEPTED, **(headers or {})}
        return await self._bounded(lambda _: self._once("POST", check_url(url, self._rules), body, sent))

    async def _bounded(self, request: Callable[[asyncio.Timeout], Awaitable[Answer]]) -> Answer:
        try:
            async with asyncio.timeout(self._params.total_secs) as limit:
                return await request(limit)
        except TimeoutError as error:
            raise FetchFailed("timeout", "no answer in time") from error
        except aiohttp.ClientError as error:
            raise _failure(error) from error
        except (ValueError, OSError) as error:
            raise FetchFailed("protocol", type(error).__name__) from error

    async def _follow(
        self, url: str, headers: Mapping[str, str], before_redirect: BeforeRedirect | None, limit: asyncio.Timeout
    ) -> Answer:
        redirects = self._params.max_redirects
        asked = permanent = check_url(url, self._rules)
        is_permanent = True
        for left in range(redirects, -1, -1):
            answer = await self._once("GET", asked, None, headers)
            location = answer.headers.get("location")
            if redirects == 0 or answer.status not in _REDIRECTS or not location:
                return Answer(
                    url=str(asked),
                    permanent_url=str(permanent),
                    status=answer.status,
                    headers=answer.headers,
                    body=answer.body,
                )
            if left == 0:
                break
            target = check_url(str(asked.join(URL(location))), self._rules)
            if target.origin() != asked.origin():
                kept = {name: value for name, value in headers.items() if name.lower() in _KEPT_ACROSS_ORIGINS}
                headers = {**kept, **_ACCEPTED}
            if before_redirect is not None:
                await _untimed(limit, before_redirect(str(target)))
            is_permanent = is_permanent and answer.status in _PERMANENT
            asked = target
            permanent = target if is_permanent else permanent
        raise FetchRefused("redirects", f"more than {redirects} redirects")

    async def _once(self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        assert self._session is not None  # noqa: S101  # used within `async with` only
        async with self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
            found: dict[str, str] = {}
            for name, value in response.headers.items():
                found.setdefault(name.lower(), value)
            if "link" in found:  # a list, which may come in several headers
                found["link"] = ", ".join(response.headers.getall("Link"))
            is_redirect = response.status in _REDIRECTS and "location" in found
            content = b"" if is_redirect else await self._body(response)
        return Answer(url=str(url), permanent_url=str(url), status=response.status, headers=found, body=content)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        most = self._params.max_bytes
        if (response.content_length or 0) > most:
            raise FetchFailed("too_large", f"the body has more than {most} bytes")
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_RAW_CHUNK_BYTES):
            size += len(part)
            if size > most:
                raise FetchFailed("too_large", f"the body has more than {most} bytes")
            parts.append(part)
        encoding = ",".join(response.headers.getall("Content-Encoding", []))
        plain = decompress(b"".join(parts), encoding, max_bytes=most, max_ratio=self._params.max_ratio)
        if isinstance(plain, Reject):
            raise FetchFailed("too_large" if plain.reason == "too_large" else "undecodable", plain.detail)
        return plain

    def _socket(self, address: AddrInfoType) -> socket.socket:
        """Make the socket of a connection: the last moment at which its address can be checked."""
        family, kind, protocol, _, place = address
        check_address(str(place[0]), self._rules)
        return socket.socket(family, kind, protocol)


async def _untimed(limit: asyncio.Timeout, waiting: Awaitable[None]) -> None:
    """Wait without using up the time of a request."""
    loop = asyncio.get_running_loop()
    left = (limit.when() or loop.time()) - loop.time()
    limit.reschedule(None)
    await waiting
    limit.reschedule(loop.time() + left)


def _failure(error: aiohttp.ClientError) -> FetchRefused | FetchFailed:
    cause: BaseException | None = error
    while cause is not None:  # a refusal of the resolver or of a socket comes wrapped
        if isinstance(cause, FetchRefused):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchFailed("dns", "the name of the host is not known, or no resolver answers")
    if isinstance(error, aiohttp.ClientSSLError):
        return FetchFailed("tls", type(error).__name__)
    if isinstance(error, aiohttp.InvalidURL):
        return FetchRefused("malformed", "the URL cannot be requested")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerTimeoutError):
        return FetchFailed("connect", type(error).__name__)
    return FetchFailed("protocol", type(error).__name__)
