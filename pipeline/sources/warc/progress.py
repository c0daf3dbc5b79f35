"""How far an archive was sent: a small file, replaced as a whole once the cluster has acknowledged."""

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.sources.errors import InputError
from pipeline.sources.warc.positions import START, Position

__all__ = ["Counts", "Progress", "ProgressFile"]

_SUFFIX: Final = ".progress.json"
_HEAD_BYTES: Final = 1 << 16


class Counts(Struct, frozen=True, kw_only=True):
    """What became of the records of an archive so far; `skipped` is by reason, damaged places among them."""

    sent: int = 0
    skipped: dict[str, int] = {}


class Progress(Struct, frozen=True, kw_only=True):
    """Where an archive is to be continued, and the file that this is about."""

    size_bytes: int
    head_sha256: str
    topic: str
    position: Position = START
    counts: Counts = Counts()
    done: bool = False


class ProgressFile:
    """Stores the progress of one archive beside it, or in a directory of its own."""

    def __init__(self, archive: Path, topic: str, state_dir: Path | None = None) -> None:
        """Take an archive.

        Args:
            archive: The archive.
            topic: Where its records are sent: in another topic, everything is to be sent again.
            state_dir: Directory of the file; that of the archive by default.
        """
        self._archive = archive
        self._topic = topic
        directory = archive.parent if state_dir is None else state_dir
        self.path = directory / f"{archive.name}{_SUFFIX}"

    def load(self) -> Progress:
        """Return the progress; that of an archive that was never sent if there is none for this topic.

        Raises:
            InputError: The archive is not the one that was begun, or one of the two files cannot be read.
        """
        fresh = self.fresh()
        try:
            stored = msgspec.json.decode(self.path.read_bytes(), type=Progress)
        except FileNotFoundError:
            return fresh
        except (OSError, msgspec.DecodeError) as error:
            raise InputError(f"{self.path} cannot be read ({error}); --again ignores it") from error
        if stored.topic != fresh.topic:
            return fresh
        if (stored.size_bytes, stored.head_sha256) != (fresh.size_bytes, fresh.head_sha256):
            raise InputError(f"{self._archive} has changed since it was begun; --again sends it from its beginning")
        return stored

    def fresh(self) -> Progress:
        """Return the progress of an archive of which nothing was sent.

        Raises:
            InputError: The archive cannot be read.
        """
        try:
            with self._archive.open("rb") as stream:
                head = hashlib.sha256(stream.read(_HEAD_BYTES)).hexdigest()
                size = os.fstat(stream.fileno()).st_size
        except OSError as error:
            raise InputError(f"{self._archive}: {error.strerror or error}") from error
        return Progress(size_bytes=size, head_sha256=head, topic=self._topic)

    def store(self, progress: Progress) -> None:
        """Replace the file; after a crash, it is the old or the new one.

        Raises:
            InputError: The directory cannot be written to.
        """
        partial = self.path.with_name(f"{self.path.name}.partial")
        try:
            with partial.open("wb") as stream:
                stream.write(msgspec.json.format(msgspec.json.encode(progress), indent=1))
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(self.path)
        except OSError as error:
            raise InputError(f"{self.path}: {error.strerror or error}; --state-dir names another directory") from error
