"""Makes the verdict on one signature, from the rows and the index of the fold, which it does not change."""

from itertools import islice
from typing import TypedDict

import numpy as np
from msgspec.structs import replace

from pipeline.dedup.article_history import ArticleHistory, article_history_of
from pipeline.dedup.near import Match, NearDuplicates, Query, agreement, similarity
from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_codec import CANONICAL_KINDS, RowCodec
from pipeline.dedup.store.row_layout import HAS_SKETCH, ODD_ID, VOIDED, WITHDRAWN, Row
from pipeline.dedup.store.verdict_codec import article_digest, digest8, digest16, first_verdict, packed_sketch
from pipeline.domain.ids import ClusterId, cluster_id
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import ChangeClass, Verdict

__all__ = ["Judge"]


class _MatchedArticle(TypedDict, total=False):
    """The fields of a verdict that describe the article it was compared with."""

    cluster_id: ClusterId
    canonical_id: str
    canonical_at_ms: int
    matched_id: str
    matched_source: str
    syndicated: bool


class Judge:
    """Makes verdicts on signatures; the fold then adds them to the rows."""

    def __init__(self, codec: RowCodec, near: NearDuplicates, params: FoldParams, version: int) -> None:
        """Judge by the rows and the index of a fold.

        Args:
            codec: The rows of the fold.
            near: The index of near-duplicates over the same rows.
            params: The thresholds.
            version: The version of the fold that has these thresholds.
        """
        self._codec = codec
        self._near = near
        self._params = params
        self._version = version

    def judge(self, signature: Signature, query: Query | None) -> Verdict:
        """Return the verdict on a signature whose origin is not in the rows.

        Args:
            signature: The signature.
            query: The result of looking up its sketch; None if it has no sketch.
        """
        first = first_verdict(signature, self._params, self._version)
        digest, odd = article_digest(signature.article_id)
        history = article_history_of(self._codec.store.by_article(digest, odd), self._params)
        if signature.action == "retract":
            return self._retraction(signature, first, history)
        if history.newest is None:
            found = self._duplicate(signature, query, first)
            return found if not history.revision else replace(found, revision=history.revision + 1)
        return self._known(signature, query, first, history)

    def _retraction(self, signature: Signature, first: Verdict, history: ArticleHistory) -> Verdict:
        window = self._params.exact_window_secs
        if history.newest is None or history.passed is None:
            return replace(
                first, kind="unknown_article", revision=history.revision, method="article_id", window_secs=window
            )
        if history.retracted:
            return self._same(first, history, history.newest)
        if _is_old(signature, history):
            return self._stale(first, history, history.newest)
        return replace(
            first,
            kind="retraction",
            revision=history.revision + 1,
            supersedes=history.passed,
            cluster_id=self._cluster(first, history),
            method="article_id",
            window_secs=window,
        )

    def _known(self, signature: Signature, query: Query | None, first: Verdict, history: ArticleHistory) -> Verdict:
        newest = history.newest
        if newest is None:
            raise ValueError("the history has no version of the article")
        same = newest[1].content == digest16(signature.content_hash) and not history.retracted
        if history.passed is None:
            found = self._duplicate(signature, query, first)
            if same and not found.passes:
                return replace(found, kind="repeat", revision=history.revision)
            return replace(found, revision=history.revision + 1)
        if same:
            return self._same(first, history, newest)
        if _is_old(signature, history):
            return self._stale(first, history, newest)
        return self._revision(signature, query, first, history)

    def _same(self, first: Verdict, history: ArticleHistory, newest: tuple[int, Row]) -> Verdict:
        """Return `repeat`: the signature has the content of the article's newest version."""
        number, row = newest
        verdict = self._codec.verdict(number)
        return replace(
            first,
            kind="repeat",
            revision=history.revision,
            supersedes=history.passed,
            method="content_hash",
            window_secs=self._params.exact_window_secs,
            score=1.0,
            cluster_id=verdict.cluster_id,
            canonical_id=verdict.canonical_id,
            canonical_at_ms=verdict.canonical_at_ms,
            matched_id=first.article_id,
            matched_source=self._codec.sources.text(row.source),
        )

    def _stale(self, first: Verdict, history: ArticleHistory, newest: tuple[int, Row]) -> Verdict:
        return replace(self._same(first, history, newest), kind="stale", method="article_id", score=None)

    def _revision(self, signature: Signature, query: Query | None, first: Verdict, history: ArticleHistory) -> Verdict:
        revision = history.revision + 1
        score = self._similarity(signature, history.published)
        window = self._params.exact_window_secs
        if score is not None and score < self._params.reused_url_below:
            reused = replace(
                first,
                revision=revision,
                cluster_id=ClusterId(f"{cluster_id(first.article_id)}-{revision}"),
                method="article_id",
                window_secs=window,
                score=score,
                threshold=self._params.reused_url_below,
                flags=("reused_url",),
            )
            return self._duplicate(signature, query, reused)
        return replace(
            first,
            kind="revision",
            revision=revision,
            supersedes=history.passed,
            change_class=self._change(signature, history, score),
            cluster_id=self._cluster(first, history),
            method="article_id",
            window_secs=window,
            matched_id=first.article_id,
            matched_source=first.source,
            score=score,
            threshold=None if score is None else self._params.reused_url_below,
        )

    def _similarity(self, signature: Signature, published: tuple[int, Row] | None) -> float | None:
        sketch = packed_sketch(signature)
        if published is None or not sketch:
            return None
        number, row = published
        if row.version != signature.version or not row.flags & HAS_SKETCH:
            return None
        if row.text == digest16(signature.text_hash):
            return 1.0
        other = self._codec.store.sketches_of(np.array(number, dtype=np.uint32))
        return similarity(agreement(np.frombuffer(sketch, dtype=np.uint8), other))

    def _change(self, signature: Signature, history: ArticleHistory, score: float | None) -> ChangeClass:
        if digest16(signature.content_hash) in history.contents:
            return "reverted"
        if history.published is None:
            return "material"
        row = history.published[1]
        numbers = row.numbers == digest8(signature.numbers_hash)
        if signature.text_hash and row.text == digest16(signature.text_hash):
            return "cosmetic"
        if score is None:
            return "material"
        if score >= self._params.cosmetic_from and numbers:
            return "cosmetic"
        return "correction" if score >= self._params.correction_from and not numbers else "material"

    def _cluster(self, first: Verdict, history: ArticleHistory) -> ClusterId:
        """Return the cluster of the article."""
        known = history.published or history.newest
        return first.cluster_id if known is None else self._codec.verdict(known[0]).cluster_id

    def _duplicate(self, signature: Signature, query: Query | None, first: Verdict) -> Verdict:
        """Compare with other articles: `exact`, `near`, `related`, or else `unique`."""
        exact = self._exact(signature, first)
        if exact is not None or query is None:
            return exact or first
        matches = self._near.matches(query, signature.shingles, signature.version)
        matches = [match for match in matches if self._codec.article(match.number) != signature.article_id]
        canonical = [match for match in matches if match.row.kind in CANONICAL_KINDS]
        for match in canonical:
            decided = self._is_copy(signature, match)
            if decided is not None and not self._is_shared_passage(match, matches):
                return self._copy(signature, first, match, *decided)
        return self._related(first, canonical) if canonical else first

    def _is_shared_passage(self, match: Match, matches: list[Match]) -> bool:
        """Return whether a text shares with an article only a passage that other articles contain too.

        A copy contains the whole article, or is contained in it, or is noisy and then resembles other articles far
        less. If two texts share only a part, and one of them shares about as much with a third article, the part is a
        shared passage.
        """
        params = self._params
        return _is_part(match, params) and any(
            other.row.id != match.row.id
            and _is_part(other, params)
            and other.score >= params.shared_alike * match.score
            for other in matches
        )

    def _is_copy(self, signature: Signature, match: Match) -> tuple[float, float] | None:
        """Return the score and the threshold that make the signature a copy of a match, or None."""
        params = self._params
        if self._codec.sources.text(match.row.source) == signature.source:
            # Reports from one template with other numbers, and updates under a new URL, are separate articles.
            same_numbers = match.row.numbers == digest8(signature.numbers_hash)
            common = min(match.covered, match.covers)
            copied = same_numbers and common >= params.same_source_from
            return (common, params.same_source_from) if copied else None
        copied = match.covered >= params.near_from and match.score >= params.near_least
        return (match.covered, params.near_from) if copied else None

    def _copy(self, signature: Signature, first: Verdict, match: Match, score: float, threshold: float) -> Verdict:
        return replace(
            first,
            kind="near",
            method="minhash",
            window_secs=self._params.near_window_secs,
            score=score,
            threshold=threshold,
            **self._matched_article(signature, match.number, match.row),
        )

    def _related(self, first: Verdict, matches: list[Match]) -> Verdict:
        matches = sorted(matches, key=lambda match: (-match.score, match.number))
        best = self._codec.verdict(matches[0].number)
        related = dict.fromkeys(self._codec.article(match.number) for match in matches)
        return replace(
            first,
            kind="related",
            method="minhash",
            window_secs=self._params.near_window_secs,
            score=matches[0].score,
            threshold=self._params.related_from,
            cluster_id=best.cluster_id,
            matched_id=best.article_id,
            matched_source=best.source,
            related=tuple(related)[: self._params.most_related],
        )

    def _exact(self, signature: Signature, first: Verdict) -> Verdict | None:
        if not signature.text_hash:
            return None
        short = signature.shingles < self._params.min_exact_shingles
        key = digest16(signature.content_hash if short else signature.text_hash)
        own = article_digest(signature.article_id)
        oldest: tuple[int, Row] | None = None
        for number, row in islice(self._codec.store.by_text(key), self._params.most_same_text):
            if row.flags & (VOIDED | WITHDRAWN) or row.version != signature.version:
                continue
            if (row.id, row.flags & ODD_ID) != own:
                oldest = number, row
        if oldest is None:
            return None
        return replace(
            first,
            kind="exact",
            method="content_hash" if short else "text_hash",
            window_secs=self._params.exact_window_secs,
            score=1.0,
            threshold=1.0,
            **self._matched_article(signature, *oldest),
        )

    def _matched_article(self, signature: Signature, number: int, row: Row) -> _MatchedArticle:
        canonical = self._codec.verdict(number)
        return {
            "cluster_id": canonical.cluster_id,
            "canonical_id": canonical.article_id,
            "canonical_at_ms": row.ingested_at_ms,
            "matched_id": canonical.article_id,
            "matched_source": canonical.source,
            "syndicated": bool(signature.source and canonical.source and signature.source != canonical.source),
        }


def _is_part(match: Match, params: FoldParams) -> bool:
    """Return whether neither text contains nearly all of the other."""
    return max(match.covered, match.covers) < params.whole_from


def _is_old(signature: Signature, history: ArticleHistory) -> bool:
    """Return whether the signature was observed before the newest version of the article."""
    return history.observed_at_ms is not None and signature.observed_at_ms < history.observed_at_ms
