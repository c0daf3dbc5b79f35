"""A small directory of corpora, as the training reads it."""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[str, Iterable[Mapping[str, Any]]], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes gzipped JSON lines below the test's directory."""

    def write_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        path = tmp_path / f"{name}.jsonl.gz"
        path.parent.mkdir(exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    (tmp_path / "label_map.json").write_text(
        json.dumps(
            {
                "masakhanews": {"sports": "15000000", "politics": "11000000", "local": "skip"},
                "several": {"war": "16000000", "vote": "11000000", "*": "skip"},
                "sib200": {"politics": "11000000", "sports": "15000000"},
            }
        )
    )
    return write_rows
