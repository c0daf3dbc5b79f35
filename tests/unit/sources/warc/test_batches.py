"""Batches of an archive: their progress adds up, and any of them can be the last before a crash."""

from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.sources.errors import InputError
from pipeline.sources.raw_topic import RawTopic
from pipeline.sources.warc.batches import Batch, read_batches
from pipeline.sources.warc.pages import Page
from pipeline.sources.warc.params import WarcParams
from pipeline.sources.warc.progress import Progress, ProgressFile
from pipeline.wire.output import OutputRecord
from tests.harness.warc_files import archive, page, record

TOPIC = RawTopic(name="raw", partitions=4, max_message_bytes=24 << 20, producers=None)  # type: ignore[arg-type]
PARAMS = WarcParams(batch_records=2)
LONG = f"https://gazette.example/{'a' * 5000}"
DATA = archive(
    record(b"", kind="request"), page(1), page(2), page(3, url=LONG), page(4, states=5), page(5), page(6), is_gzip=True
)


def _to_record(page: Page) -> OutputRecord:
    return TOPIC.record(page.value, page.headers, 0)


def _read(progress: Progress) -> list[Batch]:
    return list(read_batches(BytesIO(DATA), progress, PARAMS, _to_record))


def test_every_page_is_in_one_batch_whichever_batch_was_the_last() -> None:
    whole = _read(Progress(size_bytes=1, head_sha256="", topic="raw"))
    values = [record.value for batch in whole for record in batch.records]
    assert len(values) == len(set(values)) == 4
    last = whole[-1].progress
    assert last.done
    assert last.counts.sent == 4
    assert last.counts.skipped == {"record_type": 1, "invalid_url": 1, "status": 1, "damaged": 1}
    for number, batch in enumerate(whole):
        assert [one.value for later in _read(batch.progress) for one in later.records] == [
            one.value for later in whole[number + 1 :] for one in later.records
        ]
    assert _read(last) == []


def test_progress_is_of_one_archive_and_topic(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(DATA)
    file = ProgressFile(path, "raw")
    fresh = file.load()
    stored = replace(fresh, done=True)
    file.store(stored)
    assert ProgressFile(path, "raw").load() == stored
    assert not ProgressFile(path, "lane.raw").load().done, "in another topic everything is sent again"
    assert ProgressFile(path, "raw", tmp_path / "other").load() == fresh
    path.write_bytes(DATA + b"more")
    with pytest.raises(InputError, match="has changed"):
        file.load()
    file.path.write_bytes(b"{")
    with pytest.raises(InputError, match="--again"):
        file.load()


def test_a_directory_that_cannot_be_written_to_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(DATA)
    file = ProgressFile(path, "raw", tmp_path / "missing")
    with pytest.raises(InputError, match="--state-dir"):
        file.store(file.fresh())
    with pytest.raises(InputError, match="No such file"):
        ProgressFile(tmp_path / "none.warc", "raw").load()
