"""The history of one article, read from its rows."""

from itertools import islice
from typing import Final

import numpy as np
from msgspec import Struct

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.article_rows import ArticleRows
from pipeline.dedup.store.row_kinds import CANONICAL_KINDS, COPY_KINDS
from pipeline.dedup.store.row_layout import VOIDED, Row
from pipeline.domain.verdict import VERDICT_KINDS

__all__ = ["ArticleHistory", "article_history_of", "recent_rows"]

_RETRACTION: Final = VERDICT_KINDS.index("retraction")
_RETRACTIONS: Final = frozenset({_RETRACTION, VERDICT_KINDS.index("retracted_copy")})
_REPEAT: Final = VERDICT_KINDS.index("repeat")
_UNVERSIONED: Final = frozenset(map(VERDICT_KINDS.index, ("stale", "unknown_article", "refused_retraction")))
_PASSING: Final = CANONICAL_KINDS | {_RETRACTION}
_UNINFORMATIVE: Final = _UNVERSIONED | {_REPEAT}
"""Kinds that add nothing to the history of an article, however often they occur."""
_INFORMS: Final = np.array([kind not in _UNINFORMATIVE for kind in range(len(VERDICT_KINDS))])
_FEW: Final = 64
"""Rows that are read one by one; more are read as columns. Changes no result."""


class ArticleHistory(Struct, frozen=True, kw_only=True):
    """The state of an article according to the newest records with its id."""

    revision: int
    """The highest revision so far; 0 for an unknown article."""
    passed: int | None
    """The last revision that passed and was not voided."""
    newest: tuple[int, Row] | None
    """The newest version, whether it passed or not, with its row number."""
    published: tuple[int, Row] | None
    """The newest version that passed, other than a retraction, with its row number."""
    copy: tuple[int, Row] | None
    """The newest version, repeats aside, if it is held back as a copy, with its row number."""
    observed_at_ms: int | None
    """When the newest version was last observed, in epoch milliseconds."""
    declared: tuple[tuple[int, int], ...]
    """The row numbers of its versions, repeats and retractions aside, with the numbers of the sources they declare."""
    contents: frozenset[bytes]
    """Content hashes of the versions that passed."""
    retracted: bool
    """Whether the newest version is a retraction."""


_UNKNOWN: Final = ArticleHistory(
    revision=0,
    passed=None,
    newest=None,
    published=None,
    copy=None,
    observed_at_ms=None,
    declared=(),
    contents=frozenset(),
    retracted=False,
)


def article_history_of(rows: ArticleRows, params: FoldParams) -> ArticleHistory:
    """Return the history of an article.

    Args:
        rows: The article's rows; read only as far as needed.
        params: How many of them count.
    """
    recent = recent_rows(rows, params)
    if not recent:
        return _UNKNOWN
    versions = [(number, row) for number, row in recent if row.kind not in _UNVERSIONED and not row.flags & VOIDED]
    passing = [row for _, row in versions if row.kind in _PASSING]
    published = [(number, row) for number, row in versions if row.kind in CANONICAL_KINDS]
    last = next(((number, row) for number, row in versions if row.kind != _REPEAT), None)
    return ArticleHistory(
        revision=max((row.revision for _, row in recent), default=0),
        passed=passing[0].revision if passing else _passed_before(recent),
        newest=versions[0] if versions else None,
        published=published[0] if published else None,
        observed_at_ms=max((row.observed_at_ms for _, row in versions), default=None),
        copy=last if last is not None and last[1].kind in COPY_KINDS else None,
        retracted=last is not None and last[1].kind in _RETRACTIONS,
        declared=tuple((number, row.declared) for number, row in versions if row.kind not in _RETRACTIONS | {_REPEAT}),
        contents=frozenset(row.content for _, row in published),
    )


def recent_rows(rows: ArticleRows, params: FoldParams) -> list[tuple[int, Row]]:
    """Return those of an article's rows, newest first, that decide about it.

    Of many rows that add nothing, one of each sort is among them.
    """
    recent: list[tuple[int, Row]] = []
    depth = 0
    if not rows.are_many:
        for number, row in islice(rows, min(params.history_rows, _FEW + 1)):
            recent.append((number, row))
            depth += row.kind not in _UNINFORMATIVE
            if depth == params.history_depth:
                return recent
        if len(recent) <= _FEW:
            return recent
    return _of_many(rows, params)


def _of_many(rows: ArticleRows, params: FoldParams) -> list[tuple[int, Row]]:
    """Return the rows that tell something about an article, and of the others those that tell all that they do.

    Repeats and stale versions count by their revisions, the newest repeat, and the latest observation. So the newest of
    those that are alike is enough, and the one that was observed last.
    """
    numbers = rows.numbers(params.history_rows)
    informs = _INFORMS[rows.column("kind", numbers)]
    end = int(np.searchsorted(np.cumsum(informs), params.history_depth)) + 1
    numbers, informs = numbers[:end], informs[:end]
    others = numbers[~informs]
    kinds = rows.column("kind", others)
    voided = rows.column("flags", others) & VOIDED > 0
    # Revisions fit 28 bits: so many rows of one article fit no memory.
    parts = (rows.column("revision", others), 36), (rows.column("supersedes", others), 8), (kinds, 1), (voided, 0)
    sorts = sum(part.astype(np.uint64) << np.uint64(shift) for part, shift in parts)
    _, newest = np.unique(sorts, return_index=True)
    kept = [*numbers[informs], *others[newest]]
    repeats = others[(kinds == _REPEAT) & ~voided]
    if len(repeats):
        kept.append(repeats[np.argmax(rows.column("observed", repeats))])
    return [(number, rows.row(number)) for number in sorted(set(map(int, kept)), reverse=True)]


def _passed_before(rows: list[tuple[int, Row]]) -> int | None:
    """Return the last revision that passed according to later records, when its own record has expired."""
    voided = {row.revision + 1 for _, row in rows if row.flags & VOIDED}
    return next((row.supersedes - 1 for _, row in rows if row.supersedes and row.supersedes not in voided), None)
