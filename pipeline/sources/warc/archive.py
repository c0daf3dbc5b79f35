"""The records of one archive, read by FastWARC, and on behind damage."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord
from msgspec import Struct

from pipeline.sources.errors import InputError
from pipeline.sources.warc.params import WarcParams
from pipeline.sources.warc.positions import START, Position, begins_record, find_record

__all__ = ["Archive", "Damage", "Found"]


class Found(Struct, frozen=True):
    """A record, which can be read until the next one is asked for, and the position to continue from after it."""

    record: WarcRecord
    after: Position


class Damage(Struct, frozen=True):
    """A place that cannot be read.

    Attributes:
        offset: Byte of the file at which the last record began that was read.
        after: The position to continue from.
        ended: Whether the archive is given up here: no further record was found, or there was too much damage.
    """

    offset: int
    after: Position
    ended: bool


class Archive:
    """Iterates over the records of a file. Wrong lengths, cut files and garbage between records cost what they hit."""

    def __init__(self, stream: BinaryIO, params: WarcParams, start: Position = START) -> None:
        """Read nothing yet.

        Args:
            stream: The file, which can be sought in.
            params: Limits.
            start: Where to begin.
        """
        self._stream = stream
        self._params = params
        self._start = start
        self._last = start.offset

    def __iter__(self) -> Iterator[Found | Damage]:
        """Yield records and damaged places in the order of the file."""
        anchor, damages = self._start, 0
        while True:
            try:
                for found in self._records(anchor):
                    yield found
                    anchor = found.after
                    if not _is_whole(found.record):  # it may have taken in those that follow
                        break
                else:
                    return
            except OSError:
                pass
            damages += 1
            place = find_record(self._stream, self._last + 1) if damages < self._params.max_damages else None
            damage = Damage(self._last, anchor if place is None else Position(place), ended=place is None)
            yield damage
            if place is None:
                return
            anchor, self._last = damage.after, place

    def _records(self, anchor: Position) -> Iterator[Found]:
        """Yield records from a position on, without those that were processed."""
        self._stream.seek(anchor.offset)
        records = ArchiveIterator(self._stream, parse_http=False)
        done, base = 0, anchor.offset
        for record in records:
            offset = record.stream_pos
            if offset != base and self._is_start(offset):
                base, done = offset, 0
                self._last = offset
            done += 1
            if base == anchor.offset and done <= anchor.skip:
                continue
            yield Found(record, Position(base, done))

    def _is_start(self, offset: int) -> bool:
        here = self._stream.tell()
        try:
            return begins_record(self._stream, offset)
        finally:
            self._stream.seek(here)


def _is_whole(record: WarcRecord) -> bool:
    """Read what is left of a record, and return whether it has as many bytes as it states.

    Raises:
        OSError: The file is damaged within the record.
    """
    record.consume()
    return record.reader is None or record.reader.tell() >= record.content_length


def open_archive(path: Path) -> BinaryIO:
    """Open an archive.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
