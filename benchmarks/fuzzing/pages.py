"""A grammar of pages: elements of all kinds, nested, misnested and repeated, with what readers of news look for."""

import random
from typing import Final

import orjson

from benchmarks.adversarial import PIECES
from benchmarks.fuzzing.values import length, pick, repeated, text, words

__all__ = ["make_page"]

_ELEMENTS: Final = tuple(
    kind.split()
    for kind in (
        "a b big code em font i nobr s small strike strong tt u",
        "p div ul li ol dl dd dt h1 h2 h3 pre blockquote address center section article aside main header footer",
        "figure figcaption details summary fieldset menu form hgroup search dialog listing xmp plaintext",
        "table tr td th tbody thead tfoot caption colgroup col",
        "select option optgroup button label input textarea keygen datalist output progress meter",
        "applet object marquee template noscript iframe noframes noembed embed param source track video audio canvas",
        "svg g path foreignObject desc title math mi mo mn ms mtext annotation-xml mglyph malignmark",
        "ruby rt rp rb rtc span br img hr wbr area map bdi bdo time data x-y nav body html head link meta style script",
        "frameset frame base",
    )
)
_NAMES: Final = tuple(name for kind in _ELEMENTS for name in kind)
_CLASSES: Final = tuple(
    name
    for line in (
        "article-body story content entry-content byline author date published timestamp headline subtitle related",
        "teaser comments sidebar nav promo ad share caption credit paywall subscribe newsletter cookie-banner",
        "visually-hidden",
    )
    for name in line.split()
)
_ATTRIBUTES: Final = tuple(
    name
    for line in (
        "class id style href src datetime content property name itemprop itemscope itemtype rel title alt hidden role",
        "aria-hidden data-src srcset lang dir type charset http-equiv color face size",
    )
    for name in line.split()
)
_PROPERTIES: Final = tuple(
    name
    for line in (
        "og:title og:description og:image og:type article:published_time article:author description author keywords",
        "date headline datePublished dateModified articleBody name publisher image url",
    )
    for name in line.split()
)
_TYPES: Final = ("NewsArticle", "Article", "LiveBlogPosting", "WebPage", "Person", "ItemList", "BreadcrumbList", "")
_SMALL, _LARGE = 200, 200_000


