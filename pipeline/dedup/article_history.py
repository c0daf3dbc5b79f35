"""What is known of one article: read off its rows, newest first."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from msgspec import Struct

from pipeline.dedup.store.row_codec import CLAIMING
from pipeline.dedup.store.row_layout import VOIDED, Row
from pipeline.dedup.store.verdict_codec import KINDS

__all__ = ["ArticleHistory", "article_history_of"]

_RETRACTION: Final = KINDS.index("retraction")
_UNVERSIONED: Final = frozenset({KINDS.index("stale"), KINDS.index("unknown_article")})
_REPEAT: Final = KINDS.index("repeat")
_PASSING: Final = CLAIMING | {_RETRACTION}
_SILENT: Final = _UNVERSIONED | {_REPEAT}
"""Kinds that say nothing new of an article, however often they come."""
_DEPTH: Final = 64
"""How many of an article's records decide about the next one, apart from the silent ones."""
_WALK: Final = 4096
"""How many are looked at for those: pages are fetched again thousands of times, every three minutes for a week."""


class ArticleHistory(Struct, frozen=True, kw_only=True):
    """An article as the last records of its id tell it."""

    revision: int
    """The highest revision so far; 0 for an unknown article."""
    passed: int | None
    """The last revision that passed and came out."""
    newest: tuple[int, Row] | None
    """The newest version, whether it passed or not."""
    published: tuple[int, Row] | None
    """The newest version that passed, other than a retraction."""
    observed_at_ms: int | None
    """When the newest version was last seen."""
    contents: frozenset[bytes]
    """Contents that passed before."""
    retracted: bool
    """Whether the newest version is a retraction."""


_UNKNOWN: Final = ArticleHistory(
    revision=0, passed=None, newest=None, published=None, observed_at_ms=None, contents=frozenset(), retracted=False
)


def article_history_of(rows: Iterable[tuple[int, Row]]) -> ArticleHistory:
    """Read an article's history off its rows, newest first."""
    seen = _telling(rows)
    if not seen:
        return _UNKNOWN
    versions = [(number, row) for number, row in seen if row.kind not in _UNVERSIONED and not row.flags & VOIDED]
    passing = [row for _, row in versions if row.kind in _PASSING]
    published = [(number, row) for number, row in versions if row.kind in CLAIMING]
    return ArticleHistory(
        revision=max((row.revision for _, row in seen), default=0),
        passed=passing[0].revision if passing else _carried(seen),
        newest=versions[0] if versions else None,
        published=published[0] if published else None,
        observed_at_ms=max((row.observed_at_ms for _, row in versions), default=None),
        retracted=next((row.kind == _RETRACTION for _, row in versions if row.kind != _REPEAT), False),
        contents=frozenset(row.content for _, row in published),
    )


def _telling(rows: Iterable[tuple[int, Row]]) -> list[tuple[int, Row]]:
    seen: list[tuple[int, Row]] = []
    depth = 0
    for number, row in islice(rows, _WALK):
        seen.append((number, row))
        depth += row.kind not in _SILENT
        if depth == _DEPTH:
            break
    return seen


def _carried(rows: list[tuple[int, Row]]) -> int | None:
    """Return the revision that passed according to records whose own version has expired since."""
    voided = {row.revision + 1 for _, row in rows if row.flags & VOIDED}
    return next((row.supersedes - 1 for _, row in rows if row.supersedes and row.supersedes not in voided), None)
