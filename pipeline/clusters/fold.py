"""The fold of news.verdicts.v1: all open clusters, and the changes that each record of the log makes.

A cluster is a function of the verdicts in the window: each membership stems from one record and expires by itself. A
fold that starts on a log whose beginning has expired therefore reaches the state of a fold that has read the whole log.
The version of a cluster is an offset of the log, because a count would have to be stored.
"""

from collections import OrderedDict
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.clusters.memberships import JOINING, Memberships, membership_of, newest, pack, unpack
from pipeline.clusters.params import ClusterParams
from pipeline.domain.cluster import Cause
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id, founder
from pipeline.domain.verdict import Decided, Lost, VerdictRecord

__all__ = ["ClusterChange", "ClusterDraft", "Clusters"]

_LONG_AGO: Final = -(1 << 62)

OtherClusters = tuple[ClusterId, ...]
"""Clusters with a membership of an article, other than the cluster that the article founded."""


class ClusterChange(Struct, frozen=True, kw_only=True):
    """A cluster after a record changed it; `view.describe` converts it to the published form.

    version, supersedes: offset of the record that made the change, and of the one that made the change before, if that
    is in the window.
    ingested_at_ms: when the article that caused the change was ingested, in epoch milliseconds.
    """

    cluster_id: ClusterId
    version: int
    supersedes: int | None
    cause: Cause
    ingested_at_ms: int
    memberships: Memberships


class Clusters:
    """All clusters with a membership in the window. Only `adopt` changes them, after the work has been committed."""

    def __init__(self, params: ClusterParams | None = None) -> None:
        """Start without clusters."""
        self.params = ClusterParams() if params is None else params
        self.time_ms = _LONG_AGO
        self._packed: OrderedDict[ClusterId, bytes] = OrderedDict()
        self._other_clusters: dict[ArticleId, OtherClusters] = {}

    def __len__(self) -> int:
        """Count the clusters."""
        return len(self._packed)

    def memberships(self, cluster: ClusterId) -> Memberships:
        """Return the memberships of a cluster, in the order of the log."""
        packed = self._packed.get(cluster)
        return () if packed is None else unpack(packed)

    def other_clusters(self, article: ArticleId) -> OtherClusters:
        """Return the clusters with a membership of an article, other than the cluster that the article founded."""
        return self._other_clusters.get(article, ())

    def draft(self) -> "ClusterDraft":
        """Return a draft without changes."""
        return ClusterDraft(self)

    def adopt(self, draft: "ClusterDraft") -> None:
        """Apply the changes of a draft; no other draft may have been adopted since it was made."""
        for cluster, memberships in draft.memberships.items():
            if memberships:
                self._packed[cluster] = pack(memberships)
                self._packed.move_to_end(cluster)
            else:
                self._packed.pop(cluster, None)
        for article, clusters in draft.other_clusters.items():
            self._set_other_clusters(article, clusters)
        self.time_ms = draft.time_ms
        self._expire(self.time_ms - self.params.window_secs * 1000)

    def _expire(self, oldest_ms: int) -> None:
        """Drop the clusters whose last membership is too old, in the order in which they changed."""
        while self._packed:
            cluster = next(iter(self._packed))
            memberships = self.memberships(cluster)
            if memberships[-1].time_ms >= oldest_ms:
                return
            del self._packed[cluster]
            for member in memberships:
                others = self.other_clusters(member.article_id)
                self._set_other_clusters(member.article_id, tuple(other for other in others if other != cluster))

    def _set_other_clusters(self, article: ArticleId, clusters: OtherClusters) -> None:
        if clusters:
            self._other_clusters[article] = clusters
        else:
            self._other_clusters.pop(article, None)


