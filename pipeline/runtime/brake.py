"""The dead-letter brake: a bad deployment stops, instead of draining the topic into its dead letters."""

from collections import deque

from pipeline.domain.outcome import RejectReason
from pipeline.errors import ConfigError
from pipeline.settings import BrakeSettings

__all__ = ["UNEXPECTED_REASONS", "Brake", "BrakeError"]

UNEXPECTED_REASONS: frozenset[RejectReason] = frozenset({"unexpected"})
"""Reasons that speak of our own fault, not of the input's."""


class BrakeError(ConfigError):
    """Too many recent records failed for reasons of our own: exit code 78 before the chunk commits."""


class Brake:
    """Watches the share of unexpected rejects among the last records, per worker."""

    def __init__(self, settings: BrakeSettings) -> None:
        """Start with an empty window."""
        self._settings = settings
        self._window: deque[tuple[int, int]] = deque()
        self._records = 0
        self._unexpected = 0

    def check(self, records: int, unexpected: int) -> None:
        """Add a unit of work before it commits.

        Raises:
            BrakeError: The share is too high; nothing of this unit may be committed.
        """
        self._window.append((records, unexpected))
        self._records += records
        self._unexpected += unexpected
        while self._records - self._window[0][0] >= self._settings.window_records:
            old_records, old_unexpected = self._window.popleft()
            self._records -= old_records
            self._unexpected -= old_unexpected
        if self._records >= self._settings.min_records and self._unexpected > self._settings.share * self._records:
            raise BrakeError(
                f"{self._unexpected} of the last {self._records} records were rejected for unexpected reasons; "
                "see the dead letters of earlier chunks and the log, fix the deployment, then restart"
            )
