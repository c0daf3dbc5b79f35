"""The circuit breaker: stops a broken deployment before it turns the whole topic into dead letters."""

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
    """Too many recent records were rejected as `unexpected`: exit code 78 before the unit commits."""


class CircuitBreaker:
    """Watches the share of unexpected rejects among recent records, and whether each stage passes anything."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        """Start with an empty window."""
        self._settings = settings
        self._window: deque[tuple[int, int]] = deque()
        self._records = 0
        self._unexpected = 0
        self._failing: Counter[StageName] = Counter()
        self._proven: set[StageName] = set()

    def check(self, records: int, counts: Mapping[StageName, StageCounts]) -> None:
        """Add a unit of work before it commits.

        Args:
            records: Number of its records.
            counts: What each stage did with them.

        Raises:
            CircuitBreakerError: Too many records failed; nothing of this unit may be committed.
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
        """Stop early if a stage has passed nothing yet: with little input, a full window would take too long."""
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
    """Return the number of records that a stage rejected because of a bug, not because of the input."""
    return stage.rejected.get("unexpected", 0)
