"""NewsML-G2 of IPTC: one news item, or a message with several."""

from typing import Any, Final
from xml.etree.ElementTree import Element

from pipeline.sources.shapes.errors import ShapeError
from pipeline.sources.shapes.nitf import read_nitf
from pipeline.sources.shapes.xml import find, find_all, local_name, paragraphs, text_of, written_instant

__all__ = ["read_newsml"]

_WITHDRAWN: Final = ("canceled", "cancelled", "withheld")
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_WEB: Final = ("http://", "https://")


def read_newsml(root: Element) -> list[dict[str, Any]]:
    """Return the fields of every news item of a document. Packages, and items without text, are left out.

    Raises:
        ShapeError: It is no NewsML-G2, or has no news item with text.
    """
    items = [root] if local_name(root) == "newsItem" else list(find_all(root, "itemSet/newsItem"))
    found = [fields for item in items if (fields := _item(item)) is not None]
    if not found:
        raise ShapeError("no newsItem with text")
    return found


def _item(item: Element) -> dict[str, Any] | None:
    meta, content = find(item, "itemMeta"), find(item, "contentMeta")
    action = "retract" if _code(find(meta, "pubStatus")).endswith(_WITHDRAWN) else None
    inline = _inline(item)
    if inline.get("text") is None and action is None:
        return None
    guid = item.get("guid") or ""
    own = {
        "id": guid or None,
        "url": guid if guid.startswith(_WEB) else _link(meta),
        "action": action,
        "title": text_of(find(content, "headline")) or text_of(find(meta, "title")),
        "subtitle": text_of(find(content, "description")),
        "authors": [text for text in map(text_of, find_all(content, "by")) if text] or _names(content, "creator"),
        "source": _named(find(meta, "provider")),
        "published_at": written_instant(
            text_of(find(content, "contentCreated")) or text_of(find(meta, "firstCreated"))
        ),
        "modified_at": written_instant(text_of(find(meta, "versionCreated"))),
        "language": _language(item, content),
        "tags": _names(content, "subject"),
        "rights": _rights(item),
    }
    return inline | {name: value for name, value in own.items() if value is not None}


def _inline(item: Element) -> dict[str, Any]:
    """Return the fields of the content: NITF has some of its own, other markup only text."""
    for inline in find_all(item, "contentSet/inlineXML"):
        inner = next(iter(inline), None)
        if inner is not None:
            return read_nitf(inner) if local_name(inner) == "nitf" else {"text": paragraphs(_body(inner))}
    return {"text": text_of(find(item, "contentSet/inlineData"))}


def _body(inner: Element) -> Element:
    body = find(inner, "body")
    return inner if body is None else body


def _code(element: Element | None) -> str:
    return "" if element is None else (element.get("qcode") or element.get("uri") or "").lower()


def _link(meta: Element | None) -> str | None:
    """Return the address of a rendition for the web, where the item names one."""
    addresses = (link.get("href") or "" for link in find_all(meta, "link") if "html" in (link.get("contenttype") or ""))
    return next((address for address in addresses if address.startswith(_WEB)), None)


def _named(element: Element | None) -> str | None:
    """Return the name of a party or subject, or else what its code says behind the colon."""
    if element is None:
        return None
    code = element.get("literal") or (element.get("qcode") or "").rpartition(":")[2]
    return text_of(find(element, "name")) or code or None


def _names(content: Element | None, path: str) -> list[str] | None:
    return [name for one in find_all(content, path) if (name := _named(one))] or None


def _language(item: Element, content: Element | None) -> str | None:
    stated = find(content, "language")
    return (stated.get("tag") if stated is not None else None) or item.get(_LANGUAGE)


def _rights(item: Element) -> dict[str, str] | None:
    names = {"copyrightNotice": "copyright_notice", "usageTerms": "usage_terms"}
    found = {ours: text for theirs, ours in names.items() if (text := text_of(find(item, f"rightsInfo/{theirs}")))}
    return found or None
