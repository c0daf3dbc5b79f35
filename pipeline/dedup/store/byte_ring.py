"""Byte strings of any length in a ring: added at one end, forgotten at the other, without an object for each."""

from typing import Final

__all__ = ["ByteRing"]

_SMALLEST: Final = 4096
_WRAP: Final = (1 << 32) - 1


class ByteRing:
    """A ring of bytes. A string is named by where it starts, modulo 2^32, and its length."""

    def __init__(self, data: bytes = b"") -> None:
        """Start with what `live` returned; its strings start from 0."""
        self._data = bytearray(max(_SMALLEST, 1 << len(data).bit_length()))
        self._data[: len(data)] = data
        self._first = 0
        self._end = len(data)

    @property
    def first(self) -> int:
        """Where the oldest string starts."""
        return self._first & _WRAP

    def append(self, detail: bytes) -> int:
        """Add a string; return where it starts.

        Raises:
            OverflowError: More than 4 GiB would be alive.
        """
        if self._end - self._first + len(detail) > len(self._data):
            self._grow(len(detail))
        start = self._end
        self._put(start, detail)
        self._end += len(detail)
        return start & _WRAP

    def read(self, start: int, length: int) -> bytes:
        """Return a string."""
        at = start % len(self._data)
        beyond = max(0, at + length - len(self._data))
        return bytes(self._data[at : at + length]) + bytes(self._data[:beyond])

    def drop_first(self, length: int) -> None:
        """Forget the oldest string."""
        self._first += length

    def live(self) -> bytes:
        """Return all strings, one behind the other."""
        return self.read(self._first, self._end - self._first)

    def _put(self, start: int, data: bytes) -> None:
        at = start % len(self._data)
        fitting = min(len(data), len(self._data) - at)
        self._data[at : at + fitting] = data[:fitting]
        self._data[: len(data) - fitting] = data[fitting:]

    def _grow(self, more: int) -> None:
        live = self.live()
        size = 1 << (len(live) + more).bit_length()
        if size > _WRAP + 1:
            raise OverflowError("verdicts with details take more than 4 GiB")
        self._data = bytearray(size)
        self._put(self._first, live)
