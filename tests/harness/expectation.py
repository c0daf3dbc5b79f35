"""The expected verdicts on issued articles, from their URLs and texts, without the pipeline's hashes and ids.

Of the signature log, only the order of origins and its `void` records are used. The rules are those of docs/dedup.md,
implemented simply: in dicts and lists, without windows. This works only for issued articles, whose paragraphs are
either equal or have nothing in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from msgspec import Struct

from pipeline.text.dates import instant_ms

__all__ = ["Expectation", "Expected", "Given", "Place", "given"]

Place = tuple[int, int]
"""Partition and offset of a raw record."""

_NEAR_FROM = 0.6  # share of common paragraphs; issued articles have none, a third, or at least two thirds
_CANONICAL_KINDS = ("unique", "revision")
_PASSING = (*_CANONICAL_KINDS, "retraction")
_NO_VERSION = ("stale", "unknown_article")


class Given(Struct, frozen=True):
    """A raw record as issued; title and texts as Python's hashes."""

    url: str
    retracts: bool
    content: int
    text: int
    paragraphs: frozenset[int]
    observed_ms: int


class Expected(Struct, frozen=True):
    """The verdict that a record must get; `canonicals` are the URLs of all articles it may count as.

    There is more than one only where several share equally much of its text: the estimate from MinHash sketches cannot
    distinguish them.
    """

    kind: str
    revision: int
    canonicals: frozenset[str]

    def allows(self, kind: str, revision: int, canonical: str) -> bool:
        """Return whether a verdict is one of the expected ones."""
        return (kind, revision) == (self.kind, self.revision) and canonical in self.canonicals


class _Row(Struct):
    number: int
    given: Given
    expected: Expected
    reused: bool = False
    died: bool = False
    withdrawn: bool = False

    @property
    def kind(self) -> str:
        return self.expected.kind

    @property
    def is_canonical(self) -> bool:
        """Whether later articles can be copies of it."""
        return self.kind in _CANONICAL_KINDS and not (self.died or self.withdrawn)


def given(record: Any) -> Given | None:
    """Parse a raw record; return None unless it is an issued article."""
    try:
        value = orjson.loads(record.value or b"")
        url, text = value["url"], value.get("text", "")
        fetched_ms = instant_ms(value.get("fetched_at"))
        return Given(
            url=url,
            retracts=value.get("action") == "retract",
            content=hash((value.get("title"), text)),
            text=hash(text),
            paragraphs=frozenset(map(hash, text.split("\n\n"))),
            observed_ms=record.timestamp if fetched_ms is None else fetched_ms,
        )
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return None


class Expectation:
    """Derives the expected verdict of each origin, in the order of the log."""

    def __init__(self) -> None:
        """Start without any articles."""
        self._rows: dict[Place, _Row] = {}
        self._articles: dict[str, list[_Row]] = defaultdict(list)
        self._texts: dict[int, list[_Row]] = defaultdict(list)
        self._paragraphs: dict[int, list[_Row]] = defaultdict(list)

    def verdicts(self) -> Iterator[tuple[Place, Expected]]:
        """Yield (origin, expected verdict), except for articles that died."""
        for place, row in self._rows.items():
            if not row.died:
                yield place, row.expected

    def of(self, place: Place) -> Expected:
        """Return the expected verdict of an origin."""
        return self._rows[place].expected

    def void(self, place: Place) -> None:
        """Record that an article died after its verdict."""
        row = self._rows[place]
        row.died = True
        self._withdraw(row.given.url)

    def add(self, place: Place, item: Given) -> None:
        """Add a record; an origin that is known was appended again, and changes nothing."""
        if place in self._rows:
            return
        rows = self._articles[item.url]
        expected = self._retraction(item) if item.retracts else self._published(item)
        reused = expected.kind == "unique" and any(row.kind in _PASSING for row in self._versions(item.url))
        row = self._rows[place] = _Row(len(self._rows), item, expected, reused)
        rows.append(row)
        if row.is_canonical:
            self._texts[item.text].append(row)
            for paragraph in item.paragraphs:
                self._paragraphs[paragraph].append(row)
        if row.kind == "retraction" or row.reused:
            self._withdraw(item.url)

    def _versions(self, url: str) -> list[_Row]:
        """Return the versions of an article that count, newest first."""
        return [row for row in reversed(self._articles[url]) if row.kind not in _NO_VERSION and not row.died]

    def _revision(self, url: str) -> int:
        return max((row.expected.revision for row in self._articles[url]), default=0)

    def _retraction(self, item: Given) -> Expected:
        versions, revision = self._versions(item.url), self._revision(item.url)
        if not any(row.kind in _PASSING for row in versions):
            return Expected("unknown_article", revision, frozenset({item.url}))
        if _retracted(versions):
            return Expected("repeat", revision, versions[0].expected.canonicals)
        return Expected("retraction", revision + 1, frozenset({item.url}))

    def _published(self, item: Given) -> Expected:
        versions, revision = self._versions(item.url), self._revision(item.url)
        same = bool(versions) and versions[0].given.content == item.content and not _retracted(versions)
        if not any(row.kind in _PASSING for row in versions):
            kind, canonicals = self._compared(item)
            again = same and kind != "unique"
            return Expected("repeat" if again else kind, revision if again else revision + 1, canonicals)
        if same:
            return Expected("repeat", revision, versions[0].expected.canonicals)
        if item.observed_ms < max(row.given.observed_ms for row in versions):
            return Expected("stale", revision, versions[0].expected.canonicals)
        passed = next(row.given for row in versions if row.kind in _CANONICAL_KINDS)
        if not item.paragraphs & passed.paragraphs:
            kind, canonicals = self._compared(item)  # the URL was given to another article
            return Expected(kind, revision + 1, canonicals)
        return Expected("revision", revision + 1, frozenset({item.url}))

    def _compared(self, item: Given) -> tuple[str, frozenset[str]]:
        """Return kind and canonicals: the oldest article with the same text, else those with most common paragraphs."""
        for row in self._texts[item.text]:
            if row.is_canonical:
                return "exact", row.expected.canonicals
        sharing = [row for paragraph in item.paragraphs for row in self._paragraphs[paragraph]]
        rows = {row.number: row for row in sharing if row.is_canonical and row.given.url != item.url}
        counts = Counter(row.number for row in sharing if row.number in rows)
        most = max(counts.values(), default=0)
        if most < _NEAR_FROM * len(item.paragraphs):
            return "unique", frozenset({item.url})
        return "near", frozenset(rows[number].given.url for number, count in counts.items() if count == most)

    def _withdraw(self, url: str) -> None:
        """Exclude versions from later comparisons: retracted, died, or replaced by another article at the URL."""
        gone = False
        for row in reversed(self._articles[url]):
            row.withdrawn = gone
            gone = gone or ((row.kind == "retraction" or row.reused) and not row.died)


def _retracted(versions: Sequence[_Row]) -> bool:
    return next((row.kind == "retraction" for row in versions if row.kind != "repeat"), False)
