"""What a slow network can carry in one transaction, as long as it is slow."""

import time
from collections.abc import Callable

from msgspec import Struct

from pipeline.errors import FatalError, SlowNetworkError
from pipeline.observability.logging import get_logger

__all__ = ["Bandwidth", "BandwidthParams"]

log = get_logger(__name__)


class BandwidthParams(Struct, frozen=True, kw_only=True):
    """How long a network counts as slow."""

    slow_secs: float = 300.0
    """Time after which the full size is tried again. Chosen: the attempt costs two thirds of a transaction's time."""
    least_bytes: int = 64 * 1024
    """A network that does not carry so much in a transaction's time is too slow to go on."""


class Bandwidth:
    """The limit of the bytes of one transaction; none until an attempt has failed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, params: BandwidthParams | None = None) -> None:
        self._clock = clock
        self._params = params or BandwidthParams()
        self._limit: int | None = None
        self._slow_until = 0.0

    @property
    def most_bytes(self) -> int | None:
        """The most bytes of a transaction; None without a limit."""
        if self._limit is not None and self._clock() > self._slow_until:
            log.info("network_tried_again")
            self._limit = None
        return self._limit

    def was_slow(self, error: SlowNetworkError) -> None:
        """Note that a transaction could not be sent in time: at most half of the present limit is tried next.

        Raises:
            FatalError: Less than the least was tried already.
        """
        least = self._params.least_bytes
        if self._limit is not None and self._limit <= least:
            raise FatalError(f"{error}, which is too slow; a longer NEWS_TRANSACTION_TIMEOUT_MS gives more time")
        most = error.most_bytes if self._limit is None else min(error.most_bytes, self._limit // 2)
        self._limit = max(least, most)
        self._slow_until = self._clock() + self._params.slow_secs
        log.warning("network_slow", bytes_per_sec=round(error.bytes_per_sec), most_bytes=self._limit)
