"""A record of an archive as a raw record, or the reason why it is none."""

from io import BytesIO
from typing import Final, Literal

from fastwarc.stream_io import ChunkedReader
from fastwarc.warc import WarcRecord, WarcRecordType
from msgspec import Struct

from pipeline.domain.record import Headers
from pipeline.sources.warc.params import PAGE_TYPES, WarcParams

__all__ = ["CutRecordError", "Page", "Skip", "page_of"]

Skip = Literal["record_type", "status", "media_type", "url", "http", "empty", "too_large"]
"""Why a record is no page: it is a request or the like; its status is not 200; it is no HTML; its address is not of the
web; its HTTP headers cannot be read; it has no body; it is larger than a raw record may be."""

_OK: Final = 200
# What is carried of the HTTP headers besides those that raw records have: nothing else says something about an article.
_CARRIED: Final = ("last-modified", "content-language", "etag")
_GZIP_NAMES: Final = frozenset({"gzip", "x-gzip"})


class Page(Struct, frozen=True):
    """Value and headers of a raw record."""

    value: bytes
    headers: Headers


class CutRecordError(Exception):
    """A record ends before the length that it states; `Archive` yields the damage behind it."""


def page_of(record: WarcRecord, params: WarcParams) -> Page | Skip:
    """Read a record.

    Raises:
        CutRecordError: It has fewer bytes than it states.
    """
    is_response = record.record_type == WarcRecordType.response
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    skip = _skip_of_record(record, url) or (_skip_of_response(record) if is_response else None)
    if skip is not None:
        return skip
    named = _http(record) if is_response else {"content-type": record.headers.get("Content-Type") or ""}
    stated = named.get("content-type") or record.headers.get("WARC-Identified-Payload-Type") or ""
    if stated.partition(";")[0].strip().lower() not in PAGE_TYPES:
        return "media_type"
    body = _body(record, named, params)
    if not isinstance(body, bytes):
        return body
    return Page(body, _headers(record, url, named | {"content-type": stated}, body, params))


def _skip_of_record(record: WarcRecord, url: str) -> Skip | None:
    if record.record_type not in (WarcRecordType.response, WarcRecordType.resource):
        return "record_type"
    return None if url.lower().startswith(("http://", "https://")) else "url"


def _skip_of_response(record: WarcRecord) -> Skip | None:
    if not record.is_http:
        record.is_http = True  # some writers leave out the record's media type
    try:
        record.parse_http()
    except OSError:
        return "http"
    return None if record.http_headers.status_code == _OK else "status"


def _http(record: WarcRecord) -> dict[str, str]:
    """Return the HTTP headers by name in lower case; of equal names, the last counts."""
    return {name.lower(): value for name, value in record.http_headers.astuples()}


def _body(record: WarcRecord, named: dict[str, str], params: WarcParams) -> bytes | Skip:
    """Return the body without transfer coding; what is larger than a raw record may be is not read.

    Raises:
        CutRecordError: The record has fewer bytes than it states.
    """
    size = record.content_length
    if size > params.max_body_bytes:
        return "too_large"
    try:
        body = record.reader.read(size) if size and record.reader is not None else b""
    except OSError as error:
        raise CutRecordError from error
    if len(body) < size:
        raise CutRecordError
    if "chunked" in named.get("transfer-encoding", "").lower():
        body = _dechunked(body)
    return body if body.strip() else "empty"


def _dechunked(body: bytes) -> bytes:
    """Join the chunks of a body; most crawlers have done that already and keep the header that says otherwise."""
    try:
        return ChunkedReader(BytesIO(body)).read(len(body)) or body
    except OSError:
        return body


def _headers(record: WarcRecord, url: str, named: dict[str, str], body: bytes, params: WarcParams) -> Headers:
    carried = {
        "url": url,
        "content-type": named["content-type"],
        "content-encoding": _encoding(named.get("content-encoding", ""), body),
        "fetched_at": record.headers.get("WARC-Date") or named.get("date", ""),
        "warc.record-id": record.record_id or "",
        "warc.truncated": record.headers.get("WARC-Truncated") or "",
        **{f"http.{name}": named.get(name, "") for name in _CARRIED},
    }
    return tuple(
        (name, value.encode("utf-8", "replace"))
        for name, value in carried.items()
        if value and (name == "url" or len(value) <= params.max_header_chars)
    )


def _encoding(stated: str, body: bytes) -> str:
    """Return the content-encoding that the body still has: many crawlers store the plain page under its old headers."""
    names = {name.strip().lower() for name in stated.split(",")} - {"", "identity"}
    if not names or body.lstrip()[:1] == b"<" or (names <= _GZIP_NAMES and body[:2] != b"\x1f\x8b"):
        return ""
    return stated
