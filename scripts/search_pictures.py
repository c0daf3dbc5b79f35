"""Take the pictures of docs/search.md: the samples through the pipeline into an index, and the page in Chromium.

`python -m scripts.search_pictures [DIRECTORY]` needs `chromium` on the path, and nothing else: no broker, no network.
"""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from pipeline.domain.record import Record
from pipeline.downstream.web import WebServer
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.search.index import SearchIndex
from pipeline.search.routes import search_routes
from pipeline.search.searching import Search
from pipeline.settings import ServingSettings
from pipeline.wire.catalogue import CURRENT, load_catalogue

__all__ = ["main"]

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURES = (
    ("search-wide", "q=Verania+OR+ferry", (1200, 900)),
    ("search-phone", "q=harbour", (400, 900)),
    ("search-arabic", "language=ar", (400, 900)),
)
LIMIT_SECS = 120.0


def _values(scratch: Path) -> tuple[list[bytes], list[bytes]]:
    """Return the values of articles and of clusters that the pipeline makes of the samples."""
    outputs = [scratch / name for name in ("articles.jsonl", "clusters.jsonl")]
    command = [sys.executable, "-m", "pipeline", "run", "--input", "samples/articles"]
    options = ["--output", str(outputs[0]), "--clusters", str(outputs[1])]
    subprocess.run([*command, *options], cwd=REPOSITORY, check=True, stderr=subprocess.DEVNULL)  # noqa: S603  # ours
    articles, clusters = (path.read_bytes().splitlines() for path in outputs)
    return articles, clusters


def _index(directory: Path, articles: list[bytes], clusters: list[bytes]) -> SearchIndex:
    cluster_topic = load_catalogue().stage("cluster").emits
    index = SearchIndex(directory, CURRENT, cluster_topic, None, 3600.0)
    index.restore({CURRENT: b"", cluster_topic: b""})
    records = []
    for line in articles:
        value = orjson.loads(line)
        stands = value["action"] != "delete"
        records.append(Record(CURRENT, 0, 0, 0, value["id"].encode(), line if stands else None))
    records += [Record(cluster_topic, 0, 0, 0, orjson.loads(line)["cluster_id"].encode(), line) for line in clusters]
    index.apply(records)
    index.store({(CURRENT, 0): len(records)}, caught_up=True)
    return index


async def _take(port: int, query: str, size: tuple[int, int], target: Path, profile: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("chromium is not installed")
    taking = await asyncio.create_subprocess_exec(
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        f"--window-size={size[0]},{size[1]}",
        f"--screenshot={target}",
        f"http://127.0.0.1:{port}/search?{query}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await asyncio.wait_for(taking.wait(), LIMIT_SECS):
        raise SystemExit(f"chromium did not write {target.name}")


async def _pictures(index: SearchIndex, directory: Path, scratch: Path) -> None:
    server = WebServer(ServingSettings(port=0))
    await server.start(search_routes(Search(index), DownstreamMetrics(), 5.0))
    try:
        for name, query, size in PICTURES:
            await _take(server.port, query, size, directory / f"{name}.png", scratch / "profile")
            print(directory / f"{name}.png")
    finally:
        await server.stop()


def main(directory: str = "docs/assets") -> None:
    """Write the pictures into a directory."""
    with TemporaryDirectory() as scratch:
        articles, clusters = _values(Path(scratch))
        index = _index(Path(scratch) / "index", articles, clusters)
        asyncio.run(_pictures(index, Path(directory).resolve(), Path(scratch)))
        index.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
