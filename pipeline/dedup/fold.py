"""The fold: the deduplication log turned into verdicts, the same ones wherever and whenever it is folded.

Everything the fold knows stems from one signature and its verdict and expires by itself: the state is the rows of the
last seven days and a time. So a fold that starts on a log whose beginning is gone, and adopts the verdicts on record,
ends up where one stands that has been running all along. Time is the running maximum of min(ingested, appended): one
wrong clock cannot expire the window.
"""

from typing import Final

from msgspec import Struct

from pipeline.dedup.facts import LAST_NUMBER, VOIDED, WITHDRAWN, Facts
from pipeline.dedup.judge import Judge
from pipeline.dedup.near import Near
from pipeline.dedup.params import FoldParams
from pipeline.dedup.rows import CLAIMING, KINDS, Rows, article_digest
from pipeline.dedup.signing import SIGNATURE_VERSION
from pipeline.dedup.snapshot import Image, pack, unpack
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError

__all__ = ["FOLD_VERSION", "Fold", "FoldParams", "FoldStats"]

FOLD_VERSION: Final = 1
"""Changes with any change to the verdicts; `Activate` puts a version in force at one place in the log."""

_RETRACTION: Final = KINDS.index("retraction")
_LONG_AGO: Final = -(1 << 62)


class FoldStats(Struct, frozen=True, kw_only=True):
    """What the fold holds, for operators."""

    records: int
    """Signatures remembered."""
    sources: int
    agencies: int
    near: int
    """Articles in the index of near-duplicates."""
    capped: int
    """How often a crowded band was cut short since the start of this process."""
    time_ms: int | None
    """The fold's time; None before the first signature."""


class Fold:
    """The deterministic state machine over the deduplication log."""

    def __init__(self, params: FoldParams | None = None) -> None:
        """Start with an empty memory."""
        self.params = FoldParams() if params is None else params
        self._time_ms = _LONG_AGO
        self._set_facts(Facts())

    def _set_facts(self, facts: Facts) -> None:
        self._facts = facts
        self._rows = Rows(facts, self.params, FOLD_VERSION)
        self._near = Near(facts, self.params)
        self._judge = Judge(self._rows, self._near, self.params, FOLD_VERSION)

    def __len__(self) -> int:
        """Count the signatures remembered."""
        return len(self._facts)

    def apply(self, record: LogRecord, append_time_ms: int) -> Verdict | None:
        """Fold the next record of the log; return the verdict on a signature, None for a control record.

        An origin that is remembered gets its verdict again and changes nothing.

        Raises:
            FatalError: The record puts a version in force that this code does not have.
            ValueError: The record holds numbers that no log can have; nothing has changed.
        """
        if isinstance(record, Void):
            self._void(record)
            return None
        if isinstance(record, Activate):
            self._activate(record)
            return None
        known = self.verdict_of(record.origin)
        if known is not None:
            return known
        self._advance(record, append_time_ms)
        verdict = self._judge.judge(record)
        self._add(record, verdict)
        return verdict

    def adopt(self, signature: Signature, verdict: Verdict, append_time_ms: int) -> None:
        """Fold a signature whose verdict is on record: as `apply`, but without deciding anew.

        Raises:
            ValueError: The two do not belong together, or hold numbers that no log can have; nothing has changed.
        """
        if signature.origin != verdict.origin or signature.article_id != verdict.article_id:
            raise ValueError("a verdict belongs to the signature of its origin")
        if self._rows.find(signature.origin):
            return
        self._advance(signature, append_time_ms)
        self._add(signature, verdict)

    def verdict_of(self, origin: Origin) -> Verdict | None:
        """Return the verdict on a remembered origin, or None."""
        number = self._rows.find(origin)
        return self._rows.verdict(number) if number else None

    def stats(self) -> FoldStats:
        """Return what the fold holds."""
        return FoldStats(
            records=len(self._facts),
            sources=len(self._rows.sources),
            agencies=len(self._rows.agencies),
            near=len(self._near.bands),
            capped=self._near.bands.capped,
            time_ms=None if self._time_ms == _LONG_AGO else self._time_ms,
        )

    def snapshot(self) -> bytes:
        """Return the whole state, checksummed; equal states give equal bytes."""
        return pack(Image.of(self._rows, self._time_ms), self.params, FOLD_VERSION)

    @classmethod
    def restore(cls, data: bytes, params: FoldParams | None = None) -> "Fold":
        """Return the fold that `snapshot` was taken of.

        Raises:
            ValueError: The data is damaged, or of another version or other parameters.
        """
        fold = cls(params)
        fold._fill(unpack(data, fold.params, FOLD_VERSION))
        return fold

    def _fill(self, image: Image) -> None:
        self._time_ms = image.put(self._rows)
        self._near.load(self._time_ms)

    def _advance(self, signature: Signature, append_time_ms: int) -> None:
        self._time_ms = max(self._time_ms, min(signature.ingested_at_ms, append_time_ms))
        self._near.expire(self._time_ms)
        oldest = self._time_ms - self.params.exact_window_secs * 1000
        while len(self._facts) and self._facts.time_ms(self._facts.first) < oldest:
            self._rows.forget_first()

    def _add(self, signature: Signature, verdict: Verdict) -> None:
        if self._facts.end == LAST_NUMBER:
            self._renumber()
        number = self._rows.add(signature, verdict, self._time_ms)
        if signature.sketch and self._facts.indexed(number):
            self._near.add(number)
        if verdict.kind == "retraction":
            self._withdraw(signature.article_id)

    def _void(self, record: Void) -> None:
        number = self._rows.find(record.origin)
        if number:
            self._facts.set_flag(number, VOIDED, on=True)
            self._withdraw(record.article_id)

    def _withdraw(self, article: ArticleId) -> None:
        """Take an article's claims out of the index that a later retraction covers, and only those."""
        retracted = False
        for number, row in self._facts.by_article(*article_digest(article)):
            if row.kind in CLAIMING:
                self._facts.set_flag(number, WITHDRAWN, on=retracted)
            retracted = retracted or (row.kind == _RETRACTION and not row.flags & VOIDED)

    def _activate(self, record: Activate) -> None:
        if record.fold_version != FOLD_VERSION or record.signature_version != SIGNATURE_VERSION:
            raise FatalError(
                f"the log puts fold {record.fold_version} and signature {record.signature_version} in force; "
                f"this version has fold {FOLD_VERSION} and signature {SIGNATURE_VERSION}"
            )

    def _renumber(self) -> None:
        image = Image.of(self._rows, self._time_ms)
        self._set_facts(Facts())
        self._fill(image)