class ClusterDraft:
    """Changes to clusters that take effect with `Clusters.adopt`, or are discarded."""

    def __init__(self, clusters: Clusters) -> None:
        """Start from the present clusters."""
        self._clusters = clusters
        self._params = clusters.params
        self.time_ms = clusters.time_ms
        self.memberships: dict[ClusterId, Memberships] = {}
        self.other_clusters: dict[ArticleId, OtherClusters] = {}

    def apply(self, record: VerdictRecord, position: int, append_time_ms: int) -> list[ClusterChange]:
        """Fold the next record of the log.

        The time of the fold is the running maximum of min(ingested, appended), so that one wrong clock cannot expire
        the window.

        Args:
            record: The record.
            position: Its offset.
            append_time_ms: Its timestamp, in epoch milliseconds.

        Returns:
            The clusters that the record changed, none if it is a replay.
        """
        if not record.undated:
            self.time_ms = max(self.time_ms, min(record.ingested_at_ms, append_time_ms))
        if isinstance(record, Lost):
            return self._lose(record, position)
        return self._join(record, position) if record.verdict.kind in JOINING else []

    def _join(self, record: Decided, position: int) -> list[ClusterChange]:
        verdict = record.verdict
        before = self._live(verdict.cluster_id)
        if any(member.is_of(verdict.origin, verdict.article_id) for member in before):
            return []
        former = (cluster_id(verdict.article_id), *self._others(verdict.article_id))
        changes = [change for cluster in former for change in self._leave(cluster, record, position)]
        joined = (*before, membership_of(record, position, self.time_ms))
        # Keep one more than count, so that `overflow` is reported until that one expires.
        after = newest(joined, founder(verdict.cluster_id), self._params.max_memberships + 1)
        cause = Cause(kind=verdict.kind, article_id=verdict.article_id)  # type: ignore[arg-type]  # one of JOINING
        changes.append(self._change(verdict.cluster_id, before, after, cause, record, position))
        if verdict.cluster_id != cluster_id(verdict.article_id):
            others = {*self._others(verdict.article_id), verdict.cluster_id}
            self.other_clusters[verdict.article_id] = tuple(sorted(others))
        return changes

    def _leave(self, cluster: ClusterId, record: Decided, position: int) -> list[ClusterChange]:
        """End the memberships of an article in a cluster when its new version belongs to another one.

        If the cluster has a higher revision of the article, the new version came late, from a raw record in another
        partition. The higher revision stays and the cluster is not reported as changed.
        """
        verdict = record.verdict
        article = verdict.article_id
        if cluster == verdict.cluster_id:
            return []
        before = self._live(cluster)
        present = [member.revision for member in before if member.article_id == article and not member.ended]
        stays = max(present, default=0) > verdict.revision
        after = tuple(
            replace(member, ended="moved", ended_at=0 if stays else position)
            if member.article_id == article and not member.ended and member.revision <= verdict.revision
            else member
            for member in before
        )
        if stays:
            self._set(cluster, before, after)
        if stays or after == before:
            return []
        return [self._change(cluster, before, after, Cause(kind="moved", article_id=article), record, position)]

    def _lose(self, record: Lost, position: int) -> list[ClusterChange]:
        """End the membership of a version that became a dead letter after its verdict."""
        verdict = record.verdict
        before = self._live(verdict.cluster_id)
        after = tuple(
            replace(member, ended="void", ended_at=position)
            if member.is_of(verdict.origin, verdict.article_id) and member.ended != "void"
            else member
            for member in before
        )
        if after == before:
            return []
        cause = Cause(kind="void", article_id=verdict.article_id)
        return [self._change(verdict.cluster_id, before, after, cause, record, position)]

    def _change(
        self,
        cluster: ClusterId,
        before: Memberships,
        after: Memberships,
        cause: Cause,
        record: VerdictRecord,
        position: int,
    ) -> ClusterChange:
        self._set(cluster, before, after)
        return ClusterChange(
            cluster_id=cluster,
            version=position,
            supersedes=max((max(member.version, member.ended_at) for member in before), default=None),
            cause=cause,
            ingested_at_ms=record.ingested_at_ms,
            memberships=after,
        )

    def _live(self, cluster: ClusterId) -> Memberships:
        """Return the memberships of a cluster that are in the window, and drop the others."""
        memberships = self.memberships.get(cluster)
        if memberships is None:
            memberships = self._clusters.memberships(cluster)
        oldest = self.time_ms - self._params.window_secs * 1000
        if not memberships or memberships[0].time_ms >= oldest:
            return memberships
        live = tuple(member for member in memberships if member.time_ms >= oldest)
        self._set(cluster, memberships, live)
        return live

    def _set(self, cluster: ClusterId, before: Memberships, after: Memberships) -> None:
        self.memberships[cluster] = after
        if len(after) > len(before):
            return
        for article in {member.article_id for member in before} - {member.article_id for member in after}:
            self.other_clusters[article] = tuple(other for other in self._others(article) if other != cluster)

    def _others(self, article: ArticleId) -> OtherClusters:
        if article in self.other_clusters:
            return self.other_clusters[article]
        return self._clusters.other_clusters(article)
