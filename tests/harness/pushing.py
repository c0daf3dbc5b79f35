"""The server of `source http` in a test, with a delivery that remembers instead of a broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from msgspec.structs import replace

from pipeline.domain.record import Headers
from pipeline.downstream.web import WebParams, WebServer
from pipeline.observability.source_metrics import SourceMetrics
from pipeline.settings import ServingSettings, SourceHttpSettings
from pipeline.sources.http.api import Api
from pipeline.sources.http.front import Front
from pipeline.sources.http.idempotency import Answers
from pipeline.sources.http.keys import ApiKeys, digest
from pipeline.sources.http.params import HttpSourceParams
from pipeline.sources.http.problems import ProblemError
from pipeline.sources.raw_topic import RawTopic
from pipeline.wire.output import OutputRecord

__all__ = ["KEY", "OTHER_KEY", "Pushing", "keys_text", "pushing"]

KEY, OTHER_KEY = "news_first", "news_other"


def keys_text(**more: object) -> str:
    """Return a file of two keys; the first, of the Harbour Gazette, has the given members."""
    members = "".join(f"    {name}: {value}\n" for name, value in more.items())
    first = f"  - name: harbour\n    sha256: {digest(KEY)}\n    sources: [Harbour Gazette, Harbour Weekly]\n{members}"
    return f"keys:\n{first}  - name: other\n    sha256: {digest(OTHER_KEY)}\n    sources: [Valley Post]\n"


class _Delivery:
    """Takes records; `refusal` is raised for every record for which it returns an error."""

    def __init__(self) -> None:
        self.sent: list[OutputRecord] = []
        self.refusal: Callable[[OutputRecord], ProblemError | None] = lambda _: None
        self.closed: ProblemError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    def require_room(self) -> None:
        if self.closed is not None:
            raise self.closed

    async def send(self, record: OutputRecord) -> None:
        await self.gate.wait()
        refusal = self.refusal(record)
        if refusal is not None:
            raise refusal
        self.sent.append(record)


class Pushing:
    """A running server, and a client of it."""

    def __init__(self, port: int, delivery: _Delivery, api: Api, front: Front, client: aiohttp.ClientSession) -> None:
        self.port = port
        self.delivery = delivery
        self.api = api
        self.front = front
        self._client = client

    @property
    def sent(self) -> list[OutputRecord]:
        return self.delivery.sent

    async def holding(self, size: int) -> None:
        """Wait until requests hold this many bytes or more; for 0, until they hold none."""
        for _ in range(2000):
            if self.api.held_bytes >= size and (size or not self.api.held_bytes):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{self.api.held_bytes} bytes are held, not {size}")

    async def ask(
        self, method: str, path: str = "/v1/articles", *, key: str | None = KEY, **more: Any
    ) -> tuple[int, Any, Any]:
        """Return status, decoded JSON and headers of an answer."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        headers |= more.pop("headers", {})
        address = f"http://127.0.0.1:{self.port}{path}"
        async with self._client.request(method, address, headers=headers, **more) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    async def raw(self, *parts: bytes, pause_secs: float = 0.0, half_close: bool = False) -> bytes:
        """Send bytes as they are, with a pause between the parts; return everything that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_secs)
            if half_close:
                writer.write_eof()
            return await asyncio.wait_for(reader.read(), 20)
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def pushing(
    directory: Path, *, keys: str = "", params: HttpSourceParams | None = None, **settings: Any
) -> AsyncIterator[Pushing]:
    """Serve in this process; `settings` are those of `SourceHttpSettings`."""
    file = directory / "keys.yaml"
    file.write_text(keys or keys_text())
    found = SourceHttpSettings(port=0, keys_file=file, state_dir=directory / "state", **settings)
    bounds = params or HttpSourceParams()
    metrics, delivery = SourceMetrics("http"), _Delivery()
    front = Front(metrics, bounds)
    topic = RawTopic(name="raw", partitions=4, max_message_bytes=24 << 20, producers=None)  # type: ignore[arg-type]

    def to_record(value: bytes, headers: Headers) -> OutputRecord:
        return topic.record(value, headers, 0)

    answers = Answers(found.state_dir, 3_600_000, bounds)
    api = Api(
        found,
        keys=ApiKeys(file),
        answers=answers,
        delivery=delivery,
        to_record=to_record,
        metrics=metrics,
        document=b"{}",
        params=bounds,
    )
    web = replace(WebParams(), max_body_bytes=bounds.max_body_bytes, idle_secs=bounds.idle_secs)
    server = WebServer(ServingSettings(port=0), web, front=front.guard, decodes_bodies=False)
    await server.start(api.routes())
    try:
        async with aiohttp.ClientSession() as client:
            yield Pushing(server.port, delivery, api, front, client)
    finally:
        await server.stop()
        answers.close()
