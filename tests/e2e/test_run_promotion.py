"""`news-pipeline run` publishes a copy when its canonical article is retracted, in the same batch or a later one."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.app import run_command
from tests.harness.subjects import FAST_READER

TEXT = (
    "The harbour council agreed on Tuesday to rebuild the northern pier after the storm of last winter. Work is to "
    "begin in March and will take about eleven months, the council said. Boats will use the eastern basin until then, "
    "and the ferry to the islands keeps its timetable. Merchants along the quay had asked for a faster plan."
)


def _article(site: str, hour: int, **fields: Any) -> dict[str, Any]:
    fetched = f"2026-11-20T{hour:02d}:00:00Z"
    return {"url": f"https://{site}.example/pier", "fetched_at": fetched, **(fields or {"title": "Pier", "text": TEXT})}


def _other(number: int) -> dict[str, Any]:
    text = " ".join(f"w{number}a{place}" for place in range(60))
    return {"url": f"https://other.example/{number}", "title": "", "text": text, "fetched_at": "2026-11-20T11:00:00Z"}


@pytest.mark.parametrize("between", [0, 600])
def test_a_copy_is_published_in_place_of_a_retracted_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: int
) -> None:
    for name, value in FAST_READER.items():
        monkeypatch.setenv(name, value)
    records = [
        _article("first", 8),
        _article("second", 9),
        _article("third", 10),
        *map(_other, range(between)),
        _article("first", 12, action="retract"),
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    out, duplicates = tmp_path / "out.jsonl", tmp_path / "duplicates.jsonl"
    assert run_command(["run", "--input", str(source), "--output", str(out), "--duplicates", str(duplicates)]) == 0
    events = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    story = [(value["url"], value["action"], value["dedup"]["kind"]) for value in events if "pier" in value["url"]]
    assert story == [
        ("https://first.example/pier", "add", "unique"),
        ("https://first.example/pier", "delete", "retraction"),
        ("https://second.example/pier", "add", "promoted"),
    ]
    assert events[-1]["body"] == TEXT
    held_back = [json.loads(line)["dedup"]["kind"] for line in duplicates.read_text("utf-8").splitlines()]
    assert held_back == ["exact", "exact"]
