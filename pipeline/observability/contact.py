"""When a broker answered last: what tells an idle worker from one whose brokers are gone."""

import time
from collections.abc import Callable

from pipeline.observability.label_values import RequestError

__all__ = ["Contact"]


class Contact:
    """Notes answers and failures of requests; read from other threads."""

    def __init__(
        self,
        silence_secs: float,
        on_error: Callable[[RequestError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin as if a broker had answered just now.

        Args:
            silence_secs: Time without an answer after which the brokers count as gone.
            on_error: Called with the kind of every request that no broker answered.
            clock: Seconds that never go back.
        """
        self._silence_secs = silence_secs
        self._on_error = on_error
        self._clock = clock
        self._answered_at = clock()

    @property
    def answer_age_secs(self) -> float:
        """Seconds since the last answer."""
        return max(0.0, self._clock() - self._answered_at)

    @property
    def is_connected(self) -> bool:
        """Whether a broker has answered within the time that the settings allow."""
        return self.answer_age_secs <= self._silence_secs

    def answered(self) -> None:
        """Note an answer, also one that refuses a request."""
        self._answered_at = self._clock()

    def failed(self, kind: RequestError) -> None:
        """Note a request without an answer."""
        self._on_error(kind)
