"""What the oracle of expected verdicts knows of each record, and of the records of one URL together."""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

__all__ = ["Expected", "Given", "History", "Place", "Row"]

Place = tuple[int, int]
"""Partition and offset of a raw record."""

CANONICAL = frozenset({"unique", "revision", "promoted"})
COPIES = frozenset({"exact", "near"})
NO_VERSION = frozenset({"stale", "unknown_article"})


class Given(Struct, frozen=True):
    """A raw record as issued; title and texts as Python's hashes."""

    url: str
    retracts: bool
    content: int
    text: int
    paragraphs: frozenset[int]
    observed_ms: int


class Expected(Struct, frozen=True):
    """The verdict that a record must get; `canonicals` are the names of all articles it may count as.

    There is more than one only where several share equally much of its text: the estimate from MinHash sketches cannot
    distinguish them. A name is a URL, with `#` and the revision if the URL had another article before. `promotes` is
    the URL of the copy that is published in place of the article.
    """

    kind: str
    revision: int
    canonicals: frozenset[str]
    promotes: str = ""

    def allows(self, kind: str, revision: int, canonical: str, promotes: str = "") -> bool:
        """Return whether a verdict is one of the expected ones."""
        found = kind, revision, promotes
        return found == (self.kind, self.revision, self.promotes) and canonical in self.canonicals


class Row(Struct, eq=False):
    """A record with its verdict.

    reuses: whether the URL had another article before. took: of a promoted copy, the names of what it was a copy of.
    promoted: the copy that is published because of this record. died: it became a dead letter after its verdict,
    or cannot be published. is_out: whether it came out all the same. withdrawn: its text does not count any more.
    """

    number: int
    given: Given
    kind: str
    revision: int
    canonicals: frozenset[str]
    reuses: bool = False
    took: frozenset[str] = frozenset()
    promoted: Self | None = None
    died: bool = False
    is_out: bool = False
    withdrawn: bool = False

    @property
    def expected(self) -> Expected:
        """The verdict."""
        promotes = "" if self.promoted is None else self.promoted.given.url
        return Expected(self.kind, self.revision, self.canonicals, promotes)

    @property
    def name(self) -> str:
        """The name of an article that passed."""
        (name,) = self.canonicals
        return name

    @property
    def is_canonical(self) -> bool:
        """Whether later articles can be copies of it."""
        return self.kind in CANONICAL and not (self.died or self.withdrawn)

    @property
    def ends_text(self) -> bool:
        """Whether it ends what its URL had before."""
        return self.kind == "retraction" or (self.kind in CANONICAL and self.reuses)


class History(Struct, frozen=True):
    """The records of one URL so far.

    revision: the highest. newest: the newest version. published: the newest that passed, retractions aside. copy: the
    newest version, repeats aside, if it is held back as a copy. has_passed: whether any version has. retracted: whether
    the newest is a retraction. observed_ms: when the newest version was fetched.
    """

    revision: int
    newest: Row | None
    published: Row | None
    copy: Row | None
    has_passed: bool
    retracted: bool
    observed_ms: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """Return the history of a URL from its rows, oldest first."""
        versions = [row for row in reversed(rows) if row.kind not in NO_VERSION and not row.died]
        last = next((row for row in versions if row.kind != "repeat"), None)
        return cls(
            revision=max((row.revision for row in rows), default=0),
            newest=versions[0] if versions else None,
            published=next((row for row in versions if row.kind in CANONICAL), None),
            copy=last if last is not None and last.kind in COPIES else None,
            has_passed=any(row.kind in CANONICAL or row.kind == "retraction" for row in versions),
            retracted=last is not None and last.kind in ("retraction", "retracted_copy"),
            observed_ms=max((row.given.observed_ms for row in versions), default=0),
        )
