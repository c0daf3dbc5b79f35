"""The rows with a key, for a share of the keys: canonical articles by text, copies by their canonical article."""

from bisect import insort
from collections.abc import Callable, Iterator

__all__ = ["KeyShare"]


class KeyShare:
    """Row numbers by key, of rows that are kept by other shards."""

    def __init__(self, is_live: Callable[[int], bool]) -> None:
        """Start empty.

        Args:
            is_live: Whether a row has not expired. It stands for the time that messages between shards carry.
        """
        self._texts: dict[bytes, list[int]] = {}
        self._copies: dict[int, list[int]] = {}
        self._is_live = is_live

    def add_text(self, key: bytes, number: int) -> None:
        """Note a canonical article by the hash of its text, or of a short text by that of its content."""
        insort(self._texts.setdefault(key, []), number)

    def add_copy(self, key: int, number: int) -> None:
        """Note a copy by the key of its canonical article."""
        insort(self._copies.setdefault(key, []), number)

    def texts(self, key: bytes) -> Iterator[int]:
        """Return the canonical articles with a text, newest first."""
        return self._newest_first(self._texts.get(key))

    def copies(self, key: int) -> Iterator[int]:
        """Return the copies of the canonical articles with a key, newest first."""
        return self._newest_first(self._copies.get(key))

    def _newest_first(self, numbers: list[int] | None) -> Iterator[int]:
        if not numbers:
            return iter(())
        while numbers and not self._is_live(numbers[0]):
            numbers.pop(0)
        return reversed(numbers)
