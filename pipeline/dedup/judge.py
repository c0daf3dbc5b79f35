"""Makes the verdict on one signature, from the rows and the index of the fold, which it does not change."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final, TypedDict

import numpy as np
from msgspec.structs import replace

from pipeline.dedup.article_history import ArticleHistory, article_history_of
from pipeline.dedup.fact_comparison import FactComparison
from pipeline.dedup.near import Match, NearDuplicates, Query, rank
from pipeline.dedup.params import FoldParams
from pipeline.dedup.pending import PendingCopies
from pipeline.dedup.published_times import published_order
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_kinds import CANONICAL_KINDS
from pipeline.dedup.store.row_layout import HAS_SKETCH, ODD_ID, PROMOTED, VOIDED, WITHDRAWN, Row
from pipeline.dedup.store.verdict_codec import article_digest, digest16, first_verdict
from pipeline.dedup.succession import Succession
from pipeline.dedup.version_verdicts import VersionVerdicts, is_old
from pipeline.domain.ids import ArticleId, ClusterId, cluster_id, name_after_reuse
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

__all__ = ["Judge"]

_UNFLAGGED: Final = frozenset({"repeat", "stale", "unknown_article", "refused_retraction"})
"""Kinds of verdict that change nothing, whoever sent the record."""


class _MatchedArticle(TypedDict, total=False):
    """The fields of a verdict that describe the article it was compared with."""

    cluster_id: ClusterId
    canonical_id: str
    canonical_at_ms: int
    matched_id: str
    matched_source: str
    syndicated: bool
    flags: tuple[str, ...]


class Judge:
    """Makes verdicts on signatures; the fold then adds them to the rows."""

    def __init__(
        self, codec: RowCodec, near: NearDuplicates, pending: PendingCopies, params: FoldParams, version: int
    ) -> None:
        """Judge by the rows and the index of a fold.

        Args:
            codec: The rows of the fold.
            near: The index of near-duplicates over the same rows.
            pending: The copies that are to be published in place of their canonical articles.
            params: The thresholds.
            version: The version of the fold that has these thresholds.
        """
        self._codec = codec
        self._versions = VersionVerdicts(codec, params)
        self._facts = FactComparison(codec, params)
        self._near = near
        self._pending = pending
        self._succession = Succession(codec, params, self._has_text)
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
            found = self._versions.retraction(signature, first, history)
        elif history.newest is None:
            found = self._duplicate(signature, query, first)
            found = found if not history.revision else replace(found, revision=history.revision + 1)
        else:
            found = self._known(signature, query, first, history, history.newest)
        if found.kind not in _UNFLAGGED and self._versions.is_by_another(signature, history):
            found = replace(found, flags=(*found.flags, "other_source"))
        if self._params.promotes_copies and self._succession.withdraws(found, history):
            return replace(found, promotes=self._succession.successor(signature.article_id, history))
        return found

    def _known(
        self,
        signature: Signature,
        query: Query | None,
        first: Verdict,
        history: ArticleHistory,
        newest: tuple[int, Row],
    ) -> Verdict:
        if self._params.promotes_copies and self._comes_back(signature, history):
            canonical = self._codec.verdict(newest[0]).canonical_id
            return self._versions.promoted(first, history, self._succession.reason(canonical))
        same = newest[1].content == digest16(signature.content_hash) and not history.retracted
        if not same and self._facts.is_stub(signature, history):
            return self._versions.stub(first, history, newest)
        if history.passed is None and not (history.retracted and is_old(signature, history)):
            return self._versions.unpassed(self._duplicate(signature, query, first), history, same=same)
        if same:
            return self._versions.same(first, history, newest)
        if is_old(signature, history):
            return self._versions.stale(first, history, newest)
        return self._revision(signature, query, first, history)

    def _comes_back(self, signature: Signature, history: ArticleHistory) -> bool:
        """Return whether the signature is of a copy that was chosen to be published, or of a new version of that."""
        copy = history.copy
        if copy is None or not copy[1].flags & PROMOTED:
            return False
        if copy[1].content == digest16(signature.content_hash):
            return True  # its raw record was sent again, so it may be older than a repeat
        score = self._near.similarity_to(signature, copy)
        return not is_old(signature, history) and (score is None or score >= self._params.reused_url_below)

    def _has_text(self, number: int, withdrawn: ArticleId) -> bool:
        """Return whether an article that stands has the text of a row, apart from one that is being withdrawn."""
        row = self._codec.store.row(number)
        query = None
        if row.flags & HAS_SKETCH:
            sketch = self._codec.store.sketches_of(np.array(number, dtype=np.uint32)).tobytes()
            (query,) = self._near.look_up([sketch])
        signature = self._codec.signature(number)
        first = first_verdict(signature, self._params, self._version)
        return not self._duplicate(signature, query, first, withdrawn).passes

    def _revision(self, signature: Signature, query: Query | None, first: Verdict, history: ArticleHistory) -> Verdict:
        revision = history.revision + 1
        if self._params.promotes_copies and history.retracted:  # meanwhile another article may stand for its text
            found = self._duplicate(signature, query, replace(first, revision=revision))
            if not found.passes:
                return found
        score = self._near.similarity_to(signature, history.published)
        window = self._params.exact_window_secs
        if score is not None and score < self._params.reused_url_below:
            reused = replace(
                first,
                revision=revision,
                cluster_id=ClusterId(f"{cluster_id(first.article_id)}-{revision}"),
                canonical_id=name_after_reuse(first.article_id, revision)
                if self._params.names_reused
                else first.canonical_id,
                method="article_id",
                window_secs=window,
                score=score,
                threshold=self._params.reused_url_below,
                flags=("reused_url",),
            )
            return self._duplicate(signature, query, reused)
        name = self._versions.name(first.article_id, history)
        return replace(
            first,
            kind="revision",
            canonical_id=name,
            revision=revision,
            supersedes=history.passed,
            **self._facts.changes(signature, history),
            cluster_id=self._versions.cluster(first, history),
            method="article_id",
            window_secs=window,
            matched_id=name,
            matched_source=first.source,
            score=score,
            threshold=None if score is None else self._params.reused_url_below,
        )

    def _duplicate(
        self, signature: Signature, query: Query | None, first: Verdict, withdrawn: ArticleId | None = None
    ) -> Verdict:
        """Compare with other articles: `exact`, `near`, `related`, or else `unique`.

        Args:
            signature: The signature.
            query: The result of looking up its sketch; None if it has no sketch.
            first: The verdict if it resembles no other article.
            withdrawn: An article that does not count, because it is being withdrawn.
        """
        exact = self._exact(signature, first, withdrawn)
        if exact is not None or query is None:
            return exact or first
        others = {signature.article_id, withdrawn}
        matches = self._near.matches(query, signature.shingles, signature.version)
        pending = self._pending_numbers(signature)
        if pending:
            matches = [match for match in matches if match.number not in pending]
            matches = sorted([*matches, *self._near.compare(query, pending, signature.shingles)], key=rank)
        matches = [match for match in matches if self._codec.article(match.number) not in others]
        canonical = [match for match in matches if match.row.kind in CANONICAL_KINDS or match.number in pending]
        found = self._facts.copied(signature, canonical, matches)
        if found is not None:
            return self._copy(signature, first, *found)
        canonical = self._facts.of_its_story(signature, canonical)
        return self._related(first, canonical) if canonical else first

    def _copy(self, signature: Signature, first: Verdict, match: Match, score: float, threshold: float) -> Verdict:
        return replace(
            first,
            kind="near",
            method="minhash",
            window_secs=self._params.near_window_secs,
            score=score,
            threshold=threshold,
            own_share=self._facts.own_share(match),
            **self._matched_article(signature, first, match.number, match.row),
        )

    def _related(self, first: Verdict, matches: list[Match]) -> Verdict:
        matches = sorted(matches, key=lambda match: (-match.score, match.number))
        best = self._codec.verdict(matches[0].number)
        related = dict.fromkeys(self._name(match.number) for match in matches)
        return replace(
            first,
            kind="related",
            method="minhash",
            window_secs=self._params.near_window_secs,
            score=matches[0].score,
            threshold=self._params.related_from,
            own_share=self._facts.own_share(matches[0]),
            cluster_id=best.cluster_id,
            matched_id=self._name(matches[0].number),
            matched_source=best.source,
            related=tuple(related)[: self._params.most_related],
        )

    def _pending_numbers(self, signature: Signature) -> list[int]:
        """Return the rows of copies that count as canonical already, and have a sketch to compare."""
        if not (self._params.promotes_copies and len(self._pending)):
            return []
        rows = self._pending.newest(self._params.most_pending)
        return [number for number, row in rows if row.flags & HAS_SKETCH and row.version == signature.version]

    def _exact(self, signature: Signature, first: Verdict, withdrawn: ArticleId | None) -> Verdict | None:
        if not signature.text_hash:
            return None
        short = signature.shingles < self._params.min_exact_shingles
        key = digest16(signature.content_hash if short else signature.text_hash)
        others = {article_digest(article) for article in (signature.article_id, withdrawn) if article is not None}
        rows: Iterator[tuple[int, Row]] = islice(self._codec.store.by_text(key), self._params.most_same_text)
        if self._params.promotes_copies and len(self._pending):
            pending = self._pending.newest(self._params.most_pending)
            rows = chain(rows, (found for found in pending if found[1].text_key == key))
        oldest: tuple[int, Row] | None = None
        others_left = self._params.most_notices
        for number, row in rows:
            if row.flags & (VOIDED | WITHDRAWN) or row.version != signature.version:
                continue
            if (row.id, row.flags & ODD_ID) in others or (oldest is not None and number >= oldest[0]):
                continue
            if not self._facts.is_other(signature, number, row):
                oldest = number, row
            elif not (others_left := others_left - 1):
                break
        if oldest is None:
            return None
        return replace(
            first,
            kind="exact",
            method="content_hash" if short else "text_hash",
            window_secs=self._params.exact_window_secs,
            score=1.0,
            threshold=1.0,
            **self._matched_article(signature, first, *oldest),
        )

    def _matched_article(self, signature: Signature, first: Verdict, number: int, row: Row) -> _MatchedArticle:
        canonical = self._codec.verdict(number)
        name = self._name(number)
        order = published_order(signature, row, self._params)
        other_source = bool(signature.source and canonical.source and signature.source != canonical.source)
        return {
            "flags": (*first.flags, order) if other_source and order is not None else first.flags,
            "cluster_id": canonical.cluster_id,
            "canonical_id": name,
            "canonical_at_ms": row.ingested_at_ms,
            "matched_id": name,
            "matched_source": canonical.source,
            "syndicated": other_source and order != "published_first",
        }

    def _name(self, number: int) -> ArticleId:
        """Return the name by which links refer to the article of a row: published, or chosen to be."""
        verdict = self._codec.verdict(number)
        if not self._params.names_reused:
            return verdict.article_id
        if verdict.passes:
            return verdict.canonical_id
        rows = self._codec.store.by_article(*article_digest(verdict.article_id))
        return self._versions.name_of_copy(verdict.article_id, article_history_of(rows, self._params))
