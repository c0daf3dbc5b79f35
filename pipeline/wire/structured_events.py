"""CloudEvents in structured mode: what an event carries as text or in base64, with its attributes as headers."""

from base64 import b64decode
from binascii import Error
from typing import Any

__all__ = ["event_body"]

_ATTRIBUTES = (("contenttype", "content-type"), ("datacontenttype", "content-type"))  # of 0.3 and 1.0
_WEB = ("http://", "https://")


def event_body(found: Any) -> tuple[bytes, dict[str, str]] | None:
    """Return data and headers of an event whose data is no JSON object; None where there is no such event.

    The article's address is the event's subject or else its source, where that is a web address. Data without a type
    are JSON, as the specification has it.
    """
    if not isinstance(found, dict) or "specversion" not in found:
        return None
    data, packed = found.get("data"), found.get("data_base64")
    if isinstance(data, str):
        body = data.encode("utf-8", "replace")
    elif isinstance(packed, str):
        try:
            body = b64decode(packed, validate=True)
        except (Error, ValueError):
            return None
    else:
        return None
    headers = {header: found[name] for name, header in _ATTRIBUTES if isinstance(found.get(name), str)}
    headers.setdefault("content-type", "application/json")
    places = [found[name] for name in ("subject", "source") if isinstance(found.get(name), str)]
    url = next((place for place in places if place.lower().startswith(_WEB)), None)
    return body, headers | ({"url": url} if url is not None else {})
