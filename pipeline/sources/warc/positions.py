"""Where records begin in an archive, and how the next one is found behind damage."""

import re
import zlib
from typing import BinaryIO, Final

from msgspec import Struct

__all__ = ["START", "Position", "begins_record", "find_record"]

_GZIP: Final = b"\x1f\x8b\x08"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_VERSION: Final = b"WARC/"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_BLOCK_BYTES: Final = 1 << 20  # read at once in the search for the next record
_HEAD_BYTES: Final = 512  # of a gzip member, enough to unpack its first bytes
# A version line after an end of line, or the beginning of a gzip member.
_PLAIN = re.compile(rb"\nWARC/1\.[01]\r?\n")
_MEMBER = re.compile(re.escape(_GZIP))
_LONGEST_MATCH: Final = 16


class Position(Struct, frozen=True):
    """A record of an archive.

    Attributes:
        offset: Byte of the file at which reading can begin: of the record, or of the gzip member that it is in.
        skip: Records that were processed from there on.
    """

    offset: int = 0
    skip: int = 0


START: Final = Position()


def begins_record(stream: BinaryIO, offset: int) -> bool:
    """Return whether reading can begin at an offset. An archive in a single gzip member has only its start."""
    stream.seek(offset)
    return stream.read(len(_VERSION)).startswith((_GZIP, _ZSTD, _VERSION))


def find_record(stream: BinaryIO, start: int) -> int | None:
    """Return the offset of the first record that begins at `start` or later; None if there is none.

    The file is read in blocks. Its first bytes tell whether its records are gzip members or plain.
    """
    stream.seek(0)
    is_gzip = stream.read(len(_GZIP)) == _GZIP
    base, kept = max(start - 1, 0), b""
    stream.seek(base)
    while block := stream.read(_BLOCK_BYTES):
        window = kept + block
        for match in (_MEMBER if is_gzip else _PLAIN).finditer(window):
            offset = base + match.start() + (0 if is_gzip else 1)
            if offset >= start and (not is_gzip or _is_member(stream, offset)):
                return offset
        kept = window[-_LONGEST_MATCH:]
        base += len(window) - len(kept)
        stream.seek(base + len(kept))
    return None


def _is_member(stream: BinaryIO, offset: int) -> bool:
    """Return whether a gzip member begins here whose content is a record, and not merely the same three bytes."""
    stream.seek(offset)
    try:
        plain = zlib.decompressobj(_GZIP_WINDOW).decompress(stream.read(_HEAD_BYTES), len(_VERSION))
    except zlib.error:
        return False
    return plain == _VERSION
