"""The state of the fold: its rows and index, its time, and the version of the fold in force."""

from collections.abc import Sequence
from typing import Final

from pipeline.dedup.judge import Judge
from pipeline.dedup.near import NearCounts, NearDuplicates, Query
from pipeline.dedup.pending import PendingCopies
from pipeline.dedup.signature.signing import SIGNATURE_VERSION
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_kinds import CANONICAL_KINDS, is_canonical, is_partial, replaces
from pipeline.dedup.store.row_layout import REUSED_URL, VOIDED, WITHDRAWN
from pipeline.dedup.store.row_store import LAST_NUMBER, RowStore
from pipeline.dedup.store.snapshot import Image, pack, unpack
from pipeline.dedup.store.verdict_codec import FoldVersions, article_digest
from pipeline.domain.ids import ArticleId
from pipeline.domain.signature import Activate, Signature, Void
from pipeline.domain.verdict import VERDICT_KINDS, Verdict
from pipeline.errors import FatalError

__all__ = ["LONG_AGO", "FoldState", "later"]

LONG_AGO: Final = -(1 << 62)
"""The time of a fold before the first dated signature."""
_RETRACTION: Final = VERDICT_KINDS.index("retraction")
_NO_VERSION: Final = frozenset({"repeat", "stale", "unknown_article", "refused_retraction"})
"""Kinds of verdict that leave the newest version of an article as it is."""


