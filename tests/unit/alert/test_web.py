"""The page, its JSON and the stream: nothing of strangers becomes markup, and readers continue where they were."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from pipeline.alert.compiled import compiled
from pipeline.alert.events import EventStream, place_of
from pipeline.alert.matcher import Matcher
from pipeline.alert.outbox import Outbox
from pipeline.alert.preview import Preview
from pipeline.alert.routes import alert_routes
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.state import AlertState
from pipeline.downstream.web import WebServer
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.settings import ServingSettings
from tests.harness.alert_records import ENRICHED, event, value_of
from tests.harness.shown_page import ShownPage

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='alert(3)' ferry"
TAGS = {"html", "head", "meta", "title", "link", "body", "header", "form", "a", "input", "label", "button", "main"}
TAGS |= {"p", "article", "h2", "code", "bdi", "ul", "li", "span", "nav"}
ATTRIBUTES = {"lang", "charset", "name", "content", "rel", "href", "action", "method", "role", "class", "type", "value"}
ATTRIBUTES |= {"dir", "maxlength", "aria-label", "placeholder"}


def page_of(text: str) -> ShownPage:
    return ShownPage(text, TAGS, ATTRIBUTES)


class Service:
    """A web server over a state."""

    def __init__(self, state: AlertState, server: WebServer) -> None:
        self.state = state
        self.server = server

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    def tell(self, *names: str, **fields: Any) -> None:
        self.state.apply([event(value_of(name, MARKUP, **fields)) for name in names])
        self.state.store({(ENRICHED, 0): 1}, caught_up=True)

    async def ask(self, path: str, **parameters: str) -> tuple[int, str, str]:
        async with aiohttp.ClientSession() as session, session.get(self.url(path), params=parameters) as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            return answer.status, answer.content_type, await answer.text()

    async def events(self, count: int, **headers: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the ids and values of the next events of the stream."""
        found: list[tuple[str, dict[str, Any]]] = []
        async with aiohttp.ClientSession() as session, session.get(self.url("/events"), headers=headers) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert "Content-Security-Policy" in answer.headers
            name = ""
            async with asyncio.timeout(20):
                while len(found) < count:
                    field, _, content = (await answer.content.readline()).decode().rstrip("\n").partition(": ")
                    if field == "id":
                        name = content
                    elif field == "data":
                        found.append((name, orjson.loads(content)))
        return found


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    queries = [
        compiled(SavedQuery(id="ferries", words='ferry -"<b>"', publisher=("gazette.example",))),
        compiled(SavedQuery(id="quiet", words="<script>tram", sinks=("stdout",))),
    ]
    metrics = DownstreamMetrics()
    state = AlertState(tmp_path, Matcher(queries), metrics, remember_days=30, max_documents=10)
    outbox, preview = Outbox(tmp_path), Preview(tmp_path, 5.0)
    server = WebServer(ServingSettings(port=0))
    await server.start(alert_routes(state, outbox, preview, EventStream(state, outbox, metrics)))
    yield Service(state, server)
    await server.stop()
    preview.close()
    outbox.close()
    state.close()


async def test_the_page_shows_queries_and_their_notifications_as_text(service: Service) -> None:
    service.tell("a", publisher={"id": "gazette.example", "name": MARKUP}, url="javascript:alert(1)")
    service.tell("b")
    status, kind, text = await service.ask("/")
    assert (status, kind) == (200, "text/html")
    page = page_of(text)
    assert text.count("&lt;script&gt;alert(1)") == 3
    outside = [link for link in page.links if not str(link["href"]).startswith("/")]
    assert [link["href"] for link in outside] == ["https://gazette.example/b"]
    assert all(link["rel"] == "noopener noreferrer nofollow" for link in outside)
    assert "Nothing was notified yet." in text


async def test_the_same_as_json(service: Service) -> None:
    service.tell("a")
    status, kind, text = await service.ask("/", format="json")
    found = orjson.loads(text)
    assert (status, kind, found["total"], found["dead_letters"]) == (200, "application/json", 2, {})
    assert [one["query"]["id"] for one in found["queries"]] == ["ferries", "quiet"]
    assert found["queries"][0]["latest"][0]["article"]["id"] == "a"


