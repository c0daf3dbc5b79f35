"""The body of a parsed page as a sequence of tags and texts: read in a fraction of the time of visiting its nodes."""

import re
from html import unescape
from typing import Final

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

__all__ = ["CODE", "VOID", "Markup", "read_attributes", "read_markup", "strip_code", "write_body"]

VOID: Final = frozenset(
    [
        *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen"),
        *("link", "meta", "param", "source", "track", "wbr"),
    ]
)
"""Elements that are written without an end tag."""
CODE: Final = ("script", "style", "iframe")
"""Elements that `strip_code` takes out."""
# What these hold is written as it is. Nothing stands behind the text of the last one.
_RAW = re.compile("<(xmp|noembed|noframes|plaintext)[ >]")
# A tag that does not end takes the rest, so that the rest is read once.
_TAG = re.compile(r"<([^>]*+)(?:>|\Z)")
_ATTRIBUTE = re.compile(r' (class|id|itemprop|hidden|style)="([^"]*)"')


class Markup(Struct, frozen=True):
    """Tags in order, each with the text behind it: N of both."""

    tags: list[str]
    """As the tree writes them, without the angle brackets; `!` for a comment."""
    texts: list[str]


def strip_code(tree: LexborHTMLParser) -> None:
    """Take scripts, styles and frames out of a tree."""
    tree.strip_tags(list(CODE), recursive=True)


def write_body(tree: LexborHTMLParser) -> str:
    """Return the body of a page as its tree writes it, empty for a page without one.

    Scripts, styles and frames are taken out of the tree.
    """
    strip_code(tree)
    body = tree.body
    return (body.html or "") if body is not None else ""


def read_markup(body: str) -> Markup:
    """Return the tags and texts of a body that a tree wrote; the body is the first tag."""
    if _RAW.search(body):
        body = _with_raw_escaped(body)
    if "<!--" in body:
        body = _with_short_comments(body)
    # The tree writes `>` as a reference in values, so that the first one ends a tag; names may contain `<`.
    parts = _TAG.split(body)
    if len(parts) > 1 and not parts[-1] and not body.endswith(">"):
        parts[-3:] = [f"{parts[-3]}<{parts[-2]}"]  # what does not end is text
    texts = parts[2::2]
    if "&" in body:
        texts = [_unescaped(text) if "&" in text else text for text in texts]
    return Markup(parts[1::2], texts)


def read_attributes(tag: str) -> dict[str, str]:
    """Return class, id, itemprop, style and hidden of a start tag, as far as it has them."""
    return {name: unescape(value) if "&" in value else value for name, value in _ATTRIBUTE.findall(tag)}


def _with_raw_escaped(body: str) -> str:
    """Write the text of elements that hold it as it is with references."""
    parts: list[str] = []
    unclosed: set[str] = set()  # looked for once: what is not closed here is not closed further on
    kept = at = 0
    while (found := _RAW.search(body, at)) is not None:
        name, start = found[1], body.find(">", found.end() - 1) + 1
        if start == 0:
            break
        at, close = found.end() - 1, -1
        if name not in unclosed:
            end = f"</{name}>"
            close = body.rfind(end, start) if name == "plaintext" else body.find(end, start)
        if close < 0:
            unclosed.add(name)
            continue
        text = body[start:close].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        parts += [body[kept:start], text]
        kept = at = close
    return "".join([*parts, body[kept:]])


def _with_short_comments(body: str) -> str:
    """Write every comment as `<!>`."""
    parts: list[str] = []
    kept = 0
    while (start := body.find("<!--", kept)) >= 0 and (end := body.find("-->", start + 4)) >= 0:
        parts += [body[kept:start], "<!>"]
        kept = end + 3
    return "".join([*parts, body[kept:]])


def _unescaped(text: str) -> str:
    """Undo the four references that the tree writes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\xa0").replace("&amp;", "&")
