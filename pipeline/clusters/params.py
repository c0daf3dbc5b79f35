"""Bounds of clusters, each with its unit and the origin of its value."""

from msgspec import Struct

__all__ = ["ClusterParams"]


class ClusterParams(Struct, frozen=True, kw_only=True):
    """How clusters are folded. All workers that fold the same log must have the same values."""

    window_secs: int = 7 * 24 * 3600
    """How long a verdict counts: as long as `FoldParams.exact_window_secs`, because no new verdict refers to an older
    article. The retention of news.verdicts.v1 is three days longer, so the log contains the whole window."""
    stated_within_secs: int = 7 * 24 * 3600
    """How long before its arrival an article may say that it was published, for that to decide about the origin of a
    text: as `FoldParams.stated_within_secs`."""
    published_apart_secs: int = 60
    """How much earlier a publication is stated to be than the first arrival's: as `FoldParams.published_apart_secs`."""
    max_memberships: int = 1000
    """Memberships that count in a cluster: this many of its canonical article, and this many of all others. Agency
    reports reach some hundred copies, live blogs some hundred revisions; a thousand are folded in a millisecond."""
    max_members: int = 50
    """Members listed in an event, which take about 10 KB; `size` counts all of them."""
    max_listed: int = 20
    """Publishers, and origins, listed in an event; `count` counts all of them. Chosen."""
