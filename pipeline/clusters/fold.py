"""The fold of news.verdicts.v1: all open clusters, and what each record of the log changes.

A cluster is what the verdicts of the last window say of it and nothing else: every fact stems from one record and
expires by itself. So a fold of a log whose beginning is gone ends up where one stands that has been running all along,
and a version is a place in the log, not a count that somebody would have to remember.
"""

from collections import OrderedDict
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.clusters.memberships import JOINING, Membership, membership_of, newest, pack, unpack
from pipeline.clusters.params import ClusterParams
from pipeline.domain.cluster import Cause
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id, founder
from pipeline.domain.verdict import Decided, Lost, VerdictRecord

__all__ = ["ClusterChange", "ClusterDraft", "Clusters"]

_LONG_AGO: Final = -(1 << 62)

Facts = tuple[Membership, ...]
Homes = tuple[ClusterId, ...]
"""Clusters that remember an article, apart from the one named after it."""


class ClusterChange(Struct, frozen=True, kw_only=True):
    """A cluster after a record changed it; `view.describe` says what that looks like from outside."""

    cluster_id: ClusterId
    version: int
    supersedes: int | None
    cause: Cause
    ingested_at_ms: int
    facts: Facts


class Clusters:
    """All clusters with a fact in the window. Only `adopt` changes them: work that is not committed leaves no trace."""

    def __init__(self, params: ClusterParams | None = None) -> None:
        """Start with none."""
        self.params = ClusterParams() if params is None else params
        self.time_ms = _LONG_AGO
        self._packed: OrderedDict[ClusterId, bytes] = OrderedDict()
        self._elsewhere: dict[ArticleId, Homes] = {}

    def __len__(self) -> int:
        """Count the open clusters."""
        return len(self._packed)

    def facts(self, cluster: ClusterId) -> Facts:
        """Return what is known of a cluster, in the order of the log."""
        packed = self._packed.get(cluster)
        return () if packed is None else unpack(packed)

    def elsewhere(self, article: ArticleId) -> Homes:
        """Return the clusters that remember an article, apart from the one named after it."""
        return self._elsewhere.get(article, ())

    def draft(self) -> "ClusterDraft":
        """Begin changes."""
        return ClusterDraft(self)

    def adopt(self, draft: "ClusterDraft") -> None:
        """Make a draft's changes; nothing may have been adopted since it was begun."""
        for cluster, facts in draft.facts.items():
            if facts:
                self._packed[cluster] = pack(facts)
                self._packed.move_to_end(cluster)
            else:
                self._packed.pop(cluster, None)
        for article, homes in draft.elsewhere.items():
            self._note(article, homes)
        self.time_ms = draft.time_ms
        self._expire(self.time_ms - self.params.window_secs * 1000)

    def _expire(self, oldest_ms: int) -> None:
        """Forget clusters whose last fact is too old, those that changed longest ago first."""
        while self._packed:
            cluster = next(iter(self._packed))
            facts = self.facts(cluster)
            if facts[-1].time_ms >= oldest_ms:
                return
            del self._packed[cluster]
            for fact in facts:
                homes = self.elsewhere(fact.article_id)
                self._note(fact.article_id, tuple(home for home in homes if home != cluster))

    def _note(self, article: ArticleId, homes: Homes) -> None:
        if homes:
            self._elsewhere[article] = homes
        else:
            self._elsewhere.pop(article, None)


