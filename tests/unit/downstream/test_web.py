"""The web server itself: headers, refusals, bounds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from pipeline.downstream.web import WebParams, WebServer
from pipeline.errors import ConfigError
from pipeline.settings import ServingSettings

PARAMS = WebParams(max_connections=3, max_body_bytes=100)


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _body(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def _broken(_: web.Request) -> web.Response:
    raise KeyError("secret of the inside")


ROUTES = [web.get("/", _hello), web.post("/body", _body), web.get("/broken", _broken)]


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    running = WebServer(ServingSettings(port=0), PARAMS)
    await running.start(ROUTES)
    yield running
    await running.stop()


async def _ask(server: WebServer, method: str, path: str, **more: Any) -> tuple[int, str, Any]:
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.port}{path}"
        async with session.request(method, url, **more) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/nothing", 404), ("POST", "/", 405), ("GET", "/broken", 500)],
)
async def test_every_answer_has_the_strict_headers(server: WebServer, method: str, path: str, status: int) -> None:
    found, text, headers = await _ask(server, method, path)
    assert found == status
    assert "secret" not in text
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "news-pipeline"


async def test_a_large_body_and_a_long_line_are_refused(server: WebServer) -> None:
    assert (await _ask(server, "POST", "/body", data=b"x" * 100))[1] == "100"
    assert (await _ask(server, "POST", "/body", data=b"x" * 101))[0] == 413
    assert (await _ask(server, "GET", "/?" + "x" * 9000))[0] == 400


async def test_another_host_is_refused(server: WebServer) -> None:
    assert (await _ask(server, "GET", "/", headers={"Host": "evil.example"}))[0] == 421


async def test_connections_beyond_the_bound_are_closed(server: WebServer) -> None:
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(PARAMS.max_connections)]
    for _, writer in held:
        writer.write(b"GET / HTTP/1.1\r\n")  # and never the rest
        await writer.drain()
    await asyncio.sleep(0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert await asyncio.wait_for(reader.read(), 10) == b""
    for _, each in [*held, (reader, writer)]:
        each.close()


async def test_a_port_in_use_is_a_wrong_setting(server: WebServer) -> None:
    with pytest.raises(ConfigError, match="cannot listen"):
        await WebServer(ServingSettings(port=server.port)).start(ROUTES)
