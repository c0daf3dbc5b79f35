"""The verdict log in a `cluster` worker: the clusters in memory, always as of a committed offset.

The clusters are a function of the log up to the group's committed offset, so they are never stored.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pipeline.clusters.fold import ClusterDraft, Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.errors import ContractError, FatalError
from pipeline.runtime.committed_log import CommittedLog, CommittedLogConfig
from pipeline.wire.codec import decode_verdict_record

__all__ = ["ClusterObserver", "VerdictLog"]


class ClusterObserver(Protocol):
    """Receives the state of the clusters, for metrics and readiness."""

    def clustered(self, clusters: int) -> None:
        """Note the number of open clusters."""
        ...

    def caught_up(self, seconds: float) -> None:
        """Note that the clusters have reached the group's offset for the first time, and after how long."""
        ...


class VerdictLog(CommittedLog):
    """Keeps the clusters at the group's committed offset. One per process, on the main event loop."""

    def __init__(
        self,
        config: CommittedLogConfig,
        params: ClusterParams,
        observer: ClusterObserver,
        is_idle: Callable[[], bool],
    ) -> None:
        """Start with no clusters.

        Args:
            config: Topic, group and consumer arguments.
            params: Bounds of clusters.
            observer: Receives the state of the clusters.
            is_idle: Whether the log's partition is not assigned to this worker, so that another one commits.
        """
        super().__init__(config, observer.caught_up, is_idle)
        self.clusters = Clusters(params)
        self._observer = observer

    def adopt(self, draft: ClusterDraft | None, start: int, end: int) -> None:
        """Adopt the changes of offsets [start, end) of the log after they were committed.

        Raises:
            FatalError: The clusters are not at offset `start`.
        """
        if self._position != start:
            raise FatalError(f"the clusters are at offset {self._position} of the verdict log, not at {start}")
        if draft is not None:
            self.clusters.adopt(draft)
        self._position = end
        self._observer.clustered(len(self.clusters))

    async def _forget(self, first: int, committed: int) -> int:  # noqa: ARG002  nothing is stored
        self.clusters = Clusters(self.clusters.params)
        return first

    def _fold(self, records: Sequence[Any], reached: int) -> None:
        draft = self.clusters.draft()
        for record in records:
            try:
                found = decode_verdict_record(record.value or b"")
            except ContractError:
                continue  # a dead letter was written when this record was processed
            draft.apply(found, record.offset, record.timestamp_ms)
        self.adopt(draft, self._position, reached)
