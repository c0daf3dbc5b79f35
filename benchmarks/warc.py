"""Pages per CPU-second that `source warc` makes ready for the producer: reading, HTTP, key, checks. No broker.

    python -m benchmarks.warc [ARCHIVE…]

Without archives it writes one: real pages are about 60 to 100 KB, and compress about five times.
"""

import gzip
import random
import sys
import tempfile
import time
from pathlib import Path

from pipeline.sources.raw_topic import RawTopic
from pipeline.sources.warc.batches import read_batches
from pipeline.sources.warc.pages import Page
from pipeline.sources.warc.params import WarcParams
from pipeline.sources.warc.progress import ProgressFile
from pipeline.wire.output import OutputRecord

PAGES = 3000
WORDS_PER_PAGE = 9000


def main() -> None:
    """Print a line for each archive."""
    with tempfile.TemporaryDirectory() as directory:
        for path in [Path(name) for name in sys.argv[1:]] or [_written(Path(directory) / "made.warc.gz")]:
            _measure(path)


def _measure(path: Path) -> None:
    topic = RawTopic(name="raw", partitions=12, max_message_bytes=24 << 20, producers=None)  # type: ignore[arg-type]

    def to_record(page: Page) -> OutputRecord:
        record = topic.record(page.value, page.headers, 0)
        topic.partition(record)
        return record

    progress = ProgressFile(path, "raw").fresh()
    before = time.process_time()
    records = size = 0
    with path.open("rb") as stream:
        for batch in read_batches(stream, progress, WarcParams(), to_record):
            records += len(batch.records)
            size += sum(len(record.value or b"") for record in batch.records)
            progress = batch.progress
    secs = time.process_time() - before
    print(f"{path.name}: {records} pages of {size // max(records, 1)} bytes, {records / secs:.0f} per CPU-second")
    print(f"  skipped: {dict(progress.counts.skipped)}")


def _written(path: Path) -> Path:
    random.seed(7)
    words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9))) for _ in range(4000)]
    bodies = [_body(words) for _ in range(20)]
    with path.open("wb") as stream:
        for number in range(PAGES):
            stream.write(gzip.compress(_record(number, bodies[number % len(bodies)])))
    return path


def _body(words: list[str]) -> str:
    paragraphs = "\n".join(
        f"<p class='text'>{' '.join(random.choices(words, k=60))}</p>" for _ in range(WORDS_PER_PAGE // 60)
    )
    return f"<!doctype html><html><head><meta charset='utf-8'></head><body>{paragraphs}</body></html>"


def _record(number: int, body: str) -> bytes:
    content = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{body}".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number:032d}>\r\n"
        f"WARC-Target-URI: https://gazette.example/{number}\r\nWARC-Date: 2026-03-04T06:31:12Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


if __name__ == "__main__":
    main()
