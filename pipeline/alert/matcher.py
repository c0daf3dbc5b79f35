"""Finds the queries that an article matches, without comparing it with all of them.

Each query stands in an index under the keys of that one of its conditions which the fewest articles meet. An article is
compared with those queries only of whose keys it has one.
"""

from collections.abc import Iterable, Sequence

from pipeline.alert.article_keys import ArticleKeys
from pipeline.alert.compiled import CompiledQuery
from pipeline.alert.params import MATCHING
from pipeline.alert.rarity import Rarity

__all__ = ["Matcher"]


class Matcher:
    """The index of all queries."""

    def __init__(self, queries: Sequence[CompiledQuery], rarity: Rarity | None = None) -> None:
        """Make the index.

        Args:
            queries: The queries; those that an article matches are returned in this order.
            rarity: How many articles have a key, as far as it is known; that of a former index goes on counting.
        """
        self.queries = tuple(queries)
        self.rarity = rarity if rarity is not None else Rarity()
        self._seen = 0
        self._asked = frozenset(
            key
            for query in self.queries
            for group in query.required
            for condition in group
            for way in condition.ways
            for key in way
        )
        self._arrange()

    def matching(self, article: ArticleKeys) -> list[CompiledQuery]:
        """Return the queries that an article matches."""
        self._seen += 1
        if self._seen % MATCHING.sampled == 0 and self.rarity.count(article.keys & self._asked):
            self._arrange()
        places: set[int] = set()
        for key in article.keys & self._keys:
            places.update(self._places[key])
        return [self.queries[place] for place in sorted(places) if self.queries[place].matches(article)]

    def _arrange(self) -> None:
        self._places: dict[str, list[int]] = {}
        for place, query in enumerate(self.queries):
            for key in self._best(query):
                self._places.setdefault(key, []).append(place)
        self._keys = frozenset(self._places)

    def _best(self, query: CompiledQuery) -> frozenset[str]:
        """Return the keys of which every article has one that matches, and the fewest others."""
        groups = (
            frozenset[str]().union(*(min(condition.ways, key=self._cost) for condition in group))
            for group in query.required
        )
        return min(groups, key=self._cost)

    def _cost(self, keys: Iterable[str]) -> float:
        return sum(map(self.rarity.share, keys))
