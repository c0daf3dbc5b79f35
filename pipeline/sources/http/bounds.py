"""What keeps one caller from taking everything: articles per second by key, and bytes held by all."""

from typing import Final, Self

__all__ = ["Budget", "RateLimits", "Share"]

_FORGOTTEN_AFTER: Final = 10_000  # keys; their number is that of the file, unless that changes all the time


class RateLimits:
    """A token bucket for each key."""

    def __init__(self, burst_secs: float) -> None:
        """Take how long a key may save what it does not send."""
        self._burst_secs = burst_secs
        self._filled: dict[str, tuple[float, float]] = {}

    def take(self, key: str, count: int, rate: float, now: float) -> float:
        """Count articles of a key; return 0, or after how many seconds they may be sent, and then count nothing.

        More than a full bucket is let through when the bucket is full, and must be waited for afterwards.

        Args:
            key: Name of the key.
            count: Number of articles.
            rate: Articles per second.
            now: Seconds of a clock that never decreases.
        """
        full = max(1.0, rate * self._burst_secs)
        tokens, since = self._filled.get(key, (full, now))
        tokens = min(full, tokens + (now - since) * rate)
        missing = min(float(count), full) - tokens
        if missing > 0:
            self._filled[key] = (tokens, now)
            return missing / rate
        if len(self._filled) > _FORGOTTEN_AFTER:
            self._filled.clear()
        self._filled[key] = (tokens - count, now)
        return 0.0


class Budget:
    """Bytes that all requests together may hold."""

    def __init__(self, most_bytes: int) -> None:
        """Take the bound."""
        self._most = most_bytes
        self.held_bytes = 0

    def share(self) -> "Share":
        """Return a share of nothing, for one request."""
        return Share(self)

    def take(self, size: int) -> bool:
        """Take bytes; return False, and take nothing, if there are not enough."""
        if self.held_bytes + size > self._most:
            return False
        self.held_bytes += size
        return True

    def give(self, size: int) -> None:
        """Give bytes back."""
        self.held_bytes -= size


class Share:
    """What one request holds; given back at the end of a `with`."""

    def __init__(self, budget: Budget) -> None:
        """Hold nothing."""
        self._budget = budget
        self._held = 0

    def grow_to(self, size: int) -> bool:
        """Hold so many bytes; return False if there are not enough. What is held never shrinks."""
        more = size - self._held
        if more <= 0:
            return True
        if not self._budget.take(more):
            return False
        self._held = size
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.give(self._held)
        self._held = 0
