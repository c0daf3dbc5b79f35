"""Which source sends most of what is read, to notice one that floods."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from pipeline.observability.logging import get_logger

__all__ = ["SourceShareParams", "SourceShares"]

log = get_logger(__name__)


class SourceShareParams(Struct, frozen=True, kw_only=True):
    """When a source counts as flooding. Chosen."""

    window_articles: int = 2000
    """Articles after which the counts are halved: the share is that among the last few thousand."""
    least_articles: int = 500
    """With fewer counted, nothing is reported: after a start, any source can be first."""
    flood_from: float = 0.5
    """Share from which on a source is logged by its name, which no metric has."""
    ended_below: float = 0.3
    """Share below which the flood is over."""


class SourceShares:
    """Counts articles by source, with a bounded number of sources."""

    def __init__(self, params: SourceShareParams | None = None) -> None:
        """Count nothing yet."""
        self._params = params or SourceShareParams()
        self._counts: Counter[str] = Counter()
        self._flooding: str | None = None

    def add(self, sources: Mapping[str, int]) -> None:
        """Count articles of sources; log when one begins or ends to be most of them."""
        self._counts.update(sources)
        if self._counts.total() > self._params.window_articles:
            halved = {source: count // 2 for source, count in self._counts.items() if count > 1}
            self._counts = Counter(halved)
        self._watch()

    @property
    def largest(self) -> float:
        """The share of the source with most articles; 0 while few are counted."""
        total = self._counts.total()
        if total < self._params.least_articles:
            return 0.0
        return max(self._counts.values()) / total

    def _watch(self) -> None:
        share = self.largest
        if self._flooding is None and share >= self._params.flood_from:
            self._flooding = self._counts.most_common(1)[0][0]
            log.warning("source_floods", source=self._flooding, share=round(share, 2))
        elif self._flooding is not None and share < self._params.ended_below:
            log.info("source_floods_no_more", source=self._flooding)
            self._flooding = None
