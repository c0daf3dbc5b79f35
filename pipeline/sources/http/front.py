"""What stands before every request: errors as problems, none while the service stops, a count of those in progress."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from pipeline.downstream.web import STRICT_HEADERS
from pipeline.observability.logging import get_logger
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import MEDIA_TYPE, Kind, ProblemError

__all__ = ["Front"]

log = get_logger(__name__)

_KINDS: dict[int, Kind] = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Front:
    """Wraps the routes. Requests in progress are finished after `stop`; new ones are refused."""

    def __init__(self, metrics: SourceMetrics, params: HttpSourceParams) -> None:
        """Let requests in."""
        self._metrics = metrics
        self._params = params
        self._in_progress = 0
        self._is_stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def stop(self) -> None:
        """Refuse new requests, and wait for those in progress."""
        self._is_stopping = True
        await self._idle.wait()

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, whatever happens."""
        self._in_progress += 1
        self._idle.clear()
        try:
            response = await self._answered(request, handler)
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._idle.set()
        if not request.content.is_eof() or self._is_stopping:
            response.force_close()  # nobody reads the rest of a body that was refused
        response.headers.update(STRICT_HEADERS)
        return response

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._is_stopping:
            return self._refusal(ProblemError("stopping", retry_secs=self._params.outage_retry_secs))
        try:
            return await handler(request)
        except ProblemError as problem:
            return self._refusal(problem)
        except web.HTTPException as error:
            kind = _KINDS.get(error.status, "invalid_request")
            refusal = self._refusal(ProblemError(kind))
            if "Allow" in error.headers:
                refusal.headers["Allow"] = error.headers["Allow"]
            return refusal
        except Exception:  # a request must not end the service
            log.exception("request_failed", method=request.method)
            return self._refusal(ProblemError("internal"))

    def _refusal(self, problem: ProblemError) -> web.Response:
        self._metrics.failed(problem.kind)
        if problem.kind in {"invalid_article", "too_large", "other_source", "other_domain"}:
            self._metrics.refused()
        headers = {} if problem.retry_secs is None else {"Retry-After": str(problem.retry_secs)}
        if problem.kind == "unauthorized":
            headers["WWW-Authenticate"] = 'Bearer realm="news-pipeline"'
        return web.Response(body=problem.body(), status=problem.status, content_type=MEDIA_TYPE, headers=headers)
