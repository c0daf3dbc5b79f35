"""The history of one article, read from its rows."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from msgspec import Struct

from pipeline.dedup.params import FoldParams
from pipeline.dedup.store.row_codec import CANONICAL_KINDS
from pipeline.dedup.store.row_layout import VOIDED, Row
from pipeline.domain.verdict import VERDICT_KINDS

__all__ = ["ArticleHistory", "article_history_of"]

_RETRACTION: Final = VERDICT_KINDS.index("retraction")
_REPEAT: Final = VERDICT_KINDS.index("repeat")
_UNVERSIONED: Final = frozenset({VERDICT_KINDS.index("stale"), VERDICT_KINDS.index("unknown_article")})
_PASSING: Final = CANONICAL_KINDS | {_RETRACTION}
_UNINFORMATIVE: Final = _UNVERSIONED | {_REPEAT}
"""Kinds that add nothing to the history of an article, however often they occur."""


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
    observed_at_ms: int | None
    """When the newest version was last observed, in epoch milliseconds."""
    contents: frozenset[bytes]
    """Content hashes of the versions that passed."""
    retracted: bool
    """Whether the newest version is a retraction."""


_UNKNOWN: Final = ArticleHistory(
    revision=0, passed=None, newest=None, published=None, observed_at_ms=None, contents=frozenset(), retracted=False
)


def article_history_of(rows: Iterable[tuple[int, Row]], params: FoldParams) -> ArticleHistory:
    """Return the history of an article.

    Args:
        rows: The article's rows with their numbers, newest first; read only as far as needed.
        params: How many of them count.
    """
    recent = _recent(rows, params)
    if not recent:
        return _UNKNOWN
    versions = [(number, row) for number, row in recent if row.kind not in _UNVERSIONED and not row.flags & VOIDED]
    passing = [row for _, row in versions if row.kind in _PASSING]
    published = [(number, row) for number, row in versions if row.kind in CANONICAL_KINDS]
    return ArticleHistory(
        revision=max((row.revision for _, row in recent), default=0),
        passed=passing[0].revision if passing else _passed_before(recent),
        newest=versions[0] if versions else None,
        published=published[0] if published else None,
        observed_at_ms=max((row.observed_at_ms for _, row in versions), default=None),
        retracted=next((row.kind == _RETRACTION for _, row in versions if row.kind != _REPEAT), False),
        contents=frozenset(row.content for _, row in published),
    )


def _recent(rows: Iterable[tuple[int, Row]], params: FoldParams) -> list[tuple[int, Row]]:
    recent: list[tuple[int, Row]] = []
    depth = 0
    for number, row in islice(rows, params.history_rows):
        recent.append((number, row))
        depth += row.kind not in _UNINFORMATIVE
        if depth == params.history_depth:
            break
    return recent


def _passed_before(rows: list[tuple[int, Row]]) -> int | None:
    """Return the last revision that passed according to later records, when its own record has expired."""
    voided = {row.revision + 1 for _, row in rows if row.flags & VOIDED}
    return next((row.supersedes - 1 for _, row in rows if row.supersedes and row.supersedes not in voided), None)
