"""Which copy is published in place of an article that is withdrawn: the next one that stands.

A story must not vanish because the article that was published first is retracted, or its URL reused, while other sites
still carry the text.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from pipeline.dedup.article_history import ArticleHistory, article_history_of, recent_rows
from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_kinds import replaces
from pipeline.dedup.store.row_layout import PROMOTED, REUSED_URL, VOIDED, Row
from pipeline.dedup.store.verdict_codec import article_digest, copy_key
from pipeline.domain.ids import ArticleId, article_of
from pipeline.domain.verdict import VERDICT_KINDS, Successor, Verdict, VerdictFlag

__all__ = ["Succession"]

_PROMOTED_KIND: Final = VERDICT_KINDS.index("promoted")
_RETRACTION: Final = VERDICT_KINDS.index("retraction")
_WITHOUT_EFFECT: Final = frozenset({"repeat", "stale", "unknown_article", "refused_retraction", "promoted"})


class Succession:
    """Chooses copies by the rows of the fold, which it does not change."""

    def __init__(self, codec: RowCodec, params: FoldParams, has_text: Callable[[int, ArticleId], bool]) -> None:
        """Choose by the rows of a fold.

        Args:
            codec: The rows.
            params: Bounds of the search.
            has_text: Whether another article that stands, except the given one, has the text of a row.
        """
        self._codec = codec
        self._params = params
        self._has_text = has_text

    def withdraws(self, verdict: Verdict, history: ArticleHistory) -> bool:
        """Return whether a verdict ends the publication of a text, given the history of its article before."""
        if verdict.kind in _WITHOUT_EFFECT:
            return False
        pending = history.copy is not None and history.copy[1].flags & PROMOTED
        return verdict.kind == "retraction" or replaces(verdict) or bool(pending)

    def successor(self, article: ArticleId, history: ArticleHistory) -> Successor | None:
        """Return the copy to publish in place of an article that is withdrawn, or None.

        It is the oldest copy that is about as long as the text, or else the oldest; it must be the newest version of
        its own article, and no other article that stands may have its text.
        """
        lineage = self._lineage(article, history)
        keys = dict.fromkeys(map(copy_key, lineage))
        found = {number: row for key in keys for number, row in self._copies(key)}
        ended = history.published or history.copy
        whole = self._params.whole_from * (ended[1].shingles if ended is not None else 0)
        order = sorted(found, key=lambda number: (found[number].shingles < whole, number))
        compared = 0
        for number in order:
            verdict = self._codec.verdict(number)
            if (
                verdict.canonical_id not in lineage
                or verdict.article_id == article
                or not self._stands(number, verdict)
            ):
                continue
            if not self._has_text(number, article):
                return Successor(article_id=verdict.article_id, origin=verdict.origin)
            compared += 1
            if compared == self._params.most_candidates:
                break
        return None

    def reason(self, canonical: ArticleId) -> VerdictFlag:
        """Return the flag that says why an article was withdrawn."""
        for _, row in self._codec.store.by_article(*article_digest(article_of(canonical))):
            if not row.flags & VOIDED and (row.kind == _RETRACTION or row.flags & REUSED_URL):
                return "canonical_replaced" if row.flags & REUSED_URL else "canonical_retracted"
        return "canonical_retracted"

    def _copies(self, key: int) -> Iterator[tuple[int, Row]]:
        return islice(self._codec.store.by_canonical(key), self._params.most_copies)

    def _stands(self, number: int, verdict: Verdict) -> bool:
        """Return whether a copy is the newest version of its article and not chosen yet."""
        rows = self._codec.store.by_article(*article_digest(verdict.article_id))
        copy = article_history_of(rows, self._params).copy
        return copy is not None and copy[0] == number and not copy[1].flags & (VOIDED | PROMOTED)

    def _lineage(self, article: ArticleId, history: ArticleHistory) -> list[ArticleId]:
        """Return the names of the article and of those in whose place it was published: their copies are its own."""
        found = [article if history.published is None else self._codec.verdict(history.published[0]).canonical_id]
        if history.copy is not None and history.copy[1].flags & PROMOTED:
            found.append(self._codec.verdict(history.copy[0]).canonical_id)
        for name in found:
            if len(found) > self._params.most_predecessors:
                break
            rows = recent_rows(self._codec.store.by_article(*article_digest(article_of(name))), self._params)
            promoted = [self._codec.verdict(number) for number, row in rows if row.kind == _PROMOTED_KIND]
            former = [verdict.matched_id for verdict in promoted if verdict.canonical_id == name]
            found += [other for other in dict.fromkeys(former) if other is not None and other not in found]
        return found
