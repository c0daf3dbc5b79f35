"""Snapshots of the fold: saved at the end, restored at start unless they do not belong to the log."""

import asyncio
from pathlib import Path

import pytest

from pipeline.dedup.fold import Fold
from pipeline.runtime.snapshots import SnapshotStore
from tests.harness.log_in_memory import COPY, NOW, SIGNATURES, Logs, Observer, dedup_log, kinds_of, signature_of

THIS_LOG = b"this very log...".ljust(16)


def _files(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def test_a_snapshot_replaces_the_log_before_it(logs: Logs, tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    log = dedup_log(logs, store)
    await log.start()
    log.follow()
    await log.decide([signature_of(1, COPY)])
    await log.stop()
    assert store.load(Fold()) is not None
    logs.lines[SIGNATURES][0].value = b"never read again"
    restarted = dedup_log(logs, store)
    await restarted.start()
    restarted.follow()
    assert await kinds_of(restarted, signature_of(1, COPY), signature_of(2, COPY)) == ["unique", "exact"]
    await restarted.stop()


@pytest.mark.parametrize(("start", "end"), [(2, 3), (0, 0)])
async def test_a_snapshot_from_outside_the_log_is_not_used(logs: Logs, tmp_path: Path, start: int, end: int) -> None:
    """Older than the log's start, or newer than its end (the topic was made anew)."""
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    fold = Fold()
    fold.apply(signature_of(1, COPY), NOW)
    store.save(1, fold.snapshot())
    for number in range(end):
        await logs.append([signature_of(10 + number)])
    logs.starts[SIGNATURES] = start
    log = dedup_log(logs, store)
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(2, COPY)) == ["unique"]
    await log.stop()


async def test_a_fold_that_failed_is_not_saved(logs: Logs, tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    log = dedup_log(logs, store)
    await log.start()
    tail = log.follow()
    logs.add(SIGNATURES, b'{"type":"activate","fold_version":99,"signature_version":1}')
    await asyncio.wait({tail}, timeout=2)
    await log.stop()
    assert store.load(Fold()) is None


async def test_a_snapshot_of_a_topic_made_anew_is_not_used(logs: Logs, tmp_path: Path) -> None:
    fold = Fold()
    fold.apply(signature_of(1, COPY), NOW)
    SnapshotStore(tmp_path, SIGNATURES, b"the former topic").save(1, fold.snapshot())
    await logs.append([signature_of(10)])
    log = dedup_log(logs, SnapshotStore(tmp_path, SIGNATURES, THIS_LOG))
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(2, COPY)) == ["unique"]
    await log.stop()


async def test_a_snapshot_that_cannot_be_written_leaves_the_former_and_the_worker_continues(
    logs: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, observer = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG), Observer()
    fold = Fold()
    assert store.save(0, fold.snapshot())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    log = dedup_log(logs, store, observer=observer)
    await log.start()
    log.follow()
    assert await kinds_of(log, signature_of(1, COPY)) == ["unique"]
    await log.stop()
    assert observer.saves == [False]
    assert [path.name for path in _files(tmp_path)] == [f"{SIGNATURES}.fold"]
    saved = store.load(Fold())
    assert saved is not None
    assert saved[0] == 0


def test_a_snapshot_that_a_killed_worker_left_unfinished_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{SIGNATURES}.4711.part").write_bytes(b"half")
    (tmp_path / "other.4711.part").write_bytes(b"half")
    store = SnapshotStore(tmp_path, SIGNATURES, THIS_LOG)
    assert store.load(Fold()) is None
    assert [path.name for path in _files(tmp_path)] == ["other.4711.part"]
