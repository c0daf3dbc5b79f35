"""The dead-letter circuit_breaker: a bad deployment stops, instead of draining the topic into its dead letters."""

from collections import Counter, deque
from collections.abc import Mapping

from pipeline.domain.stage import StageName
from pipeline.errors import ConfigError
from pipeline.settings import CircuitBreakerSettings
from pipeline.stages.counts import StageCounts

__all__ = ["CircuitBreaker", "CircuitBreakerError"]

_FAILED = (
    "were rejected for unexpected reasons; see the dead letters of earlier chunks and the log, fix the deployment, "
    "then restart"
)


class CircuitBreakerError(ConfigError):
    """Too many recent records failed for reasons of our own: exit code 78 before the chunk commits."""


class CircuitBreaker:
    """Watches the share of unexpected rejects among the last records, and whether each stage works at all."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        """Start with an empty window."""
        self._settings = settings
        self._window: deque[tuple[int, int]] = deque()
        self._records = 0
        self._unexpected = 0
        self._failing: Counter[StageName] = Counter()
        self._proven: set[StageName] = set()

    def check(self, records: int, counts: Mapping[StageName, StageCounts]) -> None:
        """Add a unit of work before it commits: how many records it has, and what the stages did to them.

        Raises:
            CircuitBreakerError: Too many failed; nothing of this unit may be committed.
        """
        self._check_start(counts)
        self._window.append((records, sum(_unexpected(stage) for stage in counts.values())))
        self._records += self._window[-1][0]
        self._unexpected += self._window[-1][1]
        while self._records - self._window[0][0] >= self._settings.window_records:
            old_records, old_unexpected = self._window.popleft()
            self._records -= old_records
            self._unexpected -= old_unexpected
        if self._records >= self._settings.min_records and self._unexpected > self._settings.share * self._records:
            raise CircuitBreakerError(f"{self._unexpected} of the last {self._records} records {_FAILED}")

    def _check_start(self, counts: Mapping[StageName, StageCounts]) -> None:
        """Stop early where a stage does not work at all: with little input, each start would fill a window first."""
        for name, stage in counts.items():
            if name in self._proven:
                continue
            if stage.emitted or stage.dropped:
                self._proven.add(name)
                continue
            self._failing[name] += _unexpected(stage)
            if self._failing[name] >= self._settings.start_records:
                raise CircuitBreakerError(
                    f"nothing has passed {name} since the start: {self._failing[name]} records {_FAILED}"
                )


def _unexpected(stage: StageCounts) -> int:
    """Return how many records a stage rejected for reasons that speak of our own fault, not of the input's."""
    return stage.rejected.get("unexpected", 0)
