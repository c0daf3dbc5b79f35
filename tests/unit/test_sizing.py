"""The page on sizing follows from its figures."""

import json
import re

from msgspec.structs import replace

from pipeline.wire.catalogue import load_catalogue
from scripts import generate_sizing as sizing

SIZES = json.loads(sizing.DISK.read_text("utf-8"))["bytes"]


def _rows(page: str) -> list[list[str]]:
    table = page.split("## Disk by topic", maxsplit=1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    return [row for row in rows if row[0].isdecimal()]


def test_the_page_is_up_to_date() -> None:
    assert sizing.main(["--check"]) == 0


def test_every_topic_of_articles_was_measured() -> None:
    catalogue = load_catalogue()
    articles = {spec.name for spec in catalogue.topics if ".articles." in spec.name}
    assert SIZES.keys() == articles | {"news.signatures.v1", "news.verdicts.v1"}


def test_workers_memory_and_partitions_follow_from_the_figures() -> None:
    params = replace(
        sizing.PARAMS,
        chain_ms=6.9,
        split_ms=1.4,
        classify_ms=13.9,
        load=0.7,
        worker_mb=500,
        window_bytes=1000,
        window_days=1,
    )
    rows = {row[0]: row for row in _rows(sizing.sizing_page(load_catalogue(), SIZES, params))}
    assert rows["60"][1:5] == ["1", "2 of `classify`, 1 for the rest", "5.7 GB", "12"]
    assert rows["600"][1:3] == ["6", "12 of `classify`, 2 for the rest"]
    assert rows["600"][4] == "24"


def test_disk_is_bytes_by_retention_by_copies() -> None:
    sizes = dict.fromkeys(SIZES, 0) | {"news.articles.raw.v1": 1000}
    page = sizing.sizing_page(load_catalogue(), sizes)
    (raw,) = re.findall(r"\| `news\.articles\.raw\.v1` \| 1,000 \| 7 \| ([0-9.]+) \|", page)
    assert float(raw) == 1.8  # 1,000 bytes a second, 7 days, 3 copies
    assert "| GB written to disks, 3 copies | 3.0 | 3.0 |" in page
