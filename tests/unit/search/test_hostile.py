"""What strangers wrote, and what strangers ask: nothing of it becomes markup, a link to elsewhere, or much work."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from pipeline.downstream.web import WebServer
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.search.index import SearchIndex
from pipeline.search.params import QUERY
from pipeline.search.query import Query
from pipeline.search.routes import search_routes
from pipeline.search.searching import Answer, Search
from pipeline.settings import ServingSettings
from tests.harness.shown_page import ShownPage
from tests.harness.standing_records import ARTICLES, CLUSTERS, cluster, standing

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='alert(3)' &lt;b&gt;"
ALLOWED = {
    "html",
    "head",
    "meta",
    "title",
    "link",
    "body",
    "header",
    "form",
    "a",
    "input",
    "select",
    "option",
    "button",
}
ALLOWED |= {"div", "main", "p", "article", "h2", "mark", "bdi", "time", "aside", "section", "ul", "li", "span", "nav"}
ALLOWED |= {"b", "code"}
ATTRIBUTES = {"lang", "charset", "name", "content", "rel", "href", "action", "method", "role", "class", "type", "value"}
ATTRIBUTES |= {"dir", "maxlength", "aria-label", "placeholder", "selected", "datetime", "id"}


def page_of(text: str) -> ShownPage:
    return ShownPage(text, ALLOWED, ATTRIBUTES)


class Service:
    """A web server over an index of hostile articles."""

    def __init__(self, server: WebServer) -> None:
        self._server = server

    async def ask(self, **parameters: str) -> tuple[int, str, str]:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{self._server.port}/search"
            async with session.get(url, params=parameters) as answer:
                return answer.status, answer.content_type, await answer.text()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    index = SearchIndex(tmp_path / "index", ARTICLES, CLUSTERS, None, 1000.0)
    index.restore({ARTICLES: b"1", CLUSTERS: b"2"})
    subjects = [{"code": MARKUP, "name": MARKUP, "confidence": 1, "reliable": False}]
    publisher = {"id": MARKUP, "name": MARKUP}
    skipped = index.apply(
        [
            standing(
                "markup", f"hostile {MARKUP}", f"hostile {MARKUP}", MARKUP, subjects=subjects, publisher=publisher
            ),
            standing("script", "hostile script", url="javascript:alert(1)"),
            standing("data", "hostile data", url="data:text/html,x", canonical_url="\tjavascript:alert(1)"),
            standing(MARKUP, "hostile id", cluster_id=MARKUP),
            cluster(MARKUP, 3, MARKUP, MARKUP),
            standing("long", f"hostile {'<b>' * 350_000}", "hostile " + "\u202e" * 100_000),
            standing("dates", "hostile dates", published_at={"value": "0000-99-99T99:99:99Z"}, ingested_at="never"),
            standing("far", "hostile far", published_at={"value": "9999-12-31T23:59:59-23:59"}),
            standing("early", "hostile early", published_at={"value": "0001-01-01T00:00:00+23:59"}),
            standing("types", "hostile types", published_at=7, publisher=None, subjects=[], vector={"values": 3}),
        ]
    )
    assert skipped == 0
    index.store({(ARTICLES, 0): 1}, caught_up=True)
    server = WebServer(ServingSettings(port=0))
    await server.start(search_routes(Search(index), DownstreamMetrics(), 5.0))
    yield Service(server)
    await server.stop()
    index.close()


async def test_nothing_that_strangers_wrote_becomes_markup_or_a_script(service: Service) -> None:
    status, _, text = await service.ask(q="hostile", size="50")
    assert status == 200
    assert text.count("<article") == 9
    page = page_of(text)
    for link in page.links:
        address = link["href"] or ""
        assert address.startswith(("/", "#", "https://gazette.example/")), address
        if address.startswith("https:"):
            assert link["rel"] == "noopener noreferrer nofollow"
    assert "\u202e" not in text
    assert len(text) < 40_000


async def test_json_has_texts_as_they_are_and_links_that_may_be_followed(service: Service) -> None:
    status, kind, text = await service.ask(q="hostile", size="50", format="json")
    assert (status, kind) == (200, "application/json")
    found: dict[str, Any] = {story["id"]: story for story in orjson.loads(text)["stories"]}
    assert found["markup"]["headline"] == f"hostile {MARKUP}"
    assert "url" not in found["script"]
    assert "url" not in found["data"]
    assert found["dates"]["published_at"] == "1970-01-01T00:00:00Z"
    assert found["far"]["published_at"] == "2026-11-29T12:00:00Z"
    assert {"text": "hostile", "match": True} in found["far"]["headline_marked"]


@pytest.mark.parametrize(
    "text",
    [
        MARKUP,
        "(a+)+$",
        "[a-z]*.*",
        "*",
        "a* ?b",
        "\x00hostile\x00",
        "hostile AND (NOT",
        "headline:/.*/",
        "{0 TO *}",
        "' OR 1=1 --",
        "../../etc/passwd",
        "\u202ehostile",
        "-hostile",
        '"hostile',
        "\ud83d\ude00",
        f"related:{MARKUP}",
        "story:" + "x" * 400,
        "東" * 31,
    ],
)
async def test_any_text_is_answered(service: Service, text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    status, _, page = await service.ask(q=text)
    assert status == 200
    page_of(page)


@pytest.mark.parametrize(
    "parameters",
    [{"q": "a OR " * 1000}, {"q": "x" * 5000}, {"page": "51"}, {"page": "1e9"}, {"size": "1000000"}, {"x": MARKUP}],
)
async def test_large_requests_are_refused_and_not_quoted(service: Service, parameters: dict[str, str]) -> None:
    status, _, page = await service.ask(**parameters)
    assert status == 400
    assert "alert" not in page
    page_of(page)


async def test_the_deepest_page_is_answered(service: Service) -> None:
    status, _, _ = await service.ask(q="hostile", page=str(QUERY.max_page), size=str(QUERY.max_size))
    assert status == 200


class _Slow(Search):
    """A search that does not end before the test says so."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def answer(self, query: Query) -> Answer:
        self.released.wait(30)
        return Answer(query=query, stories=(), total=0, pages=0, facets={}, took_ms=0)


async def test_slow_queries_are_given_up_and_too_many_are_refused() -> None:
    search, metrics = _Slow(), DownstreamMetrics()
    server = WebServer(ServingSettings(port=0))
    await server.start(search_routes(search, metrics, 0.05))
    service = Service(server)
    try:
        most = QUERY.running + QUERY.waiting
        answers = await asyncio.gather(*(service.ask(q="ferry", format="json") for _ in range(most)))
        assert {status for status, _, _ in answers} == {503}
        assert (await service.ask(q="ferry"))[0] == 503
        queries = metrics.of("search_queries_total")
        assert queries.labels("late")._value.get() == most
        assert queries.labels("busy")._value.get() == 1
    finally:
        search.released.set()
        await server.stop()
