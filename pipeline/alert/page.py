"""The page: HTML made on the server, without scripts. Whatever is not from this file is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from pipeline.alert.preview import Previewed
from pipeline.alert.saved_query import SavedQuery
from pipeline.downstream.links import shown

__all__ = ["ShownQuery", "error_page", "preview_page", "queries_page"]

_FILTERS: Final = ("language", "subject", "publisher", "country")
_PLACEHOLDERS: Final = {
    "language": "en",
    "subject": "medtop:15000000",
    "publisher": "gazette.example",
    "country": "GB",
}
_QUERY_CHARS: Final = 500


class ShownQuery(Struct, frozen=True):
    """A query, and the values of its latest notifications, the newest first."""

    query: SavedQuery
    latest: tuple[Mapping[str, Any], ...]


def queries_page(
    queries: Sequence[ShownQuery], total: int, page: int, pages: int, dead_letters: Mapping[str, int]
) -> str:
    """Return the page of all queries.

    Args:
        queries: Those of this page.
        total: The number of all queries.
        page: From 1.
        pages: The number of pages.
        dead_letters: How many notifications each sink did not get.
    """
    rows = "".join(map(_query, queries)) or '<p class="notice">There is no query on this page.</p>'
    lost = "".join(
        f'<p class="notice">{count:,} notifications to <code>{escape(sink)}</code> were given up.</p>'
        for sink, count in dead_letters.items()
    )
    where = f", page {page} of {pages}" if pages > 1 else ""
    count = f'<p class="count">{total:,} saved {"query" if total == 1 else "queries"}{where}</p>'
    return _page("Alerts", None, f"{count}{lost}{rows}{_pages(page, pages)}")


def preview_page(query: SavedQuery, found: Previewed) -> str:
    """Return the page with the articles that a query would have matched."""
    reach = "of the last day" if found.is_complete else "that were published last; the time for more was over"
    count = (
        f'<p class="count">{found.matching:,} of {found.searched:,} articles {reach}: '
        f"{found.stories:,} {'story' if found.stories == 1 else 'stories'}, so as many notifications</p>"
    )
    rows = "".join(f"<li>{_article(one.shown)}</li>" for one in found.articles)
    return _page("Preview – Alerts", query, f'{count}<ul class="told">{rows}</ul>')


def error_page(message: str) -> str:
    """Return the page for a request that is not answered."""
    return _page("Alerts", None, f'<p class="notice">{escape(message)}</p>')


def _query(one: ShownQuery) -> str:
    query = one.query
    filters = " · ".join(
        f"{name}: {escape(', '.join(getattr(query, name)))}" for name in _FILTERS if getattr(query, name)
    )
    about = " · ".join(
        part
        for part in (
            f"<bdi>{escape(query.words)}</bdi>" if query.words else "",
            filters,
            f"on {', '.join(query.on)}",
            f"to {escape(', '.join(query.sinks))}",
            f'<a href="/preview?{_link(query)}">Preview</a>',
        )
        if part
    )
    told = "".join(
        f'<li><span class="reason">{escape(str(value["reason"]))}, {escape(str(value["time"]))}</span> '
        f"{_article(value['article'])}</li>"
        for value in one.latest
    )
    return (
        f'<article><h2><code>{escape(query.id)}</code></h2><p class="facts">{about}</p>'
        f'<ul class="told">{told or "<li class=reason>Nothing was notified yet.</li>"}</ul></article>'
    )


def _article(article: Mapping[str, Any]) -> str:
    """Return the headline of an article with a link, and its publisher."""
    headline = f'<bdi dir="auto">{escape(article.get("headline") or "(no headline)")}</bdi>'
    if article.get("url"):
        headline = f'<a href="{escape(article["url"])}" rel="noopener noreferrer nofollow">{headline}</a>'
    publisher = article.get("publisher") or {}
    name = publisher.get("name") or publisher.get("id")
    return headline + (f' <span class="reason"><bdi>{escape(name)}</bdi></span>' if name else "")


def _link(query: SavedQuery) -> str:
    parameters = [("q", query.words)] if query.words else []
    parameters += [(name, value) for name in _FILTERS for value in getattr(query, name)]
    parameters += [] if query.reliable else [("reliable", "false")]
    return escape(urlencode(parameters))


def _pages(page: int, pages: int) -> str:
    if pages <= 1:
        return ""
    before = f'<a href="/?page={page - 1}" rel="prev">← Previous</a>' if page > 1 else ""
    after = f'<a href="/?page={page + 1}" rel="next">Next →</a>' if page < pages else ""
    return f'<nav aria-label="Pages"><span>{before}</span><span>{after}</span></nav>'


def _page(title: str, query: SavedQuery | None, content: str) -> str:
    words = escape(shown(query.words, _QUERY_CHARS)) if query is not None else ""
    fields = "".join(
        f'<label>{name.capitalize()} <input type="text" name="{name}" placeholder="{_PLACEHOLDERS[name]}" '
        f'value="{escape(value)}"></label>'
        for name in _FILTERS
        for value in ((getattr(query, name) if query is not None else ()) or ("",))
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/alert.css"></head><body>'
        '<header><form action="/preview" method="get" role="search"><a class="name" href="/">Alerts</a>'
        f'<input type="search" name="q" value="{words}" dir="auto" maxlength="{_QUERY_CHARS}" '
        'aria-label="Words of a query to try" placeholder="Try a query on the last day">'
        f"{fields}<button>Preview</button></form></header><main>{content}</main></body></html>\n"
    )
