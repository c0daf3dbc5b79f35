"""A grammar of JSON records: the fields of the schema, their other names, envelopes, and JSON that is none."""

import random
from collections.abc import Callable
from typing import Any, Final

import orjson

from benchmarks.fuzzing.pages import make_page
from benchmarks.fuzzing.values import Input, length, mutated, pick, repeated, text, words
from pipeline.wire.raw_aliases import ALIASES, ENVELOPES, LISTS

__all__ = ["make_json"]

_DATES: Final = (
    "2026-11-14T10:00:00Z", "2026-11-14T10:00:00.123456789+01:00", "0000-00-00", "9999-12-31T23:59:59Z", "14.11.2026",
    "Mon, 14 Nov 2026 10:00:00 GMT", "/Date(1762000000000)/", "1762000000", "yesterday", "٢٠٢٦-١١-١٤",
    "-0001-01-01T00:00:00Z", "2026-W46", "2026-02-30", "24:00", "0001-01-01T00:00:00+14:00",
)  # fmt: skip
_NUMBERS: Final = (
    "0", "-0", "-1", "1e308", "1E400", "-1e-400", "1762000000", "1762000000000", "253402300800", "1e17", "9" * 30,
    "9" * 5000, "0.1", "20261114", "9223372036854775807", "18446744073709551616", "NaN", "Infinity", "01",
)  # fmt: skip
_URLS: Final = (
    "https://news.example.com/a", "http://news.example.com:80/a/../b?utm_source=x#y", "https://user:pw@news.example/a",
    "https://xn--bcher-kva.example/ü", "https://news.example./a", "https://[::1]/a", "https://1.2.3.4/a", "//a/b",
    "https://google.com/amp/s/news.example.com/a", "https://news-example-com.cdn.ampproject.org/c/s/news.example.com/a",
    "javascript:alert(1)", "https://", "https://a.b:99999/", "https://\u2603.example/%zz", "https://ex\u00adample.com/",
)  # fmt: skip


def make_json(choice: random.Random) -> Input:
    """Return a record of JSON, sometimes in another encoding, sometimes damaged."""
    document = _object(choice, 3)
    for _ in range(choice.choice((0, 0, 0, 1, 2, 5))):
        document = f'{{{_quoted(choice.choice((*ENVELOPES, *LISTS)))}:{document},"specversion":"1.0"}}'
    if choice.random() < 0.05:
        opened = choice.choice(('{"a":', "[", '{"data":'))
        document = repeated(opened, length(choice, 10, 100_000)) + document
    data = document.encode("utf-8", "surrogatepass")
    what = choice.random()
    if what < 0.06:
        data = document.encode(choice.choice(("utf-16", "utf-16-le", "utf-32-be", "utf-8-sig", "cp1252")), "replace")
    elif what < 0.2:
        data = mutated(choice, data, choice.randint(1, 10))
    headers = ((b"application/json",) * 4, (b"application/json; charset=utf-16", b"application/cloudevents+json", b""))
    return Input("json", data, (("content-type", choice.choice(choice.choice(headers))),))


def _object(choice: random.Random, levels: int) -> str:
    """Return an object with the fields of an article; a member may be there twice."""
    members = []
    if choice.random() < 0.9:
        members.append(f'"url":{_quoted(choice.choice(_URLS[:6]))}')
    if choice.random() < 0.8:
        kind = choice.random()
        body = make_page(choice, 5000) if kind < 0.3 else words(choice, length(choice, 1, 2000))
        members.append(f'"{"html" if kind < 0.3 else "text"}":{_quoted(body)}')
    for _ in range(length(choice, 1, 30)):
        field = choice.choice(tuple(ALIASES))
        name = choice.choice((field, *ALIASES[field])).replace("/", pick(choice, "/", "", "_"))
        members.append(f"{_quoted(name)}:{_value(choice, levels)}")
    choice.shuffle(members)
    return "{" + pick(choice, ",", ", ", ",\n").join(members) + "}"


def _value(choice: random.Random, levels: int) -> str:
    makers: list[Callable[[], str]] = [
        lambda: _quoted(text(choice, 300)),
        lambda: _quoted(choice.choice(_DATES)),
        lambda: _quoted(choice.choice(_URLS)),
        lambda: choice.choice(_NUMBERS),
        lambda: choice.choice(("null", "true", "false", "{}", "[]", '""', '"\\ud800"', '"\\u0000"')),
    ]
    if levels:
        makers += [
            lambda: _object(choice, levels - 1),
            lambda: "[" + ",".join(_value(choice, levels - 1) for _ in range(length(choice, 1, 40))) + "]",
            lambda: "[" + repeated(_value(choice, 0) + ",", length(choice, 1, 20_000)).rstrip(",") + "]",
            lambda: _named(choice, levels - 1),
        ]
    return choice.choice(makers)()


def _named(choice: random.Random, levels: int) -> str:
    """Return an object as APIs put around labels, dates, bodies and persons."""
    names = ("name", "value", "rendered", "$date", "$oid", "@value", "#text", "code", "timezone", "given_name", "url")
    return "{" + ",".join(f'"{choice.choice(names)}":{_value(choice, levels)}' for _ in range(3)) + "}"


def _quoted(value: str) -> str:
    """Return a JSON string; half characters, which JSON libraries refuse to write, stay in it."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        escaped: dict[int, Any] = {
            number: f"\\u{number:04x}" for number in (*range(32), *range(0xD800, 0xE000), 34, 92)
        }
        return f'"{value.translate(escaped)}"'
