"""Records that can never become articles, of many kinds, each with the allowed reasons of its dead letter."""

import gzip
import random
from collections.abc import Iterator

import orjson
from msgspec import Struct

from tests.harness.issuer import CANARY

__all__ = ["Malformed", "malformed"]

Headers = tuple[tuple[str, bytes], ...]
_URL = "https://bad.example/{}"


class Malformed(Struct, frozen=True):
    """One bad record; its dead letter must have one of `reasons`."""

    kind: str
    reasons: frozenset[str]
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def _json(**fields: object) -> bytes:
    return orjson.dumps(fields)


def malformed(each: int, *, seed: int = 3) -> Iterator[Malformed]:
    """Yield `each` different records of every kind, and one of each kind of 20 MB."""
    rng = random.Random(seed)
    for number in range(each):
        for kind, reasons, value, headers in _kinds(number, rng):
            yield Malformed(kind, frozenset(reasons.split()), f"bad-{kind}-{number}".encode(), value, headers)
        yield Malformed("tombstone", frozenset({"empty_value"}), f"tombstone-{number}".encode(), None)
        yield Malformed(
            "null key and bad json",
            frozenset({"invalid_json"}),
            None,
            b'{"title": "%s", "url": %d' % (CANARY.encode(), number),
        )
    yield Malformed("20 MB of nothing", frozenset({"invalid_json"}), b"bad-20mb", b"[" * (20 * 1024 * 1024))
    big = _json(url=_URL.format("big"), text=f"{CANARY} and more words " * 900_000)
    yield Malformed("20 MB of text", frozenset({"too_large"}), b"bad-big", big)


def _kinds(number: int, rng: random.Random) -> Iterator[tuple[str, str, bytes, Headers]]:
    url = _URL.format(number)
    good = _json(url=url, title="t", text=f"A text of some words, {CANARY} among them, that would otherwise do. " * 5)
    deep = 2000 + number
    json_type = (("content-type", b"application/json"),)
    yield "empty", "empty_value", b"", ()
    yield "spaces", "empty_value invalid_json", b" " * (number + 1), json_type
    yield (
        "bad utf-8",
        "undecodable invalid_json",
        b'{"url": "' + url.encode() + b'", "text": "' + CANARY.encode() + b'\xff\xfe\xfa"}',
        json_type,
    )
    yield "truncated json", "invalid_json", good[: len(good) // 2 - number], ()
    yield "text after json", "invalid_json", good + b"}", ()
    yield "nan", "invalid_json", b'{"url": "%s", "text": "x", "score": NaN}' % url.encode(), ()
    yield "infinity", "invalid_json", b'{"url": "%s", "text": "x", "score": -Infinity}' % url.encode(), ()
    yield "lone surrogate", "missing_content", b'{"url": "%s", "text": "\\ud800"}' % url.encode(), ()
    yield "deep arrays", "invalid_json", b'{"url": "%s", "x": %s}' % (url.encode(), b"[" * deep + b"]" * deep), ()
    yield "deep objects", "invalid_json", b'{"a":' * deep + b"1" + b"}" * deep, ()
    yield "an array", "invalid_schema", b"[1, 2, %d]" % number, json_type
    yield "a number", "invalid_schema", b"%d" % (number + 12), json_type
    yield "a string", "invalid_schema", b'"%s %d"' % (CANARY.encode(), number), json_type
    yield "null", "invalid_schema empty_value", b"null", json_type
    yield "url is a number", "invalid_schema", _json(url=number, text=CANARY), ()
    yield "text is a number", "invalid_schema", _json(url=url, text=number), ()
    yield "action is an object", "invalid_schema", _json(url=url, text=CANARY, action={"a": 1}), ()
    yield "id is a list", "invalid_schema", _json(id=[1, 2], text=CANARY, source="s"), ()
    yield "unknown action", "unknown_action", _json(url=url, text=CANARY, action=CANARY), ()
    yield "no identity", "missing_identity", _json(title="t", text=f"Only a text of {CANARY}, number {number}."), ()
    yield "no content", "missing_content", _json(url=url, title=CANARY), ()
    yield "no scheme in url", "invalid_url", _json(url=f"news.example/{number}", text=f"{CANARY} " * 50), ()
    yield "javascript url", "invalid_url", _json(url="javascript:alert(1)", text=f"{CANARY} " * 50), ()
    yield "url without host", "invalid_url", _json(url="https:///path", text=f"{CANARY} " * 50), ()
    yield "corrupt gzip", "undecodable", gzip.compress(good)[:-9] + rng.randbytes(9), (("content-encoding", b"gzip"),)
    yield "not gzip at all", "undecodable", good, (("content-encoding", b"gzip"),)
    yield "unknown encoding", "undecodable unsupported_content_type", good, (("content-encoding", b"rot13"),)
    yield (
        "an image",
        "unsupported_content_type",
        rng.randbytes(300),
        (("content-type", b"image/png"), ("url", url.encode())),
    )
    yield (
        "html without url",
        "missing_identity",
        b"<html><body><p>Hello %s</p></body></html>" % CANARY.encode(),
        (("content-type", b"text/html"),),
    )
    yield (
        "html without text",
        "not_an_article missing_content",
        b"<html><body></body></html>",
        (
            ("content-type", b"text/html"),
            ("url", url.encode()),
        ),
    )
