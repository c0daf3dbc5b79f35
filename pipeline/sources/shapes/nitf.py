"""NITF, the News Industry Text Format of IPTC."""

from typing import Any, Final
from xml.etree.ElementTree import Element

from pipeline.sources.shapes.errors import ShapeError
from pipeline.sources.shapes.xml import find, find_all, local_name, paragraphs, text_of, written_instant

__all__ = ["read_nitf"]

_WITHDRAWN: Final = frozenset({"canceled", "cancelled", "killed", "withheld"})
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def read_nitf(root: Element) -> dict[str, Any]:
    """Return the fields of a document.

    Raises:
        ShapeError: It is no NITF.
    """
    if local_name(root) != "nitf":
        raise ShapeError("the root is not nitf")
    docdata, publication = find(root, "head/docdata"), find(root, "head/pubdata")
    head, content = find(root, "body/body.head"), find(root, "body/body.content")
    identity = _attribute(docdata, "doc-id", "id-string")
    address = publication.get("ex-ref", "") if publication is not None else ""
    return {
        "id": identity,
        "url": address if address.startswith(("http://", "https://")) else None,
        "action": "retract" if _status(docdata) in _WITHDRAWN else None,
        "title": text_of(find(head, "hedline/hl1")) or text_of(find(root, "head/title")),
        "subtitle": text_of(find(head, "hedline/hl2")) or text_of(find(head, "abstract")),
        "authors": [text for text in map(text_of, find_all(head, "byline")) if text] or None,
        "source": (publication.get("name") if publication is not None else None)
        or _attribute(docdata, "doc-id", "regsrc"),
        "published_at": written_instant(
            _attribute(docdata, "date.issue", "norm") or _attribute(docdata, "date.release", "norm")
        ),
        "language": root.get(_LANGUAGE) or (content.get(_LANGUAGE) if content is not None else None),
        "tags": [key for one in find_all(docdata, "key-list/keyword") if (key := one.get("key"))] or None,
        "rights": _rights(docdata),
        "text": paragraphs(content),
    }


def _status(docdata: Element | None) -> str:
    return docdata.get("management-status", "").lower() if docdata is not None else ""


def _attribute(above: Element | None, path: str, name: str) -> str | None:
    found = find(above, path)
    return None if found is None else found.get(name)


def _rights(docdata: Element | None) -> dict[str, str] | None:
    holder = _attribute(docdata, "doc.copyright", "holder")
    return None if holder is None else {"copyright_holder": holder}
