"""The addresses of the web server: the page, the same as JSON, the preview, the stream, and the style sheet."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import msgspec
import orjson
from aiohttp import web

from pipeline.alert.compiled import CompiledQuery
from pipeline.alert.events import EventStream
from pipeline.alert.outbox import Outbox
from pipeline.alert.page import ShownQuery, error_page, preview_page, queries_page
from pipeline.alert.preview import Preview, Previewed
from pipeline.alert.query_file import check_query
from pipeline.alert.saved_query import SavedQuery
from pipeline.alert.state import AlertState
from pipeline.search.query import QueryError

__all__ = ["alert_routes", "previewed_query"]

_PARAMETERS: Final = frozenset({"q", "language", "subject", "publisher", "country", "reliable", "format"})
_LAST: Final = 5
"""Notifications that are shown of each query."""
_SHOWN: Final = 200
"""Queries on a page."""


def alert_routes(state: AlertState, outbox: Outbox, preview: Preview, stream: EventStream) -> list[web.RouteDef]:
    """Return the routes.

    Args:
        state: Has the queries in use.
        outbox: Has what was notified.
        preview: Compares a query with the last day.
        stream: Sends notifications as they are made.
    """
    sheets = (files("pipeline.search").joinpath("data/search.css"), files("pipeline.alert").joinpath("data/alert.css"))
    style = "".join(sheet.read_text("utf-8") for sheet in sheets)

    async def queries(request: web.Request) -> web.StreamResponse:
        page = _page(request.query.get("page", "1"))
        chosen = state.matcher.queries[(page - 1) * _SHOWN : page * _SHOWN]
        shown = await asyncio.to_thread(_shown, chosen, outbox)
        letters = await asyncio.to_thread(outbox.dead_letters)
        total = len(state.matcher.queries)
        if _wants_json(request):
            return _json({"total": total, "queries": [_query_json(one) for one in shown], "dead_letters": letters})
        return _html(queries_page(shown, total, page, -(-total // _SHOWN), letters))

    async def previewed(request: web.Request) -> web.StreamResponse:
        as_json = _wants_json(request)
        try:
            query = previewed_query({name: request.query.getall(name) for name in request.query})
        except QueryError as error:
            return _error(400, str(error), as_json=as_json)
        found = await asyncio.to_thread(preview.of, query)
        if found is None:
            return _error(503, "another preview is running; try again", as_json=as_json)
        return _json(_preview_json(found)) if as_json else _html(preview_page(query.saved, found))

    async def style_sheet(_: web.Request) -> web.StreamResponse:
        return web.Response(text=style, content_type="text/css")

    return [
        web.get("/", queries),
        web.get("/preview", previewed),
        web.get("/events", stream.answer),
        web.get("/alert.css", style_sheet),
    ]


def previewed_query(parameters: Mapping[str, Sequence[str]]) -> CompiledQuery:
    """Return the query of a request.

    Args:
        parameters: The values of each parameter, decoded.

    Raises:
        QueryError: A parameter is unknown or not valid.
    """
    unknown = parameters.keys() - _PARAMETERS
    if unknown:
        known = ", ".join(sorted(_PARAMETERS))
        raise QueryError(f"there is a parameter that does not exist; those that do are {known}")
    single = [name for name in ("q", "reliable") if len(parameters.get(name, ())) > 1]
    if single:
        raise QueryError(f"{single[0]} is there more than once")
    reliable = next(iter(parameters.get("reliable", ())), "") or "true"
    if reliable not in ("true", "false"):
        raise QueryError("reliable is true or false")

    def values(name: str) -> tuple[str, ...]:
        return tuple(value for value in parameters.get(name, ()) if value)

    saved = SavedQuery(
        id="preview",
        words=next(iter(parameters.get("q", ())), ""),
        language=values("language"),
        subject=values("subject"),
        reliable=reliable == "true",
        publisher=values("publisher"),
        country=values("country"),
    )
    return check_query(saved)


def _shown(queries: Sequence[CompiledQuery], outbox: Outbox) -> list[ShownQuery]:
    return [
        ShownQuery(query.saved, tuple(orjson.loads(one.value) for one in outbox.latest(query.saved.id, _LAST)))
        for query in queries
    ]


def _query_json(one: ShownQuery) -> dict[str, Any]:
    return {"query": msgspec.to_builtins(one.query), "latest": one.latest}


def _preview_json(found: Previewed) -> dict[str, Any]:
    return {
        "matching": found.matching,
        "stories": found.stories,
        "searched": found.searched,
        "is_complete": found.is_complete,
        "articles": [{"story_id": one.story, **one.shown} for one in found.articles],
    }


def _page(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _wants_json(request: web.Request) -> bool:
    return request.query.get("format") == "json" or request.headers.get("Accept", "").startswith("application/json")


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def _error(status: int, message: str, *, as_json: bool) -> web.Response:
    return _json({"error": message}, status) if as_json else _html(error_page(message), status)
