"""Bounds of clusters, in one place, with where each number comes from."""

from msgspec import Struct

__all__ = ["ClusterParams"]


class ClusterParams(Struct, frozen=True, kw_only=True):
    """The same for every worker that folds the same log."""

    window_secs: int = 7 * 24 * 3600
    """How long a verdict counts: as long as deduplication remembers exact copies and revisions. What is older, no new
    verdict can refer to; and news.verdicts.v1 keeps three days more, so a cluster can always be told from the log."""
    max_facts: int = 1000
    """Verdicts that count of one cluster, and as many on its canonical article. Agency reports reach some hundred
    copies, live blogs some hundred revisions; a thousand fold in a millisecond."""
    max_members: int = 50
    """Members listed in an event, about 10 KB; `size` counts them all."""
    max_names: int = 20
    """Publishers and origins listed in an event; their counts count them all."""
