"""Raw records in the shapes of other tools: every example of docs/producers.md, fields of other types, envelopes."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle, RawAuthor
from pipeline.text.dates import instant_ms
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw, raw_key
from pipeline.wire.raw_aliases import ALIASES, plain_name
from pipeline.wire.raw_values import read_instant, read_tags

DOCUMENT = (Path(__file__).parents[3] / "docs" / "producers.md").read_text("utf-8")
EXAMPLES = re.findall(r"### (.+)\n(?:.+\n)?```json\n([^`]+)```", DOCUMENT)
URL = "https://news.example.org/2026/01/dam"
TEXT = "The dam held through the night, engineers said on Tuesday."


def decoded(found: Any, **headers: str) -> RawArticle:
    value = found if isinstance(found, bytes) else orjson.dumps(found)
    raw = decode_raw(value, tuple((n.replace("_", "-"), text.encode()) for n, text in headers.items()), IngestParams())
    assert isinstance(raw, RawArticle), raw
    return raw


def rejected(value: bytes) -> Reject:
    found = decode_raw(value, (), IngestParams())
    assert isinstance(found, Reject)
    return found


@pytest.mark.parametrize(("shape", "example"), EXAMPLES, ids=[shape for shape, _ in EXAMPLES])
def test_a_documented_shape_is_understood(shape: str, example: str) -> None:
    raw = decoded(example.encode())
    assert raw.title == "New pilot station"
    assert raw.text is not None
    assert "The harbour board approved" in raw.text
    authors = [author.name if isinstance(author, RawAuthor) else author for author in raw.authors]
    assert authors[0] == "Mira Castell"
    moment = instant_ms(raw.published_at)
    assert moment is not None
    assert moment // 86_400_000 == 20516  # 4 March 2026
    assert (raw.url or raw.id or "").startswith("https://")
    assert raw.unreadable == ()


def test_the_document_has_every_shape() -> None:
    assert len(EXAMPLES) == 12


def test_aliases_are_plain_names_and_lead_to_one_identity() -> None:
    for field, names in ALIASES.items():
        assert len(set(names)) == len(names), field
        for name in names:
            assert name == "/".join(map(plain_name, name.split("/")))
    urls, ids = set(ALIASES["url"]), set(ALIASES["id"])
    assert urls & ids == {"guid"}


@pytest.mark.parametrize(
    ("name", "value", "field", "read"),
    [
        ("publishedAt", "2026-03-04", "published_at", "2026-03-04"),
        ("Published-At", "2026-03-04", "published_at", "2026-03-04"),
        ("pubDate", "Wed, 04 Mar 2026 06:10:00 GMT", "published_at", "Wed, 04 Mar 2026 06:10:00 GMT"),
        ("publish_date", 1772604600, "published_at", "2026-03-04T06:10:00.000Z"),
        ("PublishedDate", ["2026-03-04"], "published_at", "2026-03-04"),
        ("dateModified", "2026-03-05", "modified_at", "2026-03-05"),
        ("scraped_at", 1772604600000, "fetched_at", "2026-03-04T06:10:00.000Z"),
        ("byline", "By Ada Okafor", "authors", ("By Ada Okafor",)),
        ("creator", ["Ada Okafor", "Ben Ito"], "authors", ("Ada Okafor", "Ben Ito")),
        ("publisher", {"name": "Dam Post"}, "source", "Dam Post"),
        ("site_name", "Dam Post", "source", "Dam Post"),
        ("inLanguage", {"@type": "Language", "alternateName": "en"}, "language", "en"),
        ("articleSection", ["City", "Port"], "section", "City"),
        ("keywords", "dams; floods", "tags", ("dams", "floods")),
        ("summary", "It held.", "subtitle", "It held."),
        ("license", "CC BY 4.0", "rights", {"statement": "CC BY 4.0"}),
    ],
)
def test_another_name(name: str, value: Any, field: str, read: Any) -> None:
    raw = decoded({"url": URL, "text": TEXT, name: value})
    assert getattr(raw, field) == read
    assert raw.unreadable == ()


def test_the_own_name_comes_first_and_what_was_not_read_stays() -> None:
    raw = decoded({"url": URL, "text": TEXT, "content": "Other", "published_at": "2026-03-04", "date": "2020-01-01"})
    assert (raw.text, raw.published_at) == (TEXT, "2026-03-04")
    assert raw.extra == {"content": "Other", "date": "2020-01-01"}


def test_a_blank_or_unreadable_field_gives_way_to_another_name() -> None:
    raw = decoded({"url": URL, "text": " ", "body": TEXT, "published_at": {"x": 1}, "pubDate": "2026-03-04"})
    assert (raw.text, raw.published_at, raw.unreadable) == (TEXT, "2026-03-04", ())


def test_an_object_that_may_hold_more_stays() -> None:
    raw = decoded({"url": URL, "text": TEXT, "source": {"id": "dp", "name": "Dam Post"}, "thread": {"score": 1}})
    assert raw.source == "Dam Post"
    assert raw.extra == {"thread": {"score": 1}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", {"a": 1}),
        ("subtitle", 1.5),
        ("source", True),
        ("source", "x" * 300),
        ("id", "x" * 600),
        ("id", [1, 2]),
        ("published_at", True),
        ("published_at", 0),
        ("modified_at", {"a": "b"}),
        ("fetched_at", [[1]]),
        ("language", {"x": "en"}),
        ("authors", 7),
        ("authors", ["Ada Okafor", 7]),
        ("section", [None]),
        ("tags", [1.5]),
        ("rights", 3),
        ("html", ["<p>"]),
    ],
)
def test_an_unreadable_field_costs_the_field(field: str, value: Any) -> None:
    raw = decoded({"url": URL, "text": TEXT, field: value})
    assert raw.unreadable == (field,)
    assert raw.article_id == raw_key(orjson.dumps({"url": URL, "text": TEXT}), ())


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1772604600, "2026-03-04T06:10:00.000Z"),
        (1772604600.25, "2026-03-04T06:10:00.250Z"),
        (1772604600000, "2026-03-04T06:10:00.000Z"),
        (1772604600000000, "2026-03-04T06:10:00.000Z"),
        (1772604600000000000, "2026-03-04T06:10:00.000Z"),
        (946684800, "2000-01-01T00:00:00.000Z"),
        ("946684800", "2000-01-01T00:00:00.000Z"),
        ("1772604600.5", "2026-03-04T06:10:00.500Z"),
        (20260304, "20260304"),
        (20260304061000, "20260304061000"),
        ([2026, 3, 4], "2026-03-04"),
        ([2026, 3, 4, 6, 10], "2026-03-04T06:10:00Z"),
        ([2026, 3, 4, 6, 10, 0, 2, 63, 0], "2026-03-04T06:10:00Z"),
        ({"$date": {"$numberLong": "1772604600000"}}, "1772604600000"),
        (
            {"date": "2026-03-04 06:10:00.000000", "timezone_type": 1, "timezone": "+01:00"},
            "2026-03-04 06:10:00.000000+01:00",
        ),
        ({"_seconds": 1772604600, "_nanoseconds": 0}, "2026-03-04T06:10:00.000Z"),
        ("/Date(1772604600000+0100)/", "2026-03-04T06:10:00.000Z"),
        (0, None),
        (-1, None),
        (True, None),
        ([2026, 13, 4], None),
        (10**30, None),
        (1e300, None),
    ],
)
def test_dates_of_software(value: Any, read: str | None) -> None:
    found = read_instant(value)
    assert found == read
    assert found is None or instant_ms(found) is not None


def test_tags_in_one_text() -> None:
    assert read_tags("dams, floods;حماية، ماء") == (("dams", "floods", "حماية", "ماء"), True)
    assert read_tags([{"term": "dams"}, "floods", 7, None]) == (("dams", "floods", "7"), True)


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\uD83D", rb"\ude00", b"\xed\xa0\xbd"])
def test_half_a_character_costs_the_character(half: bytes) -> None:
    raw = decoded(b'{"url":"%s","title":"Dam %sholds","text":"%s"}' % (URL.encode(), half, TEXT.encode()))
    assert raw.title == "Dam holds"


def test_escapes_beside_half_a_character_stay() -> None:
    raw = decoded(rb'{"url":"https://a.example/b","text":"\\ud83d \ud83d\ude00 \ud83d \u00e9 \"\\\\"}')
    assert raw.text == '\\ud83d \U0001f600  é "\\\\'


def test_a_whole_page_in_a_text_is_a_page() -> None:
    page = f"<!DOCTYPE html>\n<html><body><p>{TEXT}</p></body></html>"
    assert decoded({"url": URL, "content": page}).html == page
    assert decoded({"url": URL, "content": f"<p>{TEXT}</p>"}).text == f"<p>{TEXT}</p>"


def test_a_description_is_the_text_where_there_is_no_other() -> None:
    raw = decoded({"link": URL, "title": "Dam", "description": TEXT})
    assert (raw.url, raw.text, raw.subtitle) == (URL, TEXT, None)
    assert decoded({"link": URL, "text": "Other", "description": TEXT}).subtitle == TEXT


def test_ids_under_other_names_count_only_without_a_url() -> None:
    plain = orjson.dumps({"url": URL, "text": TEXT})
    assert raw_key(orjson.dumps({"url": URL, "text": TEXT, "guid": "7", "uuid": "8"}), ()) == raw_key(plain, ())
    assert decoded({"guid": "7", "text": TEXT}).id == "7"
    assert decoded({"guid": URL, "text": TEXT}).url == URL
    assert decoded({"stories_id": 42, "text": TEXT}).id == "42"


@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_a_withdrawn_item_is_a_retraction(status: str) -> None:
    assert decoded({"uri": "7", "pubstatus": status, "body_text": TEXT}).action == "retract"


ARTICLE = {"url": URL, "text": TEXT}


@pytest.mark.parametrize(
    "found",
    [
        {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": ARTICLE},
        {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": json.dumps(ARTICLE)},
        {
            "specversion": "1.0",
            "source": "/x",
            "data_base64": base64.b64encode(json.dumps(ARTICLE).encode()).decode(),
            "datacontenttype": "application/json",
        },
        {"specversion": "1.0", "source": "/x", "subject": URL, "datacontenttype": "text/plain", "data": TEXT},
        {"schema": {"type": "struct"}, "payload": ARTICLE},
        {"payload": {"before": None, "after": ARTICLE, "op": "c"}},
        {"_index": "news", "_id": "7", "_source": ARTICLE},
        {"article": ARTICLE, "score": 2},
    ],
)
def test_an_article_in_an_envelope(found: dict[str, Any]) -> None:
    raw = decoded(found, content_type="application/cloudevents+json")
    assert (raw.url, raw.text) == (URL, TEXT)


def test_an_event_may_carry_a_retraction() -> None:
    found = {"specversion": "1.0", "source": "/x", "data": {"url": URL, "action": "retract"}}
    assert decoded(found).action == "retract"


def test_what_is_around_an_article_is_kept() -> None:
    assert decoded({"_id": "7", "_source": {**ARTICLE, "n": 1}}).extra == {"n": 1, "envelope": {"_id": "7"}}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"\0\0\0\0\x07" + orjson.dumps(ARTICLE), "JSON behind the five bytes of a schema registry"),
        (b"\0\0\0\0\x07\x10abc\x02", "Avro or Protobuf behind the five bytes of a schema registry"),
        (b"\0\0\0\x01\xf0\xff\xfe\x80abc", "schema registry"),
        (b"\xc3\x01\x01\x02\x03\x04", "Avro"),
        (b"\x1f\x8b\x08\x00abc", "gzip without a content-encoding"),
        (b"\x28\xb5\x2f\xfdabc", "zstd without a content-encoding"),
        (b"<!doctype html><p>x</p>", "HTML without"),
        (b" \n<html>", "HTML without"),
        (b"<?xml version='1.0'?><rss/>", "XML"),
        (b"%PDF-1.7", "PDF"),
        (b"{'url': 'x'}", "Python dict"),
        (b"eyJ1cmwiOiJ4In0=", "base64"),
        (b'{"a":1}\n{"a":2}\n', "several JSON documents"),
        (b'{"a":1', "ends early"),
        (b'"{\\"url\\": 1}"', "JSON inside a JSON string"),
        (b'[{"url":"x"}]', "a JSON array: send each article"),
        (b'{"status":"ok","totalResults":1,"articles":[{"title":"x"}]}', "a list of articles in articles"),
        (b'{"posts":[{"title":"x"}],"next":"y"}', "a list of articles in posts"),
    ],
)
def test_a_near_miss_is_named(value: bytes, words: str) -> None:
    assert words in rejected(value).detail


def test_hostile_nesting_and_width_end() -> None:
    assert rejected(orjson.dumps({"url": URL, "data": {"data": {"data": {"data": {"data": ARTICLE}}}}})).reason
    wide = {"url": URL, "text": TEXT, "authors": [{"name": []}] * 50_000, "tags": [[[[[["x"]]]]]] * 50_000}
    assert decoded(wide).unreadable == ("authors", "tags")
