"""Reads lines of any length in bounded memory."""

from collections.abc import Iterator
from typing import Protocol

__all__ = ["ByteStream", "bounded_lines"]

_SKIP_BYTES = 1 << 20  # read at once while the rest of a long line is skipped


class ByteStream(Protocol):
    """A binary stream that can be read line by line."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line with its newline, or its first `size` bytes."""
        ...


def bounded_lines(stream: ByteStream, max_bytes: int) -> Iterator[tuple[bytes, int]]:
    r"""Yield each line without its `\n`, and its length in bytes; a longer line is cut after `max_bytes` + 1 bytes."""
    while line := stream.readline(max_bytes + 2):
        if line.endswith(b"\n"):
            yield line[:-1], len(line) - 1
        elif len(line) < max_bytes + 2:
            yield line, len(line)
        else:
            yield line[: max_bytes + 1], len(line) + _skip_line(stream)


def _skip_line(stream: ByteStream) -> int:
    """Skip the rest of a line; return its length in bytes, without the newline."""
    skipped = 0
    while part := stream.readline(_SKIP_BYTES):
        if part.endswith(b"\n"):
            return skipped + len(part) - 1
        skipped += len(part)
    return skipped
