"""The lines that a source repeats around many of its articles: how they are learned, kept in a file, and taken out."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.domain.ids import digest_hex
from pipeline.text.boilerplate import line_key

__all__ = [
    "FORMAT",
    "NO_LINES",
    "BoilerplateFile",
    "BoilerplateLearner",
    "EdgeParams",
    "LearnParams",
    "LearnedBoilerplate",
    "LearnedLine",
    "without_learned",
]

FORMAT = 1
"""Version of the file's layout."""

NO_LINES: Mapping[str, bool] = {}
"""The lines of a source of which nothing was learned."""


class EdgeParams(Struct, frozen=True, kw_only=True):
    """Where boilerplate stands that may not be taken out of the middle of a text. Set by hand.

    `learn boilerplate` and `ingest` must use the same values, so they are no options of either.
    """

    first_lines: int = 4
    """Lines from the beginning: share bars and labels."""
    last_lines: int = 10
    """Lines from the end: notices, tags, further reading."""
    short_part: int = 4
    """Of a short text, one line in so many, from either end."""


_EDGE = EdgeParams()


class LearnParams(Struct, frozen=True, kw_only=True):
    """When a repeated line is boilerplate. Set by hand: to leave boilerplate in is better than to cut text."""

    min_articles: int = 10
    """Different articles of the source that have the line."""
    min_share: float = 0.2
    """Share of the source's articles that have the line; what a series or a live blog repeats stays below."""
    min_edge_share: float = 0.8
    """Share of the line's appearances that are near the beginning or the end of the text."""
    anywhere_chars: int = 40
    """A repeated line this long is no sub-headline: it is boilerplate wherever it stands."""
    max_line_chars: int = 600
    """Longer lines are not counted; the longest disclaimers have about 500 characters."""
    max_lines: int = 200_000
    """Different lines remembered per source; beyond it, those seen only once are forgotten."""


class LearnedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of one source, how many of its articles have it, and whether it is boilerplate in mid-text too."""

    line: str
    articles: int
    anywhere: bool = False


class BoilerplateFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of the data file: lines by source, for people to read and edit."""

    format: int
    version: str
    sources: dict[str, list[LearnedLine]]


class LearnedBoilerplate(Struct, frozen=True):
    """An index of the data file for `ingest`: by source, line key → whether the line is taken out in mid-text too."""

    version: str
    sources: Mapping[str, Mapping[str, bool]]

    @classmethod
    def from_sources(cls, sources: Mapping[str, Sequence[LearnedLine]]) -> "LearnedBoilerplate":
        """Index the lines. The version is a hash of what decides, so equal versions remove equal lines."""
        index = {
            source: {key: line.anywhere for line in lines if (key := line_key(line.line))}
            for source, lines in sources.items()
        }
        parts = (
            f"{source}\n{key}\n{int(anywhere)}"
            for source in sorted(index)
            for key, anywhere in sorted(index[source].items())
        )
        return cls(digest_hex("boilerplate", str(FORMAT), *parts, size=6), index)

    @classmethod
    def parse(cls, data: bytes) -> "LearnedBoilerplate":
        """Read the data file.

        Raises:
            ValueError: The bytes are no such file, the file has another format, or its version is not that of its
                lines.
        """
        try:
            file = msgspec.json.decode(data, type=BoilerplateFile)
        except msgspec.DecodeError as error:
            raise ValueError(f"not a boilerplate file: {error}") from error
        if file.format != FORMAT:
            raise ValueError(f"format {file.format}; this release reads {FORMAT}")
        learned = cls.from_sources(file.sources)
        if file.version != learned.version:
            raise ValueError(
                f"version {file.version} is not that of its lines; after editing them, write {learned.version}"
            )
        return learned

    def of(self, source: str | None) -> Mapping[str, bool]:
        """Return the lines of one source, by key."""
        return self.sources.get(source, NO_LINES) if source is not None else NO_LINES


def without_learned(lines: Sequence[str], learned: Mapping[str, bool]) -> Sequence[str]:
    """Return the lines that are not known as the source's boilerplate; all of them if none would remain."""
    if not learned:
        return lines
    kept = []
    for index, line in enumerate(lines):
        anywhere = learned.get(line_key(line))
        if anywhere is None or not (anywhere or _at_edge(index, len(lines))):
            kept.append(line)
    return kept or lines


def _at_edge(index: int, count: int) -> bool:
    """Return whether the line of that index is near the beginning or the end of `count` lines."""
    most = max(1, count // _EDGE.short_part)
    return index < min(_EDGE.first_lines, most) or index >= count - min(_EDGE.last_lines, most)


class _SeenLine(Struct):
    """A line of one source: as first written, in how many articles, how often at an edge."""

    line: str
    articles: int = 0
    at_edge: int = 0


class _SeenSource:
    """The articles of one source so far: their number, hashes of their texts, and their lines by key."""

    def __init__(self) -> None:
        self.articles = 0
        self.texts: set[str] = set()
        self.lines: dict[str, _SeenLine] = {}


class BoilerplateLearner:
    """Counts lines, article by article.

    Memory grows with sources and their different lines, and by some eighty bytes with every text, to recognise copies.
    """

    def __init__(self, params: LearnParams | None = None) -> None:
        self._params: Final = params or LearnParams()
        self._sources: dict[str, _SeenSource] = {}

    def add(self, source: str, lines: Sequence[str]) -> None:
        """Count one article, by its lines before anything was trimmed; a copy of an earlier one does not count."""
        seen = self._sources.setdefault(source, _SeenSource())
        text = digest_hex(*lines, size=8)
        if text in seen.texts:
            return
        seen.texts.add(text)
        seen.articles += 1
        found: dict[str, bool] = {}
        for index, line in enumerate(lines):
            if len(line) <= self._params.max_line_chars and (key := line_key(line)):
                found[key] = _at_edge(index, len(lines))
                seen.lines.setdefault(key, _SeenLine(line))
        for key, edge in found.items():
            seen.lines[key].articles += 1
            seen.lines[key].at_edge += edge
        if len(seen.lines) > self._params.max_lines:
            seen.lines = {key: line for key, line in seen.lines.items() if line.articles > 1}

    def counts(self) -> dict[str, int]:
        """Return how many different articles of each source were counted."""
        return {source: seen.articles for source, seen in sorted(self._sources.items())}

    def learned(self) -> dict[str, list[LearnedLine]]:
        """Return each source's boilerplate, the commonest line first; sources without any are left out."""
        found = {source: self._boilerplate(seen) for source, seen in sorted(self._sources.items())}
        return {source: lines for source, lines in found.items() if lines}

    def _boilerplate(self, source: _SeenSource) -> list[LearnedLine]:
        params = self._params
        least = max(params.min_articles, params.min_share * source.articles)
        lines = [
            LearnedLine(line=seen.line, articles=seen.articles, anywhere=len(seen.line) >= params.anywhere_chars)
            for seen in source.lines.values()
            if seen.articles >= least
            and (len(seen.line) >= params.anywhere_chars or seen.at_edge >= params.min_edge_share * seen.articles)
        ]
        return sorted(lines, key=lambda line: (-line.articles, line.line))
