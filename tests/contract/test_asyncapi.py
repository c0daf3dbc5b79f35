"""The AsyncAPI description is up to date and holds together."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.wire.asyncapi import asyncapi_document
from pipeline.wire.catalogue import load_catalogue
from scripts import generate_asyncapi

DOCUMENT: dict[str, Any] = asyncapi_document(load_catalogue(), "1.2.3")
SCHEMAS = generate_asyncapi.REPOSITORY / "schemas"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    node: Any = json.loads((SCHEMAS / file).read_text(encoding="utf-8")) if file else DOCUMENT
    for step in pointer.split("/")[1:]:
        node = node[step]
    return node


def test_the_file_is_up_to_date() -> None:
    assert generate_asyncapi.main(["--check"]) == 0


def test_a_stale_file_is_noticed_and_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate_asyncapi, "FILE", tmp_path / "asyncapi.yaml")
    assert generate_asyncapi.main(["--check"]) == 1
    assert generate_asyncapi.main([]) == 0
    assert generate_asyncapi.main(["--check"]) == 0
    assert yaml.safe_load((tmp_path / "asyncapi.yaml").read_text(encoding="utf-8"))["asyncapi"] == "3.0.0"


def test_every_reference_resolves() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 30
    for reference in found:
        assert resolve(reference)


def test_every_topic_is_a_channel_with_its_size_and_partitions() -> None:
    catalogue = load_catalogue()
    assert set(DOCUMENT["channels"]) == {spec.name for spec in catalogue.topics}
    for spec in catalogue.topics:
        binding = DOCUMENT["channels"][spec.name]["bindings"]["kafka"]
        assert binding["partitions"] == catalogue.partitions(spec)
        assert binding["topicConfiguration"]["max.message.bytes"] == spec.max_message_bytes
    assert (
        DOCUMENT["channels"]["news.signatures.v1"]["bindings"]["kafka"]["topicConfiguration"]["retention.bytes"] == -1
    )
    clusters = DOCUMENT["channels"]["news.clusters.v1"]["bindings"]["kafka"]["topicConfiguration"]
    assert clusters["cleanup.policy"] == ["compact", "delete"]


def test_operations_are_what_stages_do() -> None:
    operations = DOCUMENT["operations"]
    assert operations["publish.writes.news.articles.enriched.v1"]["action"] == "send"
    reading = operations["dedupe.reads.news.articles.normalized.v1"]
    assert reading["action"] == "receive"
    assert reading["bindings"]["kafka"]["groupId"]["const"] == "news-dedupe"
    # The logs are read whole by everybody, without a group.
    assert "bindings" not in operations["dedupe.reads.news.signatures.v1"]


def test_the_product_carries_three_kinds_of_events() -> None:
    names = list(DOCUMENT["channels"]["news.articles.enriched.v1"]["messages"])
    assert names == ["news.article.enriched.v1", "news.article.revised.v1", "news.article.retracted.v1"]
    for name in names:
        message = DOCUMENT["components"]["messages"][name]
        assert message["payload"] == {"$ref": "./news.article.enriched.v1.json"}
        assert message["headers"]["allOf"][1]["properties"]["ce_type"]["const"] == name


def test_a_dead_letter_has_a_schema_for_its_headers_only() -> None:
    message = DOCUMENT["components"]["messages"]["news.dead-letter.v1"]
    assert message["headers"] == {"$ref": "./news.dead-letter.v1.json"}
    assert "$ref" not in message["payload"]
    assert message["contentType"] == "application/octet-stream"
