"""The addresses of the web server: the page, the same as JSON, and the style sheet."""

from importlib.resources import files

import msgspec
from aiohttp import web

from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.search.desk import QueryDesk, RefusedError
from pipeline.search.page import answer_page, error_page
from pipeline.search.query import QueryError, read_query
from pipeline.search.searching import Search
from pipeline.search.shown_answer import shown_answer

__all__ = ["search_routes"]


def search_routes(search: Search, metrics: DownstreamMetrics, longest_secs: float) -> list[web.RouteDef]:
    """Return the routes.

    Args:
        search: Answers queries.
        metrics: Gets counts and times.
        longest_secs: Longest time of a query.
    """
    desk = QueryDesk(search, metrics, longest_secs)
    style = files("pipeline.search").joinpath("data/search.css").read_text("utf-8")

    async def answer(request: web.Request) -> web.StreamResponse:
        as_json = _wants_json(request)
        try:
            parameters = {name: request.query.getall(name) for name in request.query}
            query = read_query(parameters)
            found = shown_answer(await desk.answer(query))
        except QueryError as error:
            desk.count("refused")
            return _error(400, str(error), as_json=as_json)
        except RefusedError as error:
            return _error(503, str(error), as_json=as_json)
        if as_json:
            return web.Response(body=msgspec.json.encode(found), content_type="application/json")
        return web.Response(text=answer_page(query, found), content_type="text/html")

    async def style_sheet(_: web.Request) -> web.StreamResponse:
        return web.Response(text=style, content_type="text/css")

    return [web.get("/", answer), web.get("/search", answer), web.get("/search.css", style_sheet)]


def _wants_json(request: web.Request) -> bool:
    return request.query.get("format") == "json" or request.headers.get("Accept", "").startswith("application/json")


def _error(status: int, message: str, *, as_json: bool) -> web.Response:
    if as_json:
        return web.Response(
            body=msgspec.json.encode({"error": message}), status=status, content_type="application/json"
        )
    return web.Response(text=error_page(message), status=status, content_type="text/html")
