"""Requests that are made to hurt: bounded in time, memory and what they can smuggle."""

import asyncio
import gzip
from pathlib import Path

import orjson
import pytest

from pipeline.sources.http.params import HttpSourceParams
from tests.harness.pushing import KEY, pushing

BODY = orjson.dumps({"url": "https://harbour-gazette.example/1", "text": "The board has voted."})
SMALL = HttpSourceParams(max_body_bytes=1_000_000, idle_secs=1.0, last_body_secs=0.2)


def request(*headers: str, body: bytes = b"", media: str = "application/json") -> bytes:
    head = ["POST /v1/articles HTTP/1.1", "Host: a", f"Authorization: Bearer {KEY}", f"Content-Type: {media}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


async def test_a_slow_body_is_given_up(tmp_path: Path) -> None:
    async with pushing(tmp_path, params=SMALL, body_secs=0.3) as server:
        answer = await server.raw(request("Content-Length: 500"), *[b"x"] * 6, pause_secs=0.1)
        assert status(answer) == 408
        assert b"Connection: close" in answer
        await server.holding(0)
        assert not server.sent


async def test_a_body_that_ends_early_is_no_article(tmp_path: Path) -> None:
    async with pushing(tmp_path, params=SMALL) as server:
        await server.raw(request(f"Content-Length: {len(BODY) + 5}", body=BODY), half_close=True)
        await server.raw(
            request("Transfer-Encoding: chunked", body=b"%x\r\n" % (len(BODY) + 9) + BODY), half_close=True
        )
        await server.holding(0)
        assert not server.sent


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (request("Content-Length: 1000001"), 413),
        (request("Content-Length: 99999999999999999999999"), 413),
        (request("Content-Length: -1"), 400),
        (request("Content-Length: ten"), 400),
        (request("Content-Length: 5", "Content-Length: 6", body=BODY), 400),
        (request("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
        (request("Transfer-Encoding: chunked", body=b"zz\r\n" + BODY), 400),
        (request(f"X-Long: {'a' * 100_000}", "Content-Length: 0"), 400),
        (request(*[f"X-{number}: {'a' * 1000}" for number in range(2000)], "Content-Length: 0"), 400),
        (b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01" * 20, 400),
    ],
)
async def test_wrong_lengths_and_huge_heads_are_refused(tmp_path: Path, data: bytes, expected: int) -> None:
    async with pushing(tmp_path, params=SMALL) as server:
        # 0: the connection was closed while more was being sent.
        assert status(await server.raw(data)) in {expected, 400, 0 if len(data) > 1_000_000 else 400}
        await server.holding(0)
        assert not server.sent


async def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a" * 30_000_000)
    async with pushing(tmp_path, params=SMALL) as server:
        for media in ("application/json", "application/x-ndjson", "text/html"):
            headers = {"Content-Encoding": "gzip", "Content-Type": media}
            assert (await server.ask("POST", data=bomb, headers=headers))[0] == 413
        twice = gzip.compress(bomb)
        headers = {"Content-Encoding": "gzip, gzip", "Content-Type": "text/html"}
        assert (await server.ask("POST", data=twice, headers=headers))[0] == 413
        await server.holding(0)


async def test_an_endless_body_is_cut(tmp_path: Path) -> None:
    async def endless() -> object:
        while True:
            yield b"x" * 65_536

    async with pushing(tmp_path, params=SMALL) as server:
        try:
            found = (await server.ask("POST", data=endless(), headers={"Content-Type": "text/html"}))[0]
        except (ConnectionError, OSError):
            found = 413  # the connection was closed while more was being sent
        assert found == 413
        await server.holding(0)


async def test_all_requests_together_hold_no_more_than_allowed(tmp_path: Path) -> None:
    params = HttpSourceParams(max_body_bytes=20 << 20)
    async with pushing(tmp_path, params=params, max_pending_bytes=32 << 20) as server:
        large = request(f"Content-Length: {20 << 20}")
        first = asyncio.create_task(server.raw(large, b"x", pause_secs=3.0))
        await server.holding(1)
        code, answer, headers = await server.ask("POST", data=b"x" * (13 << 20), headers={"Content-Type": "text/html"})
        assert (code, answer["type"].rpartition(":")[2]) == (503, "busy")
        assert int(headers["Retry-After"]) > 0
        first.cancel()
        await server.holding(0)


async def test_a_connection_without_a_request_is_closed(tmp_path: Path) -> None:
    async with pushing(tmp_path, params=SMALL) as server:
        assert await server.raw() == b""
        assert status(await server.raw(b"POST /v1/articles HTTP/1.1\r\nHost: a\r\nX-Slow: ")) in {0, 400, 408}


async def test_requests_in_progress_are_answered_when_the_service_stops(tmp_path: Path) -> None:
    async with pushing(tmp_path, params=SMALL) as server:
        server.delivery.gate.clear()
        held_up = asyncio.create_task(server.ask("POST", data=BODY, headers={"Content-Type": "application/json"}))
        slow = asyncio.create_task(server.raw(request("Content-Length: 500"), b"x"))
        await server.holding(500 + len(BODY))
        stopping = asyncio.create_task(server.front.stop())
        await asyncio.sleep(0)
        server.api.hasten()
        code, answer, _ = await server.ask("POST", data=BODY, headers={"Content-Type": "application/json"})
        assert (code, answer["type"].rpartition(":")[2]) == (503, "stopping")
        assert status(await slow) == 408
        server.delivery.gate.set()
        assert (await held_up)[0] == 202
        await asyncio.wait_for(stopping, 10)
        assert len(server.sent) == 1
