"""The latest state of every cluster, read from the topics of verdicts and clusters."""

from typing import Any

import orjson

from pipeline.clusters.memberships import JOINING
from pipeline.wire.catalogue import VERDICTS, Catalogue

__all__ = ["ClusterStates"]


class ClusterStates:
    """Collects the latest state of every cluster, and detects when the clusters have caught up with the verdicts."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Read topics of this catalogue."""
        self._verdicts = catalogue.full_name(VERDICTS)
        self.topics = [self._verdicts, catalogue.stage("cluster").emits]
        self._states: dict[str, dict[str, Any]] = {}
        self._last_verdict = self._last_change = -1

    def add(self, record: Any) -> None:
        """Read a record of one of the topics."""
        value = orjson.loads(record.value)
        if record.topic == self._verdicts:
            if value["verdict"]["kind"] in JOINING:
                self._last_verdict = max(self._last_verdict, record.offset)
            return
        self._last_change = max(self._last_change, value["version"])
        before = self._states.get(value["cluster_id"])
        if before is None or before["version"] <= value["version"]:
            self._states[value["cluster_id"]] = value

    @property
    def complete(self) -> bool:
        """Whether the change of the last verdict that changes a cluster has arrived."""
        return 0 <= self._last_verdict <= self._last_change

    def describe(self) -> str:
        """Return lines with the number of clusters and the one that most publishers carry."""
        best = max(self._states.values(), key=lambda state: (state["publishers"]["count"], state["cluster_id"]))
        origins = ", ".join(origin["name"] for origin in best["origins"]["top"])
        return (
            f"clusters {len(self._states)}, such as {best['canonical'].get('url', best['cluster_id'])}:\n"
            f"         {best['size']} articles, {best['publishers']['count']} publishers, "
            f"independent origins {best['origins']['count']}: {origins}"
        )
