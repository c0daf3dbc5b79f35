"""Signatures and verdicts as rows of the fold, and back."""

from collections.abc import Sequence
from typing import Final

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.interner import Interner
from pipeline.dedup.store.row_layout import HAS_SKETCH, ODD_ID, PARTIAL, REUSED_URL, SHORT, Addition, Row
from pipeline.dedup.store.row_store import RowStore
from pipeline.dedup.store.verdict_codec import (
    KINDS,
    Named,
    Versions,
    article_digest,
    digest8,
    digest16,
    pack_verdict,
    packed_sketch,
    unpack_verdict,
)
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

__all__ = ["CLAIMING", "RowCodec", "claims_text", "is_partial", "replaces"]

CLAIMING: Final = frozenset(KINDS.index(kind) for kind in ("unique", "related", "revision"))
"""Kinds that make an article canonical for its text."""

_NUMBERS: Final = {kind: number for number, kind in enumerate(KINDS)}
_INT64: Final = (1 << 63) - 1
_UINT32: Final = (1 << 32) - 1
_UINT8: Final = (1 << 8) - 1


class RowCodec:
    """Adds (signature, verdict) pairs to the facts and reads verdicts back, exactly as they were."""

    def __init__(self, facts: RowStore, versions: Versions) -> None:
        """Work on `facts`; `versions` are those of the fold whose verdicts there are."""
        self.facts = facts
        self.lanes = Interner()
        self.sources = Interner()
        self.agencies = Interner()
        self.registers = (self.lanes, self.sources, self.agencies)
        self._versions = versions

    def add(self, signature: Signature, verdict: Verdict, time_ms: int) -> int:
        """Add a pair and return its row; `facts.make_room` has been asked for it.

        Raises:
            ValueError: There are numbers that no log can have; nothing has changed.
        """
        return self.facts.append(self._addition(signature, verdict, time_ms))

    def add_all(self, pairs: Sequence[tuple[Signature, Verdict, int]]) -> None:
        """Add (signature, verdict, fold's time), in order, as `add` would."""
        self.facts.append_all([self._addition(*pair) for pair in pairs])

    def find(self, origin: Origin, article: ArticleId) -> int:
        """Return the row of an article from an origin, or 0."""
        lane = self.lanes.find(origin.lane)
        if lane is None:
            return 0
        wanted = article_digest(article)
        rows = self.facts.by_origin(lane, origin.partition, origin.offset)
        return next((number for number, row in rows if (row.id, row.flags & ODD_ID) == wanted), 0)

    def forget_first(self) -> None:
        """Forget the oldest row."""
        row = self.facts.row(self.facts.first)
        self.lanes.release(row.lane)
        self.sources.release(row.source)
        self.agencies.release(row.agency)
        self.facts.drop_first()

    def article(self, number: int) -> ArticleId:
        """Return the article of a row."""
        row = self.facts.row(number)
        return self.verdict(number).article_id if row.flags & ODD_ID else ArticleId(row.id.hex())

    def verdict(self, number: int) -> Verdict:
        """Return the verdict of a row."""
        row = self.facts.row(number)
        names = Named(
            lane=self.lanes.name(row.lane), source=self.sources.name(row.source), agency=self.agencies.name(row.agency)
        )
        return unpack_verdict(row, self.facts.detail(number), names, self._versions)

    def _addition(self, signature: Signature, verdict: Verdict, time_ms: int) -> Addition:
        origin = signature.origin
        if not (0 <= origin.partition <= _UINT32 and 0 <= origin.offset <= _INT64):
            raise ValueError("an origin is out of range")
        if not (0 < signature.version <= _UINT8 and 0 <= verdict.fold_version <= _UINT8):
            raise ValueError("a version is out of range")
        if not 0 <= verdict.revision < _UINT32:
            raise ValueError("a revision is out of range")
        if not -_INT64 <= signature.ingested_at_ms <= _INT64:
            raise ValueError("a time is out of range")
        if verdict.fold_version not in self._versions:
            raise ValueError("a verdict is of an unknown version of the fold")
        params = self._versions[verdict.fold_version]
        digest, odd = article_digest(signature.article_id)
        sketch = packed_sketch(signature)
        detail = pack_verdict(signature, verdict, self._versions)
        row = Row(
            self.lanes.take(origin.lane),
            origin.partition,
            origin.offset,
            digest,
            digest16(signature.content_hash),
            digest16(signature.text_hash),
            digest8(signature.numbers_hash),
            signature.ingested_at_ms,
            time_ms,
            # Nobody has seen a version before it was there: a wrong clock must not make all that follows stale.
            max(-_INT64, min(signature.observed_at_ms, time_ms)),
            self.sources.take(signature.source),
            self.agencies.take(signature.agency),
            verdict.revision,
            0 if verdict.supersedes is None else verdict.supersedes + 1,
            max(0, min(signature.shingles, _UINT32)),
            signature.version,
            verdict.fold_version,
            _NUMBERS[verdict.kind],
            odd
            | (HAS_SKETCH if sketch else 0)
            | (REUSED_URL if replaces(verdict) else 0)
            | (PARTIAL if is_partial(verdict, params) else 0)
            | (SHORT if signature.shingles < params.min_exact_shingles else 0),
        )
        return Addition(row, sketch, detail, claims_text(signature, verdict))


def claims_text(signature: Signature, verdict: Verdict) -> bool:
    """Say whether an article is from now on the canonical one for its text."""
    return bool(signature.text_hash) and _NUMBERS[verdict.kind] in CLAIMING


def replaces(verdict: Verdict) -> bool:
    """Say whether an article comes out in the place of the one that its URL named before."""
    return verdict.passes and "reused_url" in verdict.flags


def is_partial(verdict: Verdict, params: FoldParams) -> bool:
    """Say whether an article was held back for a part of its text, of which the next one may show what it is."""
    return verdict.kind == "near" and verdict.score is not None and verdict.score < params.whole_from