class ClusterDraft:
    """Changes to clusters that are not made yet: made by `Clusters.adopt`, or thrown away."""

    def __init__(self, clusters: Clusters) -> None:
        """Start from the clusters as they are."""
        self._clusters = clusters
        self._params = clusters.params
        self.time_ms = clusters.time_ms
        self.facts: dict[ClusterId, Facts] = {}
        self.elsewhere: dict[ArticleId, Homes] = {}

    def apply(self, record: VerdictRecord, position: int, append_time_ms: int) -> list[ClusterChange]:
        """Fold the next record of the log; return the clusters that it changed, none for a replay.

        Time is the running maximum of min(ingested, appended), as in the fold of signatures: one wrong clock cannot
        end the window.
        """
        if not record.undated:
            self.time_ms = max(self.time_ms, min(record.ingested_at_ms, append_time_ms))
        if isinstance(record, Lost):
            return self._lose(record, position)
        return self._join(record, position) if record.verdict.kind in JOINING else []

    def _join(self, record: Decided, position: int) -> list[ClusterChange]:
        verdict = record.verdict
        facts = self._live(verdict.cluster_id)
        if any(fact.is_of(verdict.origin, verdict.article_id) for fact in facts):
            return []
        homes = (cluster_id(verdict.article_id), *self._elsewhere(verdict.article_id))
        changes = [change for home in homes for change in self._leave(home, record, position)]
        joined = (*facts, membership_of(record, position, self.time_ms))
        # One more than counts: that there was more than counts is said as long as it would count.
        after = newest(joined, founder(verdict.cluster_id), self._params.max_facts + 1)
        cause = Cause(kind=verdict.kind, article_id=verdict.article_id)  # type: ignore[arg-type]  # one of JOINING
        changes.append(self._change(verdict.cluster_id, facts, after, cause, record, position))
        if verdict.cluster_id != cluster_id(verdict.article_id):
            known = {*self._elsewhere(verdict.article_id), verdict.cluster_id}
            self.elsewhere[verdict.article_id] = tuple(sorted(known))
        return changes

    def _leave(self, home: ClusterId, record: Decided, position: int) -> list[ClusterChange]:
        """End an article's part in a cluster it is in, when its new version belongs to another.

        A higher revision stays, and there is nothing to tell: this one came late, from a raw record that was in another
        partition.
        """
        verdict = record.verdict
        article = verdict.article_id
        if home == verdict.cluster_id:
            return []
        facts = self._live(home)
        present = [fact.revision for fact in facts if fact.article_id == article and not fact.ended]
        stays = max(present, default=0) > verdict.revision
        after = tuple(
            replace(fact, ended="moved", ended_at=0 if stays else position)
            if fact.article_id == article and not fact.ended and fact.revision <= verdict.revision
            else fact
            for fact in facts
        )
        if stays:
            self._set(home, facts, after)
        if stays or after == facts:
            return []
        return [self._change(home, facts, after, Cause(kind="moved", article_id=article), record, position)]

    def _lose(self, record: Lost, position: int) -> list[ClusterChange]:
        """Take back a version that died after its verdict."""
        verdict = record.verdict
        facts = self._live(verdict.cluster_id)
        after = tuple(
            replace(fact, ended="void", ended_at=position)
            if fact.is_of(verdict.origin, verdict.article_id) and fact.ended != "void"
            else fact
            for fact in facts
        )
        if after == facts:
            return []
        cause = Cause(kind="void", article_id=verdict.article_id)
        return [self._change(verdict.cluster_id, facts, after, cause, record, position)]

    def _change(
        self, cluster: ClusterId, before: Facts, after: Facts, cause: Cause, record: VerdictRecord, position: int
    ) -> ClusterChange:
        self._set(cluster, before, after)
        return ClusterChange(
            cluster_id=cluster,
            version=position,
            supersedes=max((max(fact.version, fact.ended_at) for fact in before), default=None),
            cause=cause,
            ingested_at_ms=record.ingested_at_ms,
            facts=after,
        )

    def _live(self, cluster: ClusterId) -> Facts:
        """Return a cluster's facts of the window."""
        facts = self.facts.get(cluster)
        if facts is None:
            facts = self._clusters.facts(cluster)
        oldest = self.time_ms - self._params.window_secs * 1000
        if not facts or facts[0].time_ms >= oldest:
            return facts
        live = tuple(fact for fact in facts if fact.time_ms >= oldest)
        self._set(cluster, facts, live)
        return live

    def _set(self, cluster: ClusterId, before: Facts, after: Facts) -> None:
        self.facts[cluster] = after
        if len(after) > len(before):
            return
        for article in {fact.article_id for fact in before} - {fact.article_id for fact in after}:
            self.elsewhere[article] = tuple(home for home in self._elsewhere(article) if home != cluster)

    def _elsewhere(self, article: ArticleId) -> Homes:
        return self.elsewhere[article] if article in self.elsewhere else self._clusters.elsewhere(article)