class FoldState:
    """What a fold remembers, with the changes that records of the log make to it.

    Attributes:
        versions: All versions of the fold that may be in force, with their parameters.
        time_ms: The time of the fold, in epoch milliseconds; LONG_AGO before the first dated signature.
        folded: Signatures added since the start of this process.
        counts: Comparisons since the start of this process.
        version: The version in force; `params` are its parameters.
        is_version_known: Whether a control record or a snapshot has set the version; until then recorded verdicts set
            it.
        store, codec: The rows of the window.
        near: The index of near-duplicates; without the rows of `add_all` until `index` is called.
        pending: The copies that are to be published in place of their canonical articles.
        judge: Decides by the rows and the index.
    """

    def __init__(self, versions: FoldVersions, version: int) -> None:
        """Start empty, with one of the versions in force."""
        self.versions = versions
        self.time_ms = LONG_AGO
        self.folded = 0
        self.counts = NearCounts()
        self.version = version
        self.is_version_known = False
        self._set_store(RowStore())

    def _set_store(self, store: RowStore) -> None:
        self.store = store
        self.codec = RowCodec(store, self.versions)
        self.pending = PendingCopies(store)
        self._set_version(self.version)

    def _set_version(self, version: int) -> None:
        self.version = version
        self.params = self.versions[version]
        self.near = NearDuplicates(self.store, self.params, self.counts)
        self.near.load(self.time_ms)
        self._indexed_to = self.store.end
        self.judge = Judge(self.codec, self.near, self.pending, self.params, version)

    def snapshot(self) -> list[bytes | memoryview]:
        """Return a copy of the state, checksummed, in parts to be written one after the other."""
        return pack(Image.of(self.codec, self.version, self.time_ms), self.versions)

    def restore(self, data: bytes | memoryview) -> None:
        """Fill an empty state from a snapshot.

        Raises:
            ValueError: The data is damaged, or of another version or other parameters.
        """
        self._fill(unpack(data, self.versions))
        self.is_version_known = True

    def make_room(self, records: int) -> None:
        """Grow so that this many rows can be added; number the rows anew when the numbers are used up."""
        if self.store.end + records > LAST_NUMBER:
            image = Image.of(self.codec, self.version, self.time_ms)
            self._set_store(RowStore())
            self._fill(image)
        self.store.make_room(records)

    def _fill(self, image: Image) -> None:
        image.put(self.codec)
        self.pending = PendingCopies(self.store)
        self.time_ms = image.time_ms
        self.switch(image.active)

    def add_all(self, pairs: Sequence[tuple[Signature, Verdict, int]], time_ms: int) -> None:
        """Add signatures with their verdicts and times, then advance the time of the fold.

        The index of near-duplicates gets them when it is needed: of a whole log, many have expired by then, and the
        others are indexed together.
        """
        if pairs:
            self.codec.add_all(pairs)
            self.folded += len(pairs)
            self.advance(time_ms)

    def add(self, signature: Signature, verdict: Verdict, query: Query | None) -> None:
        """Add a signature with its verdict, at the present time of the fold, when the index has all rows before it.

        Args:
            signature: The signature. `make_room` has been called.
            verdict: The verdict on it.
            query: The result of looking up its sketch; None if it has no sketch.
        """
        number = self.codec.add(signature, verdict, self.time_ms)
        self._indexed_to = number + 1
        self.folded += 1
        if query is not None and (is_canonical(signature, verdict) or is_partial(verdict, self.params)):
            self.near.add(number, query)

    @property
    def unindexed(self) -> int:
        """Rows that `index` would look at."""
        return self.store.end - max(self._indexed_to, self.store.first)

    def index(self) -> None:
        """Bring the index of near-duplicates up to the newest row."""
        if self._indexed_to < self.store.end:
            self.near.extend(self._indexed_to, self.time_ms)
            self._indexed_to = self.store.end

    def advance(self, time_ms: int) -> None:
        """Set the time of the fold, and drop the rows that have expired by then."""
        self.time_ms = time_ms
        self.near.expire(time_ms)
        oldest = time_ms - self.params.exact_window_secs * 1000
        while len(self.store) and self.store.time_ms(self.store.first) < oldest:
            self.codec.drop_first()
        self.pending.expire()

    def void(self, record: Void) -> None:
        """Flag the row of an article that became a dead letter."""
        number = self.codec.find(record.origin, record.article_id)
        if number:
            self.store.set_flag(number, VOIDED, on=True)
            self.withdraw(record.article_id)
            self.pending.remove(number)
            successor = self.codec.verdict(number).promotes
            if successor is not None:  # the article was not withdrawn after all
                self.pending.remove(self.codec.find(successor.origin, successor.article_id))

    def changes_others(self, verdict: Verdict) -> bool:
        """Return whether a verdict changes other rows than its own."""
        return (
            verdict.kind == "retraction"
            or replaces(verdict)
            or verdict.promotes is not None
            or (len(self.pending) > 0 and bool(self._chosen(verdict)))
        )

    def change_others(self, verdict: Verdict) -> None:
        """Make the changes to other rows of a verdict whose own row was added last."""
        if verdict.kind == "retraction" or replaces(verdict):
            self.withdraw(verdict.article_id)
        if len(self.pending):
            for number in self._chosen(verdict):
                self.pending.remove(number)
        if verdict.promotes is not None:
            number = self.codec.find(verdict.promotes.origin, verdict.promotes.article_id)
            if number:
                self.pending.add(number)

    def _chosen(self, verdict: Verdict) -> list[int]:
        """Return the chosen copies of an article that its new version ends."""
        return [] if verdict.kind in _NO_VERSION else self.pending.of(*article_digest(verdict.article_id))

    def withdraw(self, article: ArticleId) -> None:
        """Flag exactly those canonical rows of an article that a later retraction or a reused URL has ended."""
        withdrawn = False
        for number, row in self.store.by_article(*article_digest(article)):
            if row.kind in CANONICAL_KINDS:
                if withdrawn and row.flags & WITHDRAWN:
                    break  # by an end that ended all older rows too
                self.store.set_flag(number, WITHDRAWN, on=withdrawn)
            ends = row.kind == _RETRACTION or row.flags & REUSED_URL
            withdrawn = withdrawn or (bool(ends) and not row.flags & VOIDED)

    def activate(self, record: Activate) -> None:
        """Put the version of a control record in force.

        Raises:
            FatalError: This release does not have the version.
        """
        if record.signature_version != SIGNATURE_VERSION:
            raise FatalError(
                f"the log puts signature {record.signature_version} in force; this version has {SIGNATURE_VERSION}"
            )
        self.is_version_known = True
        self.switch(record.fold_version)

    def switch(self, version: int) -> None:
        """Put a version of the fold in force.

        Raises:
            FatalError: This release does not have the version.
        """
        if version not in self.versions:
            has = ", ".join(map(str, sorted(self.versions)))
            raise FatalError(f"the log puts fold {version} in force; this version has {has}")
        self._set_version(version)


def later(time_ms: int, signature: Signature, append_time_ms: int) -> int:
    """Return the time of the fold after a signature."""
    return time_ms if signature.undated else max(time_ms, min(signature.ingested_at_ms, append_time_ms))
