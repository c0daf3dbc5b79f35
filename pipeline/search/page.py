"""The page: HTML made on the server, without scripts. Whatever is not from this file is escaped."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import urlencode

from pipeline.search.query import Query, Sort
from pipeline.search.shown_answer import ShownAnswer, ShownFacet, ShownStory, chosen_filters
from pipeline.search.snippets import Piece

__all__ = ["answer_page", "error_page"]

_HEADINGS: Final = (
    ("language", "Language"),
    ("subject", "Subject"),
    ("publisher", "Publisher"),
    ("day", "Day (UTC)"),
)
_ORDERS: Final[tuple[tuple[Sort, str], ...]] = (
    ("relevance", "Best match"),
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
)
_NAMED_PUBLISHERS: Final = 3
_TITLE_CHARS: Final = 80


def answer_page(query: Query, answer: ShownAnswer) -> str:
    """Return the page with an answer."""
    number = "article" if answer.total == 1 else "articles"
    count = f"{answer.total:,} {number}" + (f", page {answer.page} of {answer.pages}" if answer.pages > 1 else "")
    stories = "".join(_story(story) for story in answer.stories)
    if not stories:
        stories = (
            '<p class="notice">No article matches. Try fewer words, or remove a filter. '
            "Words in quotes must follow each other, <code>-word</code> excludes one, and <code>OR</code> between two "
            "means either.</p>"
        )
    main = (
        f'<p class="count">{count}<a class="to-filters" href="#filters">Filters</a></p>'
        f"{_chosen(query)}{stories}{_pages(query, answer)}"
    )
    return _page(query, f'<div class="columns"><main>{main}</main>{_facets(query, answer)}</div>')


def error_page(message: str) -> str:
    """Return the page for a request that is not answered."""
    return _page(Query(), f'<div class="columns"><main><p class="notice">{escape(message)}</p></main></div>')


def _page(query: Query, content: str) -> str:
    title = f"{query.text[:_TITLE_CHARS]} – News search" if query.text else "News search"
    options = "".join(
        f'<option value="{value}"{" selected" if value == query.sort else ""}>{name}</option>'
        for value, name in _ORDERS
    )
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in _parameters(query)
        if name not in ("q", "sort", "page")
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/search.css"></head><body>'
        '<header><form action="/search" method="get" role="search"><a class="name" href="/">News search</a>'
        f'<input type="search" name="q" value="{escape(query.text)}" dir="auto" maxlength="500" '
        'aria-label="Words to search for" placeholder="Words, or a &quot;phrase&quot;">'
        f'<select name="sort" aria-label="Order">{options}</select>{hidden}'
        f"<button>Search</button></form></header>{content}</body></html>\n"
    )


def _story(story: ShownStory) -> str:
    headline = _marked(story.headline_marked) or "(no headline)"
    if story.url is not None:
        headline = f'<a href="{escape(story.url)}" rel="noopener noreferrer nofollow">{headline}</a>'
    facts = [
        *([escape(story.publisher)] if story.publisher else []),
        f'<time datetime="{escape(story.published_at)}">{_time(story.published_at)}</time>',
        escape(story.language),
        *(f"{escape(one.name)}{'' if one.reliable else '?'}" for one in story.subjects),
    ]
    # The direction of the article is that of its headline, for the browser finds the first letter there.
    about = " · ".join(f"<bdi>{fact}</bdi>" for fact in facts)
    return (
        f'<article dir="auto" lang="{escape(story.language)}"><h2>{headline}</h2>'
        f'<p class="facts" lang="en">{about}</p><p class="text" dir="auto">{_marked(story.text_marked)}</p>'
        f'<p class="story" lang="en">{_folded(story)}</p></article>'
    )


def _folded(story: ShownStory) -> str:
    """Return what is folded under a story, with links to that and to related articles."""
    parts = []
    if story.articles is not None and story.articles > 1:
        places = "publisher" if story.publishers == 1 else "publishers"
        named = ", ".join(f"<bdi>{escape(name)}</bdi>" for name in story.publisher_names[:_NAMED_PUBLISHERS])
        rest = "…" if (story.publishers or 0) > _NAMED_PUBLISHERS else ""
        parts.append(f"{story.articles} articles and copies of {story.publishers} {places}: {named}{rest}")
    if story.found:
        articles = "article" if story.found == 1 else "articles"
        link = escape(urlencode({"q": f"story:{story.story}", "sort": "newest"}))
        parts.append(f'<a href="/search?{link}">{story.found} more {articles} found in this story</a>')
    link = escape(urlencode({"q": f"related:{story.id}"}))
    parts.append(f'<a href="/search?{link}">Related</a>')
    return " · ".join(f'<bdi dir="ltr">{part}</bdi>' for part in parts)


def _facets(query: Query, answer: ShownAnswer) -> str:
    sections = "".join(
        f"<section><h2>{heading}</h2><ul>{_values(query, name, answer.facets[name])}</ul></section>"
        for name, heading in _HEADINGS
        if answer.facets[name]
    )
    return f'<aside id="filters" aria-label="Filters">{sections}</aside>'


def _values(query: Query, facet: str, values: Iterable[ShownFacet]) -> str:
    chosen = getattr(query.filters, facet)
    return "".join(
        f"<li>{_choice(query, facet, one) if one.value not in chosen else f'<b>{escape(one.name)}</b>'}"
        f"<span>{one.count:,}</span></li>"
        for one in values
    )


def _choice(query: Query, facet: str, one: ShownFacet) -> str:
    return f'<a href="{_link(query, add=(facet, one.value))}" rel="nofollow"><bdi>{escape(one.name)}</bdi></a>'


def _chosen(query: Query) -> str:
    links = "".join(
        f'<li><a href="{_link(query, remove=(parameter, value))}" aria-label="Remove the filter {escape(name)}">'
        f"<bdi>{escape(name)}</bdi> ×</a></li>"
        for parameter, value, name in chosen_filters(query.filters)
    )
    return f'<ul class="chosen">{links}</ul>' if links else ""


def _pages(query: Query, answer: ShownAnswer) -> str:
    if answer.pages <= 1:
        return ""
    before = f'<a href="{_link(query, page=query.page - 1)}" rel="prev">← Previous</a>' if query.page > 1 else ""
    after = f'<a href="{_link(query, page=query.page + 1)}" rel="next">Next →</a>' if query.page < answer.pages else ""
    return f'<nav aria-label="Pages"><span>{before}</span><span>{after}</span></nav>'


def _link(
    query: Query,
    *,
    add: tuple[str, str] | None = None,
    remove: tuple[str, str] | None = None,
    page: int = 1,
) -> str:
    """Return the escaped address of a request that differs in a filter, then on its first page, or in the page."""
    chosen = [pair for pair in _parameters(query) if pair != remove and pair[0] != "page"]
    chosen += [add] if add is not None else []
    chosen += [("page", str(page))] if page > 1 else []
    return escape(f"/search?{urlencode(chosen)}")


def _parameters(query: Query) -> list[tuple[str, str]]:
    found = [("q", query.text)] if query.text else []
    found += [(parameter, value) for parameter, value, _ in chosen_filters(query.filters)]
    found += [("sort", query.sort)] if query.sort != "relevance" else []
    found += [("size", str(query.size))] if query.size != Query().size else []
    return found


def _marked(pieces: Iterable[Piece]) -> str:
    return "".join(f"<mark>{escape(one.text)}</mark>" if one.match else escape(one.text) for one in pieces)


def _time(text: str) -> str:
    return escape(datetime.fromisoformat(text).strftime("%-d %b %Y, %H:%M UTC"))
