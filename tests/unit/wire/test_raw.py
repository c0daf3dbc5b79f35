"""Raw records: both forms, every way of being malformed, and keys that agree with ingest."""

import gzip
import zlib

import cramjam
import orjson
import pytest
import zstandard

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw, raw_key

URL = "https://news.example.org/2026/01/dam"
TEXT = "The dam held through the night, engineers said on Tuesday."
PARAMS = IngestParams()


def _json(**fields: object) -> bytes:
    return orjson.dumps({"url": URL, "text": TEXT, **fields})


def _decoded(value: bytes, **headers: str) -> RawArticle:
    raw = decode_raw(value, tuple((name.replace("_", "-"), text.encode()) for name, text in headers.items()), PARAMS)
    assert isinstance(raw, RawArticle)
    return raw


def test_unknown_fields_of_json_are_kept() -> None:
    raw = _decoded(_json(title="Dam holds", desk={"name": "water"}, authors="Ada Okafor"))
    assert raw.extra == {"desk": {"name": "water"}}
    assert raw.title == "Dam holds"
    assert raw.authors == ("Ada Okafor",)


def test_body_with_headers() -> None:
    raw = _decoded(
        TEXT.encode(), content_type="text/plain; charset=utf-8", url=URL, Title="Dam holds", fetched_at="2026"
    )
    assert (raw.text, raw.title, raw.fetched_at) == (TEXT, "Dam holds", "2026")


@pytest.mark.parametrize(
    ("charset", "text"),
    [("windows-1256", "السد صامد منذ ليلة أمس"), ("koi8-r", "Плотина выдержала"), ("shift_jis", "ダムは持ちこたえた")],
)
def test_stated_charset_is_honoured(charset: str, text: str) -> None:
    assert _decoded(text.encode(charset), content_type=f"text/plain; charset={charset}", url=URL).text == text


def test_page_declares_its_own_charset() -> None:
    page = '<html><head><meta charset="windows-1251"></head><p>Плотина выдержала</p>'.encode("cp1251")
    html = _decoded(page, content_type="text/html", url=URL).html
    assert html is not None
    assert "Плотина выдержала" in html


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br", "GZIP", "identity", "gzip, gzip", "gzip, zstd"])
def test_content_encodings(encoding: str) -> None:
    value = _json()
    packed = {
        "gzip": gzip.compress(value),
        "GZIP": gzip.compress(value),
        "deflate": zlib.compress(value),
        "zstd": zstandard.compress(value),
        "br": bytes(cramjam.brotli.compress(value)),
        "gzip, zstd": zstandard.compress(gzip.compress(value)),
        "identity": value,
        "gzip, gzip": gzip.compress(gzip.compress(value)),
    }[encoding]
    assert _decoded(packed, content_encoding=encoding).text == TEXT


def test_bare_deflate_stream() -> None:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert _decoded(machine.compress(_json()) + machine.flush(), content_encoding="deflate").text == TEXT


def test_retraction_needs_no_content() -> None:
    raw = _decoded(orjson.dumps({"id": "a-1", "source": "desk", "action": "retract"}))
    assert raw.action == "retract"


@pytest.mark.parametrize(
    "value", [_json(title=None, tags=None, authors=None), b"\xef\xbb\xbf" + _json(), b" \n" + _json()]
)
def test_harmless_variations(value: bytes) -> None:
    assert _decoded(value).text == TEXT


def test_utf16_json() -> None:
    assert _decoded(_json().decode().encode("utf-16")).text == TEXT


DEEP = b'{"url":"https://a.example/b","text":"x","rights":' + b'{"a":' * 100 + b"1" + b"}" * 101

_WIDE = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
_WIDE_STREAM = zstandard.ZstdCompressor(compression_params=_WIDE).compressobj()
_WIDE_ZSTD = _WIDE_STREAM.compress(_json()) + _WIDE_STREAM.flush()

