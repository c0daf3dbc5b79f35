"""Snapshots of the fold on disk: the position in the log and the fold's own bytes; written whole or not at all."""

import os
import struct
from pathlib import Path

from pipeline.dedup.fold import Fold, FoldParams
from pipeline.errors import PipelineError

__all__ = ["SnapshotStore"]

_HEAD = struct.Struct(">8sQ")
_MAGIC = b"newsfold"


class SnapshotStore:
    """One file per signature log."""

    def __init__(self, directory: Path, topic: str) -> None:
        """Keep the snapshot of `topic` in `directory`."""
        self._path = directory / f"{topic}.fold"

    def load(self, params: FoldParams) -> tuple[int, Fold] | None:
        """Return (position in the log, fold), or None when there is none that this version can use."""
        try:
            data = self._path.read_bytes()
            magic, position = _HEAD.unpack_from(data)
            if magic != _MAGIC:
                return None
            return position, Fold.restore(data[_HEAD.size :], params)
        except (OSError, struct.error, ValueError, PipelineError):
            return None

    def save(self, position: int, image: bytes) -> None:
        """Write a snapshot of the fold; a full disk leaves the former one in place."""
        scratch = self._path.with_suffix(f".{os.getpid()}.part")  # workers may share a directory
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with scratch.open("wb") as file:
                file.write(_HEAD.pack(_MAGIC, position))
                file.write(image)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self._path)
        except OSError:
            scratch.unlink(missing_ok=True)
