"""Snapshots of the fold on disk: identity of the log, position in it, bytes of the fold; written atomically."""

import mmap
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.observability.logging import get_logger

__all__ = ["Restorable", "SnapshotStore"]

log = get_logger(__name__)

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_HEAD = struct.Struct(">8sQ16s")
_MAGIC = b"newsfold"


class Restorable(Protocol[T_co]):
    """An empty fold that knows how to restore one from the bytes of a snapshot."""

    def restored(self, data: memoryview) -> T_co:
        """Return the fold of a snapshot; raises ValueError if it cannot be used."""
        ...


class SnapshotStore:
    """One file per log."""

    def __init__(self, directory: Path, topic: str, identity: bytes) -> None:
        """Keep the snapshot of a log in a directory.

        Args:
            directory: Created with the first snapshot.
            topic: The log.
            identity: 16 bytes that distinguish it from another topic of that name, such as a recreated one.
        """
        self._path = directory / f"{topic}.fold"
        self._identity = identity

    def load(self, fresh: Restorable[T]) -> tuple[int, T] | None:
        """Return the position in the log and the restored fold, or None if there is no usable snapshot.

        Partial files that a killed process left are removed. If another process is writing one at this moment, that
        write fails and its next snapshot is kept.

        Args:
            fresh: An empty fold with the parameters in use.
        """
        for scratch in self._path.parent.glob(f"{self._path.stem}.*.part"):
            with suppress(OSError):
                scratch.unlink(missing_ok=True)
        try:
            with self._path.open("rb") as file:
                data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            magic, position, identity = _HEAD.unpack_from(data)
            if magic != _MAGIC or identity != self._identity:
                log.warning("snapshot_discarded", reason="belongs to another log")
                return None
            return position, fresh.restored(data[_HEAD.size :])
        except FileNotFoundError:
            return None
        except (OSError, struct.error, ValueError) as error:
            log.warning("snapshot_discarded", reason=str(error))
            return None

    def save(self, position: int, image: Iterable[bytes | memoryview]) -> bool:
        """Write a snapshot; return whether that succeeded. After a failure the previous snapshot is still there."""
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
