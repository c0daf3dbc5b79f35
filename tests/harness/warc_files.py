"""Writes WARC archives for tests, sound and broken."""

import gzip

__all__ = ["HTML_HEADERS", "archive", "page", "record"]

HTML_HEADERS = "Content-Type: text/html; charset=utf-8\r\n"


def record(
    content: bytes,
    *,
    kind: str = "response",
    url: str = "https://gazette.example/a",
    states: object = None,
    headers: str = "",
    media_type: str = "application/http; msgtype=response",
) -> bytes:
    """Return a record; `states` is the length that it claims, by default the true one."""
    length = len(content) if states is None else states
    media = "" if "Content-Type" in headers else f"Content-Type: {media_type}\r\n"
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        f"WARC-Target-URI: {url}\r\nWARC-Date: 2026-03-04T06:31:12Z\r\n{media}{headers}Content-Length: {length}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def page(
    number: int = 0, *, body: bytes | None = None, status: str = "200 OK", http: str = HTML_HEADERS, **more: object
) -> bytes:
    """Return the record of a page, whose address has a number; further arguments as of `record`."""
    content = f"HTTP/1.1 {status}\r\n{http}\r\n".encode() + (_body(number) if body is None else body)
    arguments = {"url": f"https://gazette.example/{number}"} | more
    return record(content, **arguments)  # type: ignore[arg-type]


def archive(*records: bytes, is_gzip: bool) -> bytes:
    """Return an archive of records, each a gzip member of its own if it is compressed."""
    return b"".join(gzip.compress(each) if is_gzip else each for each in records)


def _body(number: int) -> bytes:
    return f"<html><body><p>The board has voted for pilot station {number}.</p></body></html>".encode()
