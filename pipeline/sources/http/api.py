"""The requests that the service answers. An answer of 202 is given after all replicas have the article."""

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from pipeline.domain.record import Headers
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.settings import SourceHttpSettings
from pipeline.sources.http.articles import ARTICLE_HEADERS, Inbound, form_of
from pipeline.sources.http.bodies import BodyReader
from pipeline.sources.http.bounds import Budget, RateLimits
from pipeline.sources.http.idempotency import Answer, Answers, Request
from pipeline.sources.http.keys import ApiKey, ApiKeys
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError
from pipeline.wire.output import OutputRecord

__all__ = ["Api"]

_ACCEPTED: Final = 202
_MIXED: Final = 207
_RETRYABLE_FROM: Final = 500
_IN_THREAD_BYTES: Final = 64 * 1024
"""A body of this size or more is read in a thread, so that it does not hold up other requests."""


class Sending(Protocol):
    """What `Delivery` does."""

    def require_room(self) -> None:
        """Check that something can be sent now."""
        ...

    async def send(self, record: OutputRecord, /) -> None:
        """Send a record, and return when all replicas have it."""
        ...


class Api:
    """Answers requests. Everything that a caller may make it hold is bounded by settings and params."""

    def __init__(
        self,
        settings: SourceHttpSettings,
        *,
        keys: ApiKeys,
        answers: Answers,
        delivery: Sending,
        to_record: Callable[[bytes, Headers], OutputRecord],
        metrics: SourceMetrics,
        document: bytes,
        params: HttpSourceParams,
    ) -> None:
        """Answer nothing yet.

        Args:
            settings: Bounds that operators set.
            keys: Who may send what.
            answers: The answers that were given to idempotency keys.
            delivery: Sends records.
            to_record: Makes a record of a value and headers; may raise `RefusedRecordError`.
            metrics: The metrics of the process.
            document: The OpenAPI document, as JSON.
            params: Further bounds.
        """
        self._settings = settings
        self._keys = keys
        self._answers = answers
        self._delivery = delivery
        self._to_record = to_record
        self._metrics = metrics
        self._document = document
        self._params = params
        self._rates = RateLimits(params.burst_secs)
        self._budget = Budget(settings.max_pending_bytes)
        self._bodies = BodyReader(settings.body_secs, params)

    @property
    def held_bytes(self) -> int:
        """What all requests in progress hold."""
        return self._budget.held_bytes

    def hasten(self) -> None:
        """Let the bodies of all requests arrive soon, because the service stops."""
        self._bodies.hasten()

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        return [
            web.post("/v1/articles", self._post),
            web.delete("/v1/articles/{identity:.+}", self._delete),
            web.get("/openapi.json", self._describe),
        ]

    async def _describe(self, _: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")

    async def _post(self, request: web.Request) -> web.Response:
        key = self._authenticated(request)
        content_type = request.headers.get("Content-Type", "")
        form = form_of(content_type)
        self._delivery.require_room()
        inbound = Inbound(key, self._to_record)
        with self._budget.share() as share:
            body = await self._bodies.read(request, share)

            async def accept() -> Answer:
                if form == "lines":
                    return await self._batch(key, inbound, body)
                self._count(key, 1)
                if form == "json":
                    record = await _off_loop(body, lambda: inbound.json(body, content_type))
                else:
                    record = await _off_loop(body, lambda: inbound.body(body, content_type, request.headers))
                return await self._one(record)

            return await self._once(request, key, body, accept)

    async def _delete(self, request: web.Request) -> web.Response:
        key = self._authenticated(request)
        self._delivery.require_room()
        identity, source = request.match_info["identity"], request.query.get("source")

        async def accept() -> Answer:
            self._count(key, 1)
            return await self._one(Inbound(key, self._to_record).retraction(identity, source))

        return await self._once(request, key, b"", accept)

    def _authenticated(self, request: web.Request) -> ApiKey:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        key = self._keys.find(shown.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise ProblemError("unauthorized", "send the header `Authorization: Bearer KEY`")
        return key

    def _count(self, key: ApiKey, articles: int) -> None:
        """Count articles of a key.

        Raises:
            ProblemError: It has sent more than it may; nothing was counted.
        """
        rate = key.records_per_sec or self._settings.records_per_sec
        wait = self._rates.take(key.name, articles, rate, time.monotonic())
        if wait:
            raise ProblemError("rate_limited", f"{rate:g} articles a second", retry_secs=math.ceil(wait))

    async def _once(
        self, request: web.Request, key: ApiKey, body: bytes, accept: Callable[[], Awaitable[Answer]]
    ) -> web.Response:
        """Do what is asked, unless the request has an idempotency key that has had its answer."""
        named = request.headers.get("Idempotency-Key")
        if named is None:
            return _response(await accept())
        if not 0 < len(named) <= self._params.max_key_chars:
            raise ProblemError("invalid_request", f"Idempotency-Key has 1 to {self._params.max_key_chars} characters")
        asked = Request(key.name, named.encode("utf-8", "replace").decode(), _fingerprint(request, body))
        stored = await asyncio.to_thread(self._answers.begin, asked, _now_ms())
        if stored is not None:
            return _response(stored, {"Idempotent-Replayed": "true"})
        answer: Answer | None = None
        try:
            answer = await accept()
            return _response(answer)
        finally:
            final = answer if answer is not None and _is_final(answer) else None
            await asyncio.shield(asyncio.to_thread(self._answers.end, asked, final, _now_ms()))

    async def _one(self, record: OutputRecord) -> Answer:
        await self._delivery.send(record)
        self._metrics.succeeded()
        return Answer(_ACCEPTED, msgspec.json.encode(_accepted(record)))

    async def _batch(self, key: ApiKey, inbound: Inbound, body: bytes) -> Answer:
        lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
        if not lines:
            raise ProblemError("invalid_request", "the batch is empty")
        if len(lines) > self._params.max_batch_items:
            raise ProblemError("too_many_items", f"a batch has at most {self._params.max_batch_items} articles")
        self._count(key, len(lines))
        made = await _off_loop(body, lambda: [_attempted(inbound, line) for _, line in lines])
        results = await asyncio.gather(*(self._delivered(one) for one in made))
        items = [{"line": number} | result for (number, _), result in zip(lines, results, strict=True)]
        refused = sum("problem" in result for result in results)
        if refused < len(items):
            self._metrics.succeeded()
        found = {"accepted": len(items) - refused, "refused": refused, "items": items}
        return Answer(_MIXED if refused else _ACCEPTED, msgspec.json.encode(found))

    async def _delivered(self, made: OutputRecord | ProblemError) -> dict[str, Any]:
        """Send an article of a batch; return its part of the answer."""
        try:
            if isinstance(made, ProblemError):
                raise made
            await self._delivery.send(made)
        except ProblemError as problem:
            self._metrics.failed(problem.kind)
            if problem.status < _RETRYABLE_FROM:
                self._metrics.refused()
            return {"problem": problem.problem()}
        return _accepted(made)


def _attempted(inbound: Inbound, line: bytes) -> OutputRecord | ProblemError:
    try:
        return inbound.json(line)
    except ProblemError as problem:
        return problem


async def _off_loop(body: bytes, read: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(read) if len(body) >= _IN_THREAD_BYTES else read()


def _accepted(record: OutputRecord) -> dict[str, Any]:
    return {"status": "accepted", "article_id": (record.key or b"").decode()}


def _is_final(answer: Answer) -> bool:
    """Return whether repeating the request would not help: no article of a batch waits for the brokers."""
    if answer.status != _MIXED:
        return True
    items = msgspec.json.decode(answer.body)["items"]
    return not any(item.get("problem", {}).get("status", 0) >= _RETRYABLE_FROM for item in items)


def _fingerprint(request: web.Request, body: bytes) -> bytes:
    """Return a hash of everything in a request that decides what becomes of it."""
    said = [request.method, request.path_qs, request.headers.get("Content-Type", "")]
    said += [request.headers.get(name, "") for name in ARTICLE_HEADERS]
    found = hashlib.sha256(msgspec.json.encode([text.encode("utf-8", "replace").decode() for text in said]))
    found.update(body)
    return found.digest()


def _response(answer: Answer, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=answer.body, status=answer.status, content_type="application/json", headers=headers)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
