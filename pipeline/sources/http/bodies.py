"""Reads the bodies of requests within bounds of size, time and memory."""

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from pipeline.domain.outcome import Reject
from pipeline.sources.http.bounds import Share
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError, of_reject
from pipeline.wire.compression import decompress

__all__ = ["BodyReader"]

_MIB: Final = 1024 * 1024


class BodyReader:
    """Reads bodies for many requests at once."""

    def __init__(self, body_secs: float, params: HttpSourceParams) -> None:
        """Take the bounds.

        Args:
            body_secs: Time in which a body must arrive.
            params: Bounds of size.
        """
        self._body_secs = body_secs
        self._params = params
        self._limits: set[asyncio.Timeout] = set()

    def hasten(self) -> None:
        """Let all bodies arrive soon, because the service stops."""
        soon = asyncio.get_running_loop().time() + self._params.last_body_secs
        for limit in self._limits:
            limit.reschedule(min(limit.when() or soon, soon))

    async def read(self, request: web.Request, share: Share) -> bytes:
        """Return the body, without content-encoding.

        Args:
            request: The request.
            share: What it may hold of the memory; grows with the body.

        Raises:
            ProblemError: It is too large, too slow, broken off, wrongly encoded, or there is no memory for it now.
        """
        params = self._params
        if (request.content_length or 0) > params.max_body_bytes:
            raise _too_large(params)
        _hold(share, request.content_length or 0, params)
        limit = asyncio.timeout(self._body_secs)
        self._limits.add(limit)
        try:
            async with limit:
                body = await _received(request, share, params)
        except TimeoutError:
            raise ProblemError("body_timeout", f"the body must arrive within {self._body_secs:g} s") from None
        except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
            raise ProblemError("invalid_request", "the body ends early, or is wrongly chunked") from error
        finally:
            self._limits.discard(limit)
        encoding = request.headers.get("Content-Encoding")
        if not encoding or encoding.strip().lower() == "identity":
            return body
        return _decoded(body, encoding, share, params)


async def _received(request: web.Request, share: Share, params: HttpSourceParams) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await request.content.readany():
        size += len(part)
        if size > params.max_body_bytes:
            raise _too_large(params)
        _hold(share, size, params)
        parts.append(part)
    return b"".join(parts)


def _decoded(body: bytes, encoding: str, share: Share, params: HttpSourceParams) -> bytes:
    """Undo the content-encoding. While that is done, the memory of the largest result is held."""
    most = min(params.max_body_bytes, max(_MIB, len(body) * params.max_expansion_ratio))
    _hold(share, len(body) + most, params)
    plain = decompress(body, encoding, max_bytes=params.max_body_bytes, max_ratio=params.max_expansion_ratio)
    if isinstance(plain, Reject):
        raise of_reject(plain)
    return plain


def _hold(share: Share, size: int, params: HttpSourceParams) -> None:
    if not share.grow_to(size):
        raise ProblemError("busy", retry_secs=params.busy_retry_secs)


def _too_large(params: HttpSourceParams) -> ProblemError:
    return ProblemError("too_large", f"a body has at most {params.max_body_bytes} bytes")