def make_page(choice: random.Random, most: int = _LARGE) -> str:
    """Return a page of at most about so many characters."""
    size = length(choice, _SMALL, most)
    body = choice.choice((_tree, _repetition, _soup, _story))(choice, size)
    if choice.random() < 0.2:
        at = choice.randrange(len(body) + 1)
        body = body[:at] + choice.choice((_tree, _repetition, _soup))(choice, size // 4) + body[at:]
    if choice.random() < 0.3:
        return body
    head = "".join(_head(choice) for _ in range(choice.randint(0, 6)))
    start = pick(choice, "<!doctype html>", "<?xml version='1.0'?>", "", "<!--x-->", "\ufeff")
    return f"{start}<html><head>{head}</head><body>{body}" + pick(choice, "</body></html>", "", "</html></body>")


def _story(choice: random.Random, size: int) -> str:
    """Return a page as a publisher may write it, with something wrong in it."""
    parts = [f"<article><h1>{words(choice, 8)}</h1><p class=byline>By {words(choice, 2)}</p>"]
    left = size
    while left > 0:
        part = f"<p>{words(choice, choice.randint(5, 80))}</p>"
        if choice.random() < 0.2:
            part = _tree(choice, 200)
        parts.append(part)
        left -= len(part)
    return "".join(parts)


def _tree(choice: random.Random, size: int) -> str:
    """Return elements, most of which are closed in order."""
    parts: list[str] = []
    opened: list[str] = []
    left = size
    while left > 0:
        what = choice.random()
        if what < 0.35:
            name = choice.choice(choice.choice(_ELEMENTS))
            part = _tag(choice, name)
            opened.append(name)
        elif what < 0.65 and opened:
            name = opened.pop() if choice.random() < 0.85 else choice.choice(_NAMES)
            part = f"</{name}>"
        elif what < 0.95:
            part = text(choice, 400)
        else:
            part = choice.choice(PIECES)
        parts.append(part)
        left -= len(part)
    if choice.random() < 0.5:
        parts += [f"</{name}>" for name in reversed(opened)]
    return "".join(parts)


def _repetition(choice: random.Random, size: int) -> str:
    """Return one to four sequences of tags, each many times; attributes may be numbered."""
    parts = []
    for _ in range(choice.randint(1, 4)):
        sequence = _sequence(choice)
        times = max(1, size // 4 // len(sequence)) if choice.random() < 0.8 else 1
        parts += [sequence.replace("#", str(place)) for place in range(times)]
    return "".join(parts)


def _sequence(choice: random.Random) -> str:
    kinds = choice.sample(_ELEMENTS, choice.randint(1, 3))
    tags: list[str] = []
    opened = ["p"]
    for _ in range(choice.randint(1, 9)):
        name = choice.choice(choice.choice(kinds))
        what = choice.random()
        if what < 0.3:
            tags.append(f"<{name}>")
            opened.append(name)
        elif what < 0.5:
            tags.append(f"<{name} {choice.choice(_ATTRIBUTES)}=#>")
            opened.append(name)
        elif what < 0.6:
            tags.append(_tag(choice, name))
        elif what < 0.85:
            tags.append(f"</{choice.choice(opened) if choice.random() < 0.5 else name}>")
        else:
            tags.append(choice.choice(PIECES))
    return "".join(tags)


def _soup(choice: random.Random, size: int) -> str:
    """Return tokens in any order."""
    parts: list[str] = []
    left = size
    while left > 0:
        part = choice.choice((_any_tag, _end, _piece, _head, _repeated_piece))(choice)
        parts.append(part)
        left -= len(part)
    return "".join(parts)


def _any_tag(choice: random.Random) -> str:
    return _tag(choice, choice.choice(_NAMES))


def _end(choice: random.Random) -> str:
    return f"</{choice.choice(_NAMES)}" + pick(choice, ">", ">", ">", " a=b>", "/>", "")


def _piece(choice: random.Random) -> str:
    return text(choice, 100)


def _repeated_piece(choice: random.Random) -> str:
    return repeated(choice.choice(PIECES), length(choice, 1, 3000))


def _tag(choice: random.Random, name: str) -> str:
    count = 0 if choice.random() < 0.5 else length(choice, 1, 300) if choice.random() < 0.02 else choice.randint(1, 3)
    attributes = " ".join(_attribute(choice) for _ in range(count))
    return f"<{name}{' ' if attributes else ''}{attributes}" + pick(choice, ">", ">", ">", ">", "/>", " >", "", "=>")


def _attribute(choice: random.Random) -> str:
    name = choice.choice(_ATTRIBUTES) if choice.random() < 0.9 else choice.choice(PIECES).strip() or "x"
    value = pick(
        choice, _CLASSES, _PROPERTIES, "2026-11-14T10:00:00Z", "https://news.example.com/b", "#",
        "display:none", "https://schema.org/NewsArticle", "utf-16", "true", "1", text(choice, 60),
    )  # fmt: skip
    quote = pick(choice, '"', '"', "'", "")
    return f"{name}={quote}{value}{quote}" if choice.random() < 0.95 else name


def _head(choice: random.Random) -> str:
    what = choice.randrange(6)
    if what == 0:
        return f"<title>{text(choice, 300)}</title>"
    if what == 1:
        return f'<meta property="{choice.choice(_PROPERTIES)}" content="{text(choice, 200)}">'
    if what == 2:
        return f'<link rel="{pick(choice, "canonical", "amphtml", "alternate")}" href="{text(choice, 80)}">'
    if what == 3:
        return f"<meta charset={pick(choice, 'utf-8', 'utf-16', 'utf-7', 'gbk', 'x-user-defined', 'none')}>"
    if what == 4:
        return f"<script>{text(choice, 500)}</script>"
    return f'<script type="application/ld+json">{_linked_data(choice)}</script>'


def _linked_data(choice: random.Random) -> str:
    data = orjson.dumps(_node(choice, 4)).decode()
    what = choice.random()
    if what < 0.2:
        return data[: choice.randrange(len(data) + 1)]
    if what < 0.3:
        return repeated(data, length(choice, 1, 20_000))
    if what < 0.4:
        return repeated(pick(choice, '{"a":', "[", '{"@graph":[', '"\\u'), length(choice, 1, 20_000))
    return data


def _node(choice: random.Random, levels: int) -> dict[str, object]:
    node: dict[str, object] = {"@type": choice.choice(_TYPES)}
    for _ in range(choice.randint(0, 6)):
        what = choice.random()
        value: object = text(choice, 200).encode("utf-8", "replace").decode()
        if what < 0.3 and levels:
            value = _node(choice, levels - 1)
        elif what < 0.5 and levels:
            value = [_node(choice, levels - 1) for _ in range(choice.randint(0, 4))]
        elif what < 0.6:
            value = choice.choice((None, True, 0, -1.5e300, 10**18, []))
        node[choice.choice((*_PROPERTIES, "author", "@graph", "mainEntity", "@id", "isPartOf"))] = value
    return node
