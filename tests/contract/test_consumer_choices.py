"""The programs of docs/consumers.md that choose subjects and compare vectors."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "consumers.md").read_text("utf-8")


def _program(name: str) -> dict[str, Any]:
    found = re.search(rf"^```python {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], name, "exec"), names)  # noqa: S102  # our own documentation
    return names


def _example(schemas: Path, name: str) -> bytes:
    return (schemas / "examples" / "valid" / "news.article.enriched.v1" / f"{name}.json").read_bytes()


def test_subjects_are_chosen_by_header_confidence_or_rank(schemas: Path) -> None:
    choose = _program("choose_subjects.py")
    value = _example(schemas, "enriched")
    confidences = {item["code"]: item["confidence"] for item in json.loads(value)["subjects"]}
    assert len(confidences) == 2
    assert choose["at_least"](value, 0.0) == list(confidences)
    assert choose["at_least"](value, 0.5) == [code for code, confidence in confidences.items() if confidence >= 0.5]
    assert choose["top_level"](value) == list(confidences)
    assert choose["section"](value) == "economy, business and finance"
    assert choose["section"](_example(schemas, "arabic_syndicated")) is None
    assert choose["reliable"]([("ce_subjects", b"medtop:11000000,medtop:16000000")]) == [
        "medtop:11000000",
        "medtop:16000000",
    ]
    assert choose["reliable"]([("ce_id", b"x")]) == []


def test_subjects_below_the_top_level_are_told_by_their_parent(schemas: Path) -> None:
    choose = _program("choose_subjects.py")
    value = _example(schemas, "with_a_subject_below_the_top_level")
    top = ["medtop:04000000", "medtop:10000000"]
    assert choose["top_level"](value) == top
    assert choose["at_least"](value, 0.0) == [*top, "medtop:20000209"]
    assert choose["section"](value) == "economy, business and finance"
    assert choose["below"](value) == {"medtop:04000000": ["medtop:20000209"]}


def test_vectors_are_compared_by_their_angle(schemas: Path) -> None:
    similarity = _program("compare_vectors.py")["similarity"]
    article = json.loads(_example(schemas, "with_a_vector"))
    assert similarity(article, article) == pytest.approx(1)
    values = base64.b64decode(article["vector"]["values"])
    opposite = bytes((256 - value) % 256 for value in values)
    turned = {"vector": {**article["vector"], "values": base64.b64encode(opposite).decode()}}
    assert -1.01 < similarity(article, turned) < -0.9
    with pytest.raises(ValueError, match="different models"):
        similarity(article, {"vector": {**article["vector"], "model": "another"}})