async def test_a_preview_says_what_a_query_would_have_matched(service: Service) -> None:
    service.tell("a", "b", cluster_id="c")
    service.tell("c", publisher={"id": "other.example"})
    status, _, text = await service.ask("/preview", q="ferries", publisher="gazette.example", format="json")
    found = orjson.loads(text)
    assert status == 200
    assert (found["matching"], found["stories"], found["searched"], found["is_complete"]) == (2, 1, 3, True)
    assert {one["id"] for one in found["articles"]} == {"a", "b"}
    status, _, text = await service.ask("/preview", q=MARKUP)
    assert status == 200
    page_of(text)


@pytest.mark.parametrize(
    "parameters",
    [
        {}, {"q": "-x"}, {"q": "x" * 501}, {"q": "x " * 33}, {"q": "story:c"}, {"language": "<b>"}, {"subject": "x"},
        {"country": "Norway"}, {"q": "x", "reliable": "maybe"}, {"colour": "red"}, {"q": "\x00"},
    ],
)  # fmt: skip
async def test_a_preview_that_asks_for_too_much_is_refused(service: Service, parameters: dict[str, str]) -> None:
    status, _, text = await service.ask("/preview", **parameters)
    assert status == 400
    page_of(text)
    status, _, text = await service.ask("/preview", format="json", **parameters)
    assert status == 400
    assert set(orjson.loads(text)) == {"error"}


async def test_one_preview_runs_at_a_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Preview, "of", lambda *_: None)
    assert (await service.ask("/preview", q="x"))[0] == 503


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "9" * 40])
async def test_any_page_is_answered(service: Service, page: str) -> None:
    assert (await service.ask("/", page=page))[0] == 200


async def test_the_style_sheet_is_there(service: Service) -> None:
    status, kind, text = await service.ask("/alert.css")
    assert (status, kind) == (200, "text/css")
    assert "url(" not in text


async def test_a_reader_of_the_stream_gets_what_is_new_and_continues_where_it_was(service: Service) -> None:
    service.tell("before")
    waiting = asyncio.create_task(service.events(2))
    await _readers(service, 1)
    service.tell("a", "b")
    first, second = await waiting
    assert [first[1]["article"]["id"], second[1]["article"]["id"]] == ["a", "b"]
    await _readers(service, 0)
    service.tell("c")
    again = await service.events(2, **{"Last-Event-ID": first[0]})
    assert [value["article"]["id"] for _, value in again] == ["b", "c"]
    # One that read the stream of a lost state gets all that there is.
    everything = await service.events(4, **{"Last-Event-ID": "another-7"})
    assert [value["article"]["id"] for _, value in everything] == ["before", "a", "b", "c"]


async def test_only_queries_that_chose_it_are_in_the_stream(service: Service) -> None:
    service.state.apply([event(value_of("t", "<script> tram")), event(value_of("f", "ferry"))])
    service.state.store({(ENRICHED, 0): 1}, caught_up=True)
    (found,) = await service.events(1, **{"Last-Event-ID": "another-1"})
    assert found[1]["article"]["id"] == "f"


async def test_there_are_not_more_readers_than_a_number(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.alert.events._MOST_READERS", 0)
    assert (await service.ask("/events"))[0] == 503


@pytest.mark.parametrize(
    ("last", "place"),
    [("", 9), ("me-4", 4), ("me-12", 9), ("other-4", 0), ("4", 0), ("me-", 0), ("me-x", 0), ("me-" + "9" * 30, 0)],
)
def test_a_reader_says_what_it_has(last: str, place: int) -> None:
    assert place_of(last, "me", 9) == place


async def _readers(service: Service, count: int) -> None:
    registry = service.state._metrics.registry
    async with asyncio.timeout(20):
        while registry.get_sample_value("news_alert_stream_readers") != count:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
