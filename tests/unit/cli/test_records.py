import json
from types import SimpleNamespace
from typing import Any

from pipeline.cli.records import describe, to_json


def record(value: bytes | None, *headers: tuple[str, bytes | None], timestamp: int = 0) -> Any:
    return SimpleNamespace(
        topic="t", partition=3, offset=14, timestamp=timestamp, key=b"k", value=value, headers=list(headers)
    )


def test_an_event_on_one_line() -> None:
    value = {
        "headline": "Rates\nrise",
        "dedup": {"kind": "unique"},
        "subjects": [
            {"name": "politics", "reliable": True},
            {"name": "economy", "reliable": False},
            {"name": "election", "reliable": True, "parent": "medtop:11000000"},
        ],
    }
    line = describe(
        record(
            json.dumps(value).encode(), ("ce_type", b"news.article.enriched.v1"), ("ce_language", b"en"), timestamp=1000
        )
    )
    assert line == ("3:14 1970-01-01T00:00:01.000Z news.article.enriched.v1 en unique [politics,economy?] Rates rise")


def test_a_dead_letter_on_one_line() -> None:
    line = describe(
        record(b"\xff" * 5, ("news.dlq.reason", b"undecodable"), ("__connect.errors.exception.message", b"not UTF-8"))
    )
    assert line == "3:14 1970-01-01T00:00:00.000Z undecodable not UTF-8 5 bytes"


def test_odd_values_do_not_break_a_line() -> None:
    assert describe(record(None, timestamp=-1)) == "3:14 - 0 bytes"
    assert describe(record(b"[1]", timestamp=-1)) == "3:14 - 3 bytes"
    assert describe(record(b'{"title": "\\ud83d"}', timestamp=-1)) == "3:14 - ?"
    assert describe(record(b'{"subjects": 3, "dedup": 4}', timestamp=-1)).startswith("3:14 -")
    assert describe(record(b'{"subjects": ["x"], "kind": "near"}', timestamp=-1)) == "3:14 - near"


def test_verdicts_and_clusters_are_described_by_kind_and_id() -> None:
    verdict = b'{"type": "verdict", "verdict": {"kind": "near", "article_id": "a"}}'
    assert describe(record(verdict, timestamp=-1)) == "3:14 - near a"
    cluster = b'{"cluster_id": "c-a", "cause": {"kind": "moved", "article_id": "b"}, "size": 2}'
    assert describe(record(cluster, timestamp=-1)) == "3:14 - moved c-a"


def test_json_keeps_everything() -> None:
    found = json.loads(to_json(record('{"a": "é"}'.encode(), ("h", b"\xff"), ("none", None))))
    assert found == {
        "topic": "t",
        "partition": 3,
        "offset": 14,
        "timestamp": "1970-01-01T00:00:00.000Z",
        "key": "k",
        "headers": {"h": "\\xff", "none": ""},
        "value": {"a": "é"},
    }
    assert json.loads(to_json(record(b"\xff")))["value_base64"] == "/w=="
    assert json.loads(to_json(record(b"not json")))["value"] == "not json"
    assert json.loads(to_json(record(None)))["value"] is None
    assert json.loads(to_json(record(b'{"t": "\\ud83d"}')))["value"] == {"t": "\ud83d"}
