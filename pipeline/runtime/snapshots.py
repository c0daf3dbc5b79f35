"""Snapshots of the fold on disk: which log, the position in it, the fold's own bytes; written whole or not at all."""

import mmap
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pipeline.dedup.fold import Fold
from pipeline.observability.logging import get_logger

__all__ = ["SnapshotStore"]

log = get_logger(__name__)

_HEAD = struct.Struct(">8sQ16s")
_MAGIC = b"newsfold"


class SnapshotStore:
    """One file per signature log."""

    def __init__(self, directory: Path, topic: str, identity: bytes) -> None:
        """Keep the snapshot of `topic` in `directory`; `identity` (16 bytes) tells it from another of that name."""
        self._path = directory / f"{topic}.fold"
        self._identity = identity

    def load(self, fresh: Fold) -> tuple[int, Fold] | None:
        """Return (position in the log, fold), or None when there is none that serves in place of a fresh fold.

        What a process that was killed had begun to write is removed; of one that is writing, the next snapshot serves.
        """
        for scratch in self._path.parent.glob(f"{self._path.stem}.*.part"):
            with suppress(OSError):
                scratch.unlink(missing_ok=True)
        try:
            with self._path.open("rb") as file:
                data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            magic, position, identity = _HEAD.unpack_from(data)
            if magic != _MAGIC or identity != self._identity:
                log.warning("snapshot_discarded", reason="it is of another log")
                return None
            return position, fresh.restored(data[_HEAD.size :])
        except FileNotFoundError:
            return None
        except (OSError, struct.error, ValueError) as error:
            log.warning("snapshot_discarded", reason=str(error))
            return None

    def save(self, position: int, image: Iterable[bytes | memoryview]) -> bool:
        """Write a snapshot; False when that failed: the former one, if any, is still there."""
        scratch = self._path.with_suffix(f".{os.getpid()}.part")  # workers may share a directory
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with scratch.open("wb") as file:
                file.write(_HEAD.pack(_MAGIC, position, self._identity))
                for part in image:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self._path)
        except OSError as error:
            log.warning("snapshot_not_written", reason=error.strerror)
            with suppress(OSError):
                scratch.unlink(missing_ok=True)
            return False
        return True
