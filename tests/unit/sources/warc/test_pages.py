"""Records as raw records: what is carried, and why others are skipped."""

import gzip
from io import BytesIO

import pytest
from fastwarc.warc import ArchiveIterator

from pipeline.domain.raw import RawArticle
from pipeline.sources.warc.pages import CutRecordError, Page, page_of
from pipeline.sources.warc.params import WarcParams
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw
from tests.harness.warc_files import HTML_HEADERS, page, record

PARAMS = WarcParams(max_body_bytes=10_000)


def made(data: bytes) -> Page | str:
    return page_of(next(iter(ArchiveIterator(BytesIO(data), parse_http=False))), PARAMS)


def test_headers_charset_and_time_are_carried() -> None:
    http = (
        "Content-Type: text/html; charset=windows-1256\r\nLast-Modified: Wed, 04 Mar 2026 06:10:00 GMT\r\n"
        "Content-Language: ar\r\nSet-Cookie: secret\r\n"
    )
    found = made(page(7, body="<p>خبر عاجل</p>".encode("windows-1256"), http=http))
    assert isinstance(found, Page)
    assert dict(found.headers) == {
        "url": b"https://gazette.example/7",
        "content-type": b"text/html; charset=windows-1256",
        "fetched_at": b"2026-03-04T06:31:12Z",
        "warc.record-id": b"<urn:uuid:00000000-0000-4000-8000-000000000001>",
        "http.last-modified": b"Wed, 04 Mar 2026 06:10:00 GMT",
        "http.content-language": b"ar",
    }
    article = decode_raw(found.value, found.headers, IngestParams())
    assert isinstance(article, RawArticle)
    assert article.html == "<p>خبر عاجل</p>"
    assert article.fetched_at == "2026-03-04T06:31:12Z"


PLAIN = b"<html><p>The board has voted.</p></html>"
ZIPPED = gzip.compress(PLAIN, mtime=0)
CHUNKED = b"a\r\n" + PLAIN[:10] + b"\r\n" + b"%x\r\n" % len(PLAIN[10:]) + PLAIN[10:] + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "http"),
    [
        (PLAIN, ""),
        (ZIPPED, "Content-Encoding: gzip\r\n"),
        (PLAIN, "Content-Encoding: gzip\r\n"),  # stored plain, under the headers of the transfer
        (PLAIN, "Content-Encoding: br\r\n"),
        (CHUNKED, "Transfer-Encoding: chunked\r\n"),
        (PLAIN, "Transfer-Encoding: chunked\r\n"),
        (PLAIN, "Content-Encoding: identity\r\nX: \xff\r\n"),
    ],
)
def test_the_body_is_what_ingest_reads_whatever_the_crawler_left_in_the_headers(body: bytes, http: str) -> None:
    found = made(page(1, body=body, http=HTML_HEADERS + http))
    assert isinstance(found, Page)
    article = decode_raw(found.value, found.headers, IngestParams())
    assert isinstance(article, RawArticle)
    assert article.html == PLAIN.decode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (record(b"", kind="warcinfo"), "record_type"),
        (record(b"GET / HTTP/1.1\r\n\r\n", kind="request"), "record_type"),
        (record(b"HTTP/1.1 200 OK\r\n\r\n", kind="revisit"), "record_type"),
        (page(1, status="404 Not Found"), "status"),
        (page(1, status="301 Moved"), "status"),
        (page(1, status="2x0"), "status"),
        (page(1, http="Content-Type: image/png\r\n"), "media_type"),
        (page(1, http=""), "media_type"),
        (page(1, url="dns:gazette.example"), "url"),
        (page(1, url="file:///etc/passwd"), "url"),
        (page(1, url=""), "url"),
        (page(1, body=b""), "empty"),
        (page(1, body=b"x" * 10_001), "too_large"),
        (page(1, http=f"X: {'a' * 5_000_000}\r\n"), "http"),
    ],
)
def test_what_is_no_page_is_skipped_for_a_reason(data: bytes, reason: str) -> None:
    assert made(data) == reason


def test_a_resource_and_an_identified_type_are_pages() -> None:
    assert isinstance(made(record(PLAIN, kind="resource", headers="Content-Type: text/html\r\n")), Page)
    assert isinstance(made(page(1, http="", headers="WARC-Identified-Payload-Type: text/html\r\n")), Page)


def test_a_record_that_ends_early_is_no_page() -> None:
    with pytest.raises(CutRecordError):
        made(page(1, states=5000))


def test_a_response_need_not_say_that_it_is_http() -> None:
    assert isinstance(made(page(1, media_type="application/octet-stream")), Page)


def test_long_headers_are_left_out_and_a_cut_page_says_so() -> None:
    http = f"{HTML_HEADERS}ETag: {'e' * 2000}\r\n"
    found = made(page(1, http=http, headers="WARC-Truncated: length\r\n"))
    assert isinstance(found, Page)
    assert dict(found.headers)["warc.truncated"] == b"length"
    assert "http.etag" not in dict(found.headers)
