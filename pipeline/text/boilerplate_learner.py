"""Learn which lines a source repeats over many of its articles."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from pipeline.domain.ids import digest_hex
from pipeline.text.boilerplate import line_key
from pipeline.text.learned_boilerplate import LearnedLine, at_edge

__all__ = ["BoilerplateLearner", "LearnParams"]


class LearnParams(Struct, frozen=True, kw_only=True):
    """When a repeated line is boilerplate. Set by judgement: to leave boilerplate in is better than to cut text."""

    min_articles: int = 10
    """Different articles of the source that have the line."""
    min_share: float = 0.2
    """Of the source's articles, so many have the line; what a series or a live blog repeats stays below."""
    min_edge_share: float = 0.8
    """Of its appearances, so many are near the beginning or the end of the text."""
    anywhere_chars: int = 40
    """A repeated line this long is no sub-headline: it is boilerplate wherever it stands."""
    max_line_chars: int = 600
    """Longer lines are not counted; the longest disclaimers have about 500 characters."""
    max_lines: int = 200_000
    """Different lines remembered per source; beyond it, those seen only once are forgotten."""


class _Seen(Struct):
    """A line of one source: as first written, in how many articles, how often at an edge."""

    line: str
    articles: int = 0
    at_edge: int = 0


class _Source:
    """What was seen of one source."""

    def __init__(self) -> None:
        self.articles = 0
        self.texts: set[str] = set()
        self.lines: dict[str, _Seen] = {}


class BoilerplateLearner:
    """Counts lines, article by article.

    Memory grows with sources and their different lines, and by some eighty bytes with every text, to know copies.
    """

    def __init__(self, params: LearnParams | None = None) -> None:
        self._params: Final = params or LearnParams()
        self._sources: dict[str, _Source] = {}

    def add(self, source: str, lines: Sequence[str]) -> None:
        """Take in one article, by its lines before anything was trimmed; a copy of an earlier one says nothing."""
        seen = self._sources.setdefault(source, _Source())
        text = digest_hex(*lines, size=8)
        if text in seen.texts:
            return
        seen.texts.add(text)
        seen.articles += 1
        found: dict[str, bool] = {}
        for index, line in enumerate(lines):
            if len(line) <= self._params.max_line_chars and (key := line_key(line)):
                found[key] = at_edge(index, len(lines))
                seen.lines.setdefault(key, _Seen(line))
        for key, edge in found.items():
            seen.lines[key].articles += 1
            seen.lines[key].at_edge += edge
        if len(seen.lines) > self._params.max_lines:
            seen.lines = {key: line for key, line in seen.lines.items() if line.articles > 1}

    def counts(self) -> dict[str, int]:
        """Return how many different articles of each source were seen."""
        return {source: seen.articles for source, seen in sorted(self._sources.items())}

    def learned(self) -> dict[str, list[LearnedLine]]:
        """Return each source's boilerplate, the commonest line first; sources without any are left out."""
        found = {source: self._boilerplate(seen) for source, seen in sorted(self._sources.items())}
        return {source: lines for source, lines in found.items() if lines}

    def _boilerplate(self, source: _Source) -> list[LearnedLine]:
        params = self._params
        least = max(params.min_articles, params.min_share * source.articles)
        lines = [
            LearnedLine(line=seen.line, articles=seen.articles, anywhere=len(seen.line) >= params.anywhere_chars)
            for seen in source.lines.values()
            if seen.articles >= least
            and (len(seen.line) >= params.anywhere_chars or seen.at_edge >= params.min_edge_share * seen.articles)
        ]
        return sorted(lines, key=lambda line: (-line.articles, line.line))
