"""JSON in other encodings than UTF-8, and in two at once."""

import json

import pytest

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.params import IngestParams
from pipeline.wire.raw import decode_raw

TEXT = "Die Brücke über den Fluss wird nächstes Jahr gebaut, sagte die Bürgermeisterin. 港の理事会"
URL = "https://harbour-post.example/bridge"
RECORD = json.dumps({"url": URL, "text": TEXT}, ensure_ascii=False)
FRAMED = b"\x00\x00\x00\x00\x07" + RECORD.encode()


def _decoded(value: bytes, content_type: str) -> RawArticle | Reject:
    return decode_raw(value, (("content-type", content_type.encode()),), IngestParams())


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-16"])
@pytest.mark.parametrize("record", [RECORD, "\n" + RECORD, f"[{RECORD}]"[1:-1]])
def test_wide_json_without_a_mark(record: str, charset: str, content_type: str) -> None:
    found = _decoded(record.encode(charset), content_type)
    assert isinstance(found, RawArticle)
    assert found.text == TEXT


def test_the_framing_of_a_schema_registry_is_not_taken_for_wide_json() -> None:
    found = _decoded(FRAMED, "application/json")
    assert isinstance(found, Reject)
    assert "schema registry" in (found.detail or "")


def test_json_with_a_field_in_another_charset() -> None:
    ferry = "Die Fähre fährt täglich, außer an Feiertagen, und die Gäste müssen früh kommen."
    before, _, after = RECORD.partition(TEXT)
    value = before.encode() + TEXT.encode() + b" " + ferry.encode("cp1252") + after.encode()
    found = _decoded(value, "application/json")
    assert isinstance(found, RawArticle)
    assert found.text == f"{TEXT} {ferry}"


def test_json_that_is_not_utf8_at_all_stays_undecodable() -> None:
    found = _decoded(RECORD.replace("港の理事会", "").encode("cp1252"), "application/json")
    assert isinstance(found, Reject)
    assert found.reason == "undecodable"
