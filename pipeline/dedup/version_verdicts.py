"""Verdicts on further records of a known article for which no texts need to be compared."""

from msgspec.structs import replace

from pipeline.dedup.article_history import ArticleHistory
from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_layout import Row
from pipeline.domain.ids import ArticleId, ClusterId, name_after_reuse
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict, VerdictFlag

__all__ = ["VersionVerdicts", "is_old"]


class VersionVerdicts:
    """Makes verdicts from the history of an article, by the rows of the fold."""

    def __init__(self, codec: RowCodec, params: FoldParams) -> None:
        """Take the rows of a fold and its thresholds."""
        self._codec = codec
        self._params = params

    def retraction(self, signature: Signature, first: Verdict, history: ArticleHistory) -> Verdict:
        """Return the verdict on a retraction.

        Args:
            signature: The signature of the retraction.
            first: The verdict on it as a new article.
            history: The history of the article.
        """
        window = self._params.exact_window_secs
        held_back = history.copy if history.passed is None else None
        is_held_back = self._params.promotes_copies and (held_back is not None or history.retracted)
        if history.newest is None or (history.passed is None and not is_held_back):
            return replace(
                first, kind="unknown_article", revision=history.revision, method="article_id", window_secs=window
            )
        if history.retracted:
            return self.same(first, history, history.newest)
        if self.is_by_another(signature, history):
            same = self.same(first, history, history.newest)
            return replace(same, kind="refused_retraction", method="article_id", score=None, flags=("other_source",))
        if is_old(signature, history):
            return self.stale(first, history, history.newest)
        ended = replace(first, revision=history.revision + 1, method="article_id", window_secs=window)
        if held_back is None:
            return replace(
                ended,
                kind="retraction",
                supersedes=history.passed,
                cluster_id=self.cluster(first, history),
                canonical_id=self.name(first.article_id, history),
            )
        copy = self._codec.verdict(held_back[0])
        return replace(
            ended,
            kind="retracted_copy",
            cluster_id=copy.cluster_id,
            canonical_id=copy.canonical_id,
            canonical_at_ms=copy.canonical_at_ms,
        )

    def promoted(self, first: Verdict, history: ArticleHistory, reason: VerdictFlag) -> Verdict:
        """Return `promoted`, with the grounds on which the copy was held back before.

        Args:
            first: The verdict on the copy as a new article.
            history: The history of its article.
            reason: The flag that says why the canonical article was withdrawn.
        """
        if history.copy is None:
            raise ValueError("the history has no copy of another article")
        copy = self._codec.verdict(history.copy[0])
        return replace(
            first,
            kind="promoted",
            revision=history.revision + 1,
            supersedes=history.passed,
            cluster_id=copy.cluster_id,
            canonical_id=self.name_of_copy(first.article_id, history),
            method=copy.method,
            window_secs=copy.window_secs,
            matched_id=copy.canonical_id,
            matched_source=copy.matched_source,
            score=copy.score,
            threshold=copy.threshold,
            syndicated=copy.syndicated,
            flags=(reason,),
        )

    def unpassed(self, found: Verdict, history: ArticleHistory, *, same: bool) -> Verdict:
        """Return the verdict on a version of an article of which none has passed.

        Args:
            found: The verdict on it as a new article.
            history: The history of the article.
            same: Whether it has the content of the newest version.
        """
        if same and not found.passes:
            return replace(found, kind="repeat", revision=history.revision)
        return replace(found, revision=history.revision + 1)

    def same(self, first: Verdict, history: ArticleHistory, newest: tuple[int, Row]) -> Verdict:
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

    def stale(self, first: Verdict, history: ArticleHistory, newest: tuple[int, Row]) -> Verdict:
        """Return `stale`: the signature is of an older version than the article's newest."""
        return replace(self.same(first, history, newest), kind="stale", method="article_id", score=None)

    def stub(self, first: Verdict, history: ArticleHistory, newest: tuple[int, Row]) -> Verdict:
        """Return `stale` with a flag: the signature is of a part of the article, which is known in full."""
        return replace(self.stale(first, history, newest), flags=("stub",))

    def name(self, article: ArticleId, history: ArticleHistory) -> ArticleId:
        """Return the name of a known article: that of its version before."""
        known = history.published
        return article if known is None or not self._params.names_reused else self._codec.verdict(known[0]).canonical_id

    def name_of_copy(self, article: ArticleId, history: ArticleHistory) -> ArticleId:
        """Return the name that an article gets whose newest version is held back as a copy, when it is published."""
        if history.copy is None or not self._params.names_reused:
            return article
        copy = self._codec.verdict(history.copy[0])
        return name_after_reuse(article, copy.revision) if "reused_url" in copy.flags else self.name(article, history)

    def is_by_another(self, signature: Signature, history: ArticleHistory) -> bool:
        """Return whether the record declares another source than the first that published the article.

        A version by another source has a flag, and gives that source no rights.
        """
        if not self._params.binds_source or not history.declared:
            return False
        declared = self._codec.declared_sources.find(signature.declared_source)
        named = [number for number, other in history.declared if other == declared]
        return not any("other_source" not in self._codec.verdict(number).flags for number in named)

    def cluster(self, first: Verdict, history: ArticleHistory) -> ClusterId:
        """Return the cluster of the article."""
        known = history.published or history.newest
        return first.cluster_id if known is None else self._codec.verdict(known[0]).cluster_id


def is_old(signature: Signature, history: ArticleHistory) -> bool:
    """Return whether the signature was observed before the newest version of the article."""
    return history.observed_at_ms is not None and signature.observed_at_ms < history.observed_at_ms
