import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from pipeline.fetching.addresses import AddressRules
from pipeline.fetching.client import GuardedHttp, HttpParams, _untimed
from pipeline.fetching.errors import FetchFailed, FetchRefused

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
LOOPBACK = ip_network("127.0.0.0/30")
"""127.0.0.1 to 127.0.0.3 stand for the internet, other addresses of the loopback for networks of one's own."""


class Names(AbstractResolver):
    """Gives the addresses that a test says; names can change between two questions."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self.addresses.get(host)
        if answers is None:
            raise OSError("no such name")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
            )
            for address in found
        ]

    async def close(self) -> None:
        pass


class Site:
    def __init__(self, port: int, names: Names, rules: AddressRules) -> None:
        self.port = port
        self.names = names
        self.rules = rules
        self.requests: list[web.BaseRequest] = []
        self.pages: dict[str, Handler] = {}

    def url(self, path: str, host: str = "site.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def http(self, **params: float) -> GuardedHttp:
        return GuardedHttp(self.rules, HttpParams(**params), self.names)  # type: ignore[arg-type]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.pages.get(request.path)
        return await handler(request) if handler else web.Response(text=f"page {request.path}")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = Names()
    names.addresses = {"site.example": [["127.0.0.1"]], "other.example": [["127.0.0.2"]]}
    site = Site(port, names, AddressRules(ports=frozenset({port}), own_networks=(LOOPBACK,)))
    runner = web.ServerRunner(web.Server(site.answer))
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", port).start()  # noqa: S104  all addresses of the loopback
    yield site
    await runner.cleanup()


def redirect(status: int, location: str) -> Handler:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return handler


def content(body: bytes, **headers: str) -> Handler:
    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return handler


async def test_an_answer_is_read_and_decoded(site: Site) -> None:
    site.pages["/a"] = content(gzip.compress(b"text" * 100), Content_Encoding="gzip", ETag='"1"', Set_Cookie="id=1")
    async with site.http() as http:
        answer = await http.get(site.url("/a"), {"If-None-Match": '"0"'})
        await http.get(site.url("/b"))
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"text" * 100, '"1"')
    first, second = site.requests
    assert first.headers["If-None-Match"] == '"0"'
    assert "news-pipeline" in first.headers["User-Agent"]
    assert "Cookie" not in second.headers


@pytest.mark.parametrize("address", ["127.0.0.9", "10.0.0.1", "169.254.169.254", "0.0.0.0", "192.168.0.1"])  # noqa: S104
async def test_a_name_that_leads_to_an_own_network_is_refused(site: Site, address: str) -> None:
    site.names.addresses["evil.example"] = [[address]]
    async with site.http() as http:
        with pytest.raises(FetchRefused, match="address"):
            await http.get(site.url("/", "evil.example"))
    assert not site.requests


async def test_of_several_addresses_the_allowed_ones_are_used(site: Site) -> None:
    site.names.addresses["mixed.example"] = [["127.0.0.9", "127.0.0.2"]]
    async with site.http() as http:
        await http.get(site.url("/", "mixed.example"))
    (request,) = site.requests
    assert request.transport is None or request.transport.get_extra_info("sockname")[0] == "127.0.0.2"


async def test_a_name_that_changes_is_checked_again(site: Site) -> None:
    """The connection goes to the address that was checked, and a later lookup is checked as the first was."""
    site.names.addresses["rebinding.example"] = [["127.0.0.1"], ["127.0.0.9"]]
    async with site.http() as http:
        await http.get(site.url("/", "rebinding.example"))
    async with site.http() as http:
        with pytest.raises(FetchRefused, match="address"):
            await http.get(site.url("/", "rebinding.example"))
    assert site.names.asked == ["rebinding.example"] * 2
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.9:{port}/", "address"),
        ("http://[::1]:{port}/", "address"),
        ("http://2130706441:{port}/", "address"),
        ("http://inside.example:{port}/", "address"),
        ("http://site.example:1/", "port"),
        ("file:///etc/passwd", "scheme"),
        ("http://user:secret@site.example:{port}/", "credentials"),
        ("/endless", "redirects"),
    ],
)
async def test_what_a_redirect_names_is_checked(site: Site, location: str, reason: str) -> None:
    site.names.addresses["inside.example"] = [["127.0.0.9"]]
    site.pages["/start"] = redirect(302, location.format(port=site.port))
    site.pages["/endless"] = redirect(302, "/endless")
    async with site.http() as http:
        with pytest.raises(FetchRefused) as caught:
            await http.get(site.url("/start"))
    assert caught.value.reason == reason
    assert {request.path for request in site.requests} <= {"/start", "/endless"}


async def test_permanent_redirects_are_told_from_others(site: Site) -> None:
    site.pages["/old"] = redirect(301, "/new")
    site.pages["/new"] = redirect(308, "/newer")
    site.pages["/newer"] = redirect(302, "/today")
    site.pages["/today"] = redirect(301, "/page")
    async with site.http() as http:
        answer = await http.get(site.url("/old"))
    assert (answer.url, answer.permanent_url) == (site.url("/page"), site.url("/newer"))


async def test_another_origin_gets_no_secret(site: Site) -> None:
    site.pages["/start"] = redirect(302, site.url("/end", "other.example"))
    async with site.http() as http:
        await http.get(site.url("/start"), {"Authorization": "Bearer secret", "Accept": "text/html"})
    first, second = site.requests
    assert first.headers["Authorization"]
    assert "Authorization" not in second.headers
    assert second.headers["Accept"] == "text/html"


async def test_a_post_follows_nothing(site: Site) -> None:
    site.pages["/hook"] = redirect(307, "/elsewhere")
    async with site.http() as http:
        answer = await http.post(site.url("/hook"), b"{}", {"Content-Type": "application/json"})
    assert answer.status == 307
    assert [request.method for request in site.requests] == ["POST"]


async def endless(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def slow(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (endless, "too_large"),
        (slow, "timeout"),
        (content(b"x" * 200_000), "too_large"),
        (content(gzip.compress(bytes(3_000_000)), Content_Encoding="gzip"), "too_large"),
        (content(b"no gzip", Content_Encoding="gzip"), "undecodable"),
        (content(b"", Content_Encoding="gzip, gzip, gzip, gzip"), "undecodable"),
        (content(b"", X_Long="x" * 40_000), "protocol"),
    ],
    ids=["endless", "slow", "large", "bomb", "corrupt", "layers", "header"],
)
async def test_bodies_are_bounded(site: Site, handler: Handler, reason: str) -> None:
    site.pages["/a"] = handler
    async with site.http(max_bytes=100_000, total_secs=1.0) as http:
        with pytest.raises(FetchFailed) as caught:
            await http.get(site.url("/a"))
    assert caught.value.reason == reason


async def test_failures_have_reasons(site: Site) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.3", 0))
        closed = unused.getsockname()[1]
    site.rules = AddressRules(ports=frozenset({site.port, closed}), own_networks=(LOOPBACK,))
    attempts = {
        f"http://nowhere.example:{site.port}/": "dns",
        f"http://127.0.0.3:{closed}/": "connect",
        f"https://site.example:{site.port}/": "tls",
    }
    async with site.http() as http:
        for url, reason in attempts.items():
            with pytest.raises(FetchFailed) as caught:
                await http.get(url)
            assert caught.value.reason == reason, url


async def test_a_host_is_asked_by_few_connections_at_a_time(site: Site) -> None:
    now = most = 0

    async def count(_: web.BaseRequest) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.Response(text="")

    site.pages["/a"] = count
    async with site.http() as http:
        await asyncio.gather(*(http.get(site.url("/a")) for _ in range(12)))
    assert most == HttpParams().connections_per_host


async def test_what_is_awaited_before_a_redirect_takes_none_of_the_time_of_a_request() -> None:
    async with asyncio.timeout(60) as limit:
        before = limit.when()
        assert before is not None

        async def waiting() -> None:
            assert limit.when() is None
            await asyncio.sleep(0.05)

        await _untimed(limit, waiting())
        assert (limit.when() or 0) >= before + 0.05


async def test_a_redirect_is_followed_only_when_it_may_be(site: Site) -> None:
    site.pages["/a"] = redirect(302, site.url("/b", "other.example"))
    seen: list[str] = []

    async def refuse(target: str) -> None:
        seen.append(target)
        raise RuntimeError("not now")

    async with site.http() as http:
        with pytest.raises(RuntimeError, match="not now"):
            await http.get(site.url("/a"), before_redirect=refuse)
    assert seen == [site.url("/b", "other.example")]
    assert [request.path for request in site.requests] == ["/a"]
