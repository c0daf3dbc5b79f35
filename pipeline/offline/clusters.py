"""The clusters of a run: the same fold that the service `cluster` applies to its log."""

from collections.abc import Iterable

from pipeline import __version__
from pipeline.clusters.fold import Clusters
from pipeline.clusters.params import ClusterParams
from pipeline.clusters.view import cluster_event
from pipeline.domain.verdict import VerdictRecord
from pipeline.offline.output import LineSink
from pipeline.wire.codec import encode

__all__ = ["ClusterLines"]


class ClusterLines:
    """Writes every change of a cluster as a line of `clusters`; the last line of a cluster is its latest state."""

    def __init__(self, sink: LineSink, params: ClusterParams, lane: str) -> None:
        """Start with no clusters.

        Args:
            sink: Takes the lines.
            params: Bounds of clusters.
            lane: The lane of the run, which event ids depend on.
        """
        self._sink = sink
        self._clusters = Clusters(params)
        self._lane = lane
        self._position = 0

    def add(self, records: Iterable[VerdictRecord]) -> None:
        """Fold the next records of the verdict log, each with its article's own time as its timestamp."""
        draft = self._clusters.draft()
        for record in records:
            for change in draft.apply(record, self._position, record.ingested_at_ms):
                event = cluster_event(change, self._clusters.params, lane=self._lane, pipeline_version=__version__)
                self._sink.write("clusters", encode(event.value))
            self._position += 1
        self._clusters.adopt(draft)