MALFORMED = [
    ("null", None, {}, "empty_value"),
    ("zero bytes", b"", {}, "empty_value"),
    ("20 MB over the limit", b"x" * (24 * 1024 * 1024 + 1), {}, "too_large"),
    ("cut short by its reader", _json()[:20], {"truncated-from-bytes": "99999999"}, "too_large"),
    ("bad UTF-8", b'{"url":"https://a.example/b","text":"\xff\xfe"}', {}, "undecodable"),
    ("corrupt gzip", b"\x1f\x8b\x08garbage", {"content-encoding": "gzip"}, "undecodable"),
    ("truncated gzip", gzip.compress(_json())[:-9], {"content-encoding": "gzip"}, "undecodable"),
    ("truncated deflate", zlib.compress(_json())[:-9], {"content-encoding": "deflate"}, "undecodable"),
    ("corrupt deflate", b"\xff\xff\xff", {"content-encoding": "deflate"}, "undecodable"),
    ("unknown content-encoding", _json(), {"content-encoding": "x-secret"}, "undecodable"),
    ("many content-encodings", _json(), {"content-encoding": "gzip,gzip,gzip"}, "undecodable"),
    ("gzip bomb", gzip.compress(b" " * 40_000_000), {"content-encoding": "gzip"}, "too_large"),
    ("truncated zstd", zstandard.compress(_json())[:-9], {"content-encoding": "zstd"}, "undecodable"),
    ("corrupt zstd", b"garbage", {"content-encoding": "zstd"}, "undecodable"),
    ("zstd bomb", zstandard.compress(b" " * 40_000_000), {"content-encoding": "zstd"}, "too_large"),
    ("zstd of a giant window", _WIDE_ZSTD, {"content-encoding": "zstd"}, "undecodable"),
    ("truncated brotli", bytes(cramjam.brotli.compress(_json()))[:-9], {"content-encoding": "br"}, "undecodable"),
    ("corrupt brotli", b"garbage", {"content-encoding": "br"}, "undecodable"),
    ("brotli bomb", bytes(cramjam.brotli.compress(b" " * 40_000_000)), {"content-encoding": "br"}, "too_large"),
    ("truncated JSON", _json()[:-1], {}, "invalid_json"),
    ("spaces only", b" \n\t ", {}, "invalid_json"),
    ("not JSON", b"hello", {}, "invalid_json"),
    ("NaN", b'{"url":"https://a.example/b","text":"x","n":NaN}', {}, "invalid_json"),
    ("infinite number", b'{"url":"https://a.example/b","text":"x","n":1e999}', {}, "invalid_json"),
    ("2,000 deep", b"[" * 2000 + b"]" * 2000, {}, "invalid_json"),
    ("200,000 deep", b'{"a":' * 200_000, {}, "invalid_json"),
    ("deep pass-through", DEEP, {}, "invalid_json"),
    ("two documents", _json() + _json(), {}, "invalid_json"),
    ("single quotes", b"{'url': 'https://a.example'}", {}, "invalid_json"),
    ("an array", b"[1,2]", {}, "invalid_schema"),
    ("a string", b'"text"', {}, "invalid_schema"),
    ("null document", b"null", {}, "invalid_schema"),
    ("url of a wrong type", _json(url=7), {}, "invalid_schema"),
    ("two urls", _json(url=[URL, URL]), {}, "invalid_schema"),
    ("id of a wrong type", orjson.dumps({"id": 1.5, "source": "desk", "text": TEXT}), {}, "invalid_schema"),
    ("source of an id of a wrong type", orjson.dumps({"id": "1", "source": True, "text": TEXT}), {}, "invalid_schema"),
    ("only half a character", b'{"url":"https://a.example/b","text":"\\ud800"}', {}, "missing_content"),
    ("text of a wrong type", _json(text={"a": 1}), {}, "invalid_schema"),
    ("action of a wrong type", _json(action=1), {}, "invalid_schema"),
    ("endless id", orjson.dumps({"id": "x" * 600, "text": TEXT}), {}, "invalid_schema"),
    ("unknown action", _json(action="delete"), {}, "unknown_action"),
    (
        "unknown action in a header",
        b"x",
        {"content-type": "text/plain", "url": URL, "action": "nuke"},
        "unknown_action",
    ),
    ("image", b"\x89PNG", {"content-type": "image/png", "url": URL}, "unsupported_content_type"),
    ("PDF", b"%PDF-1.7", {"content-type": "application/pdf", "url": URL}, "unsupported_content_type"),
    ("no scheme", _json(url="www.example.org/a"), {}, "invalid_url"),
    ("script", _json(url="javascript:alert(1)"), {}, "invalid_url"),
    ("no host", _json(url="https:///a"), {}, "invalid_url"),
    ("bad port", _json(url="https://a.example:99999/b"), {}, "invalid_url"),
    ("space in host", _json(url="https://a b.example/"), {}, "invalid_url"),
    ("open bracket", _json(url="https://[::1/"), {}, "invalid_url"),
    ("endless url", _json(url="https://a.example/" + "a" * 5000), {}, "invalid_url"),
    ("neither url nor id", orjson.dumps({"text": TEXT}), {}, "missing_identity"),
    ("blank url", _json(url="  "), {}, "missing_identity"),
    ("retraction of nothing", b'{"action":"retract"}', {}, "missing_identity"),
    ("text without url header", TEXT.encode(), {"content-type": "text/plain"}, "missing_identity"),
    ("neither html nor text", orjson.dumps({"url": URL, "title": "x"}), {}, "missing_content"),
    ("blank text", _json(text=" \n "), {}, "missing_content"),
    ("blank body", b" \n ", {"content-type": "text/html", "url": URL}, "missing_content"),
]


@pytest.mark.parametrize(
    ("value", "headers", "reason"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED]
)
def test_malformed(value: bytes | None, headers: dict[str, str], reason: str) -> None:
    as_headers = tuple((name, text.encode()) for name, text in headers.items())
    outcome = decode_raw(value, as_headers, PARAMS)
    assert isinstance(outcome, Reject)
    assert outcome.reason == reason
    assert len(outcome.detail) <= 200
    assert raw_key(value, as_headers) is None


def test_detail_names_our_fields_but_never_content() -> None:
    outcome = decode_raw(orjson.dumps({"url": URL, "text": [{"secret words": 1}]}), (), PARAMS)
    assert isinstance(outcome, Reject)
    assert outcome.detail == "wrong type in text"


def test_key_is_the_same_in_every_form() -> None:
    header = (("content-type", b"text/plain"), ("url", b"http://NEWS.example.org:80/2026/01/dam?utm_source=x#top"))
    assert raw_key(_json(), ()) == raw_key(TEXT.encode(), header) is not None


def test_a_text_of_a_source_is_identified_by_its_content() -> None:
    plain = (("content-type", b"text/plain"), ("source", b"desk"))
    key = raw_key(orjson.dumps({"source": "desk", "text": TEXT}), ())
    assert key == raw_key(TEXT.replace(" ", "  ").encode(), plain) is not None
    others = [{"source": "post", "text": TEXT}, {"source": "desk", "text": TEXT, "title": "Dam"}, {"text": TEXT}]
    assert key not in {raw_key(orjson.dumps(fields), ()) for fields in others}
    assert raw_key(orjson.dumps({"source": "desk", "action": "retract"}), ()) is None


def test_ids_are_namespaced_by_source() -> None:
    keys = {raw_key(orjson.dumps({"id": "7", "source": source, "text": TEXT}), ()) for source in ("a", "b")}
    assert len(keys) == 2
    assert None not in keys
