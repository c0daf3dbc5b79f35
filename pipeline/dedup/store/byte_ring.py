"""A queue of byte strings in one ring buffer, without a Python object for each string."""

from typing import Final

__all__ = ["ByteRing"]

_MIN_CAPACITY_BYTES: Final = 4096
_MAX_CAPACITY_BYTES: Final = 1 << 32


class ByteRing:
    """Byte strings of any length: appended at one end, dropped at the other.

    A string is identified by its start position, modulo 2^32, and its length, both of which the caller keeps.
    """

    def __init__(self, data: bytes = b"") -> None:
        """Start with the strings that `live` returned; the first of them starts at position 0."""
        self._buffer = bytearray(max(_MIN_CAPACITY_BYTES, 1 << len(data).bit_length()))
        self._buffer[: len(data)] = data
        self._first = 0
        self._end = len(data)

    @property
    def first(self) -> int:
        """Start position of the oldest string."""
        return self._first % _MAX_CAPACITY_BYTES

    def append(self, data: bytes) -> int:
        """Add a string and return its start position.

        Raises:
            OverflowError: The strings would take more than 4 GiB.
        """
        if self._end - self._first + len(data) > len(self._buffer):
            self._grow(len(data))
        start = self._end
        self._write(start, data)
        self._end += len(data)
        return start % _MAX_CAPACITY_BYTES

    def read(self, start: int, length: int) -> bytes:
        """Return the string at a start position."""
        at = start % len(self._buffer)
        wrapped = max(0, at + length - len(self._buffer))
        return bytes(self._buffer[at : at + length]) + bytes(self._buffer[:wrapped])

    def drop_first(self, length: int) -> None:
        """Drop the oldest string, which has this length."""
        self._first += length

    def live(self) -> bytes:
        """Return all strings that have not been dropped, concatenated."""
        return self.read(self._first, self._end - self._first)

    def _write(self, start: int, data: bytes) -> None:
        at = start % len(self._buffer)
        fitting = min(len(data), len(self._buffer) - at)
        self._buffer[at : at + fitting] = data[:fitting]
        self._buffer[: len(data) - fitting] = data[fitting:]

    def _grow(self, more: int) -> None:
        live = self.live()
        # Always a power of two, so that positions modulo 2^32 and unbounded positions agree modulo the capacity.
        capacity = 1 << (len(live) + more).bit_length()
        if capacity > _MAX_CAPACITY_BYTES:
            raise OverflowError("the verdicts in the window take more than 4 GiB")
        self._buffer = bytearray(capacity)
        self._write(self._first, live)
