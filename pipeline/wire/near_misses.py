"""Say what a value is that is nearly a raw record, or clearly something else, so that its producer can be mended."""

from typing import Any

from pipeline.wire.raw_aliases import LISTS

__all__ = ["of_bytes", "of_json"]

# How the formats begin that producers send by mistake.
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xc3\x01", "Avro with its single-object header"),
    (b"Obj\x01", "an Avro file"),
    (b"\x1f\x8b", "gzip without a content-encoding header"),
    (b"\x28\xb5\x2f\xfd", "zstd without a content-encoding header"),
    (b"\x04\x22\x4d\x18", "lz4, which is no content-encoding"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy, which is no content-encoding"),
    (b"BZh", "bzip2, which is no content-encoding"),
    (b"\xac\xed\x00\x05", "an object serialised by Java"),
    (b"\x80\x02", "an object pickled by Python"),
    (b"\x80\x03", "an object pickled by Python"),
    (b"\x80\x04\x95", "an object pickled by Python"),
    (b"\x80\x05\x95", "an object pickled by Python"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip file"),
    (b"WARC/", "a WARC record"),
    (b"HTTP/", "a response with its HTTP headers"),
    (b"<?xml", "XML without its content-type"),
    (b"<", "HTML without the header content-type: text/html"),
    (b"data:", "a server-sent event"),
    (b"eyJ", "JSON in base64"),
    (b"{'", "a Python dict and no JSON"),
)
_SCHEMA_ID_BYTES = 5  # a zero byte and four of the schema's number
_SPACE = b" \t\r\n"
_LINE = b"\n"


def of_bytes(plain: bytes) -> str:
    """Return what bytes are that are no JSON document; no part of them is quoted."""
    if plain[:1] == b"\0" and len(plain) > _SCHEMA_ID_BYTES:
        is_json = plain[_SCHEMA_ID_BYTES:].lstrip(_SPACE)[:1] == b"{"
        form = "JSON behind" if is_json else "Avro or Protobuf behind"
        return f"{form} the five bytes of a schema registry's framing: send JSON without it"
    start = plain[:64].lstrip(_SPACE)
    for beginning, name in _BEGINNINGS:
        if start.startswith(beginning):
            return name
    if not plain.strip(_SPACE):
        return "empty"
    lines = plain.strip(_SPACE).split(_LINE, 2)
    if len(lines) > 1 and all(line.strip().startswith(b"{") and line.strip().endswith(b"}") for line in lines[:2]):
        return "several JSON documents: send each as a record"
    if start.startswith(b"{") and not plain.rstrip(_SPACE).endswith(b"}"):
        return "not a JSON document: it ends early"
    return "not a JSON document"


def of_json(found: Any) -> str | None:
    """Return what a JSON value without an article is; None for one that resembles nothing known."""
    if isinstance(found, list):
        return "a JSON array: send each article as a record" if _has_objects(found) else None
    if isinstance(found, str):
        return "JSON inside a JSON string: encode it once" if found.lstrip()[:1] == "{" else None
    if not isinstance(found, dict):
        return None
    many = next((name for name in LISTS if _has_objects(found.get(name))), None)
    if many is not None:
        return f"a list of articles in {many}: send each article as a record"
    return "a change event without the state after it" if "before" in found and "op" in found else None


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
