"""The rhythms of all sources and languages, and of all articles together, from what is on the output topics.

The number of names is bounded twice: so many sources have series of their own, ten times as many are followed. A place
among those with series is kept until the name is forgotten or another one has twice its articles; otherwise series
would come and go.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, field

from pipeline.monitor.rhythm import Rhythm, RhythmParams
from pipeline.observability.label_values import LANGUAGES, OTHER

__all__ = ["ALL", "Dimension", "Flow", "FlowState", "Seen"]

Dimension = Literal["source", "language", "all"]
DIMENSIONS: tuple[Dimension, ...] = ("source", "language", "all")
ALL = "all"
_FOLLOWED = 10  # names that are followed, for each that has series
_NEW_CONTENT = frozenset({"unique", "related", "revision", "retraction", "promoted", "exact", "near"})
_OVERTAKES = 2.0


class Seen(Struct, frozen=True):
    """What the monitor wants to know of an article on an output topic; `kind` is that of its verdict."""

    source: str
    language: str | None
    kind: str
    held_back: bool
    quality: float
    arrived_ms: int


class FlowState(Struct, kw_only=True):
    """Everything that is kept over a restart. `now_ms` is the latest arrival; `shown` are the sources with series."""

    now_ms: int = 0
    names: dict[Dimension, dict[str, Rhythm]] = field(default_factory=lambda: {name: {} for name in DIMENSIONS})
    shown: list[str] = field(default_factory=list)
    counts: dict[Dimension, dict[str, int]] = field(default_factory=lambda: {name: {} for name in DIMENSIONS})


class Flow:
    """Learns from articles, in about the order of their arrival."""

    def __init__(self, params: RhythmParams, sources: int, state: FlowState | None = None) -> None:
        """Begin, or go on from a state; `sources` is how many have series of their own."""
        self.params = params
        self.state = state if state is not None else FlowState()
        self._sources = sources
        self.state.shown = self.state.shown[:sources]

    def add(self, seen: Seen) -> None:
        """Learn from one article."""
        self.state.now_ms = max(self.state.now_ms, seen.arrived_ms)
        self._learn("source", seen.source, seen)
        self._learn("all", ALL, seen)
        if seen.language is not None:
            tag = seen.language.partition("-")[0]
            self._learn("language", tag if tag in LANGUAGES else OTHER, seen)

    def tidy(self) -> None:
        """Forget names that have been silent for weeks, and let grown sources have the places of small ones."""
        for names in self.state.names.values():
            for name in [one for one, rhythm in names.items() if rhythm.is_forgotten(self.state.now_ms, self.params)]:
                del names[name]
        sources = self.state.names["source"]
        shown = [name for name in self.state.shown if name in sources]
        waiting = sorted(sources.keys() - set(shown), key=lambda name: -sources[name].weight)
        for name in waiting:
            if len(shown) < self._sources:
                shown.append(name)
                continue
            least = min(shown, key=lambda one: sources[one].weight)
            if sources[name].weight < _OVERTAKES * sources[least].weight:
                break
            shown[shown.index(least)] = name
        gone = set(self.state.shown) - set(shown)
        self.state.shown = shown
        for name in gone:
            self.state.counts["source"].pop(name, None)

    def shown(self) -> Iterator[tuple[Dimension, str, Rhythm]]:
        """Yield the names with series."""
        for dimension, names in self.state.names.items():
            wanted = self.state.shown if dimension == "source" else list(names)
            yield from ((dimension, name, names[name]) for name in wanted if name in names)

    def silent(self, dimension: Dimension) -> list[str]:
        """Return the names that are silent, with series or without."""
        return [
            name
            for name, rhythm in self.state.names[dimension].items()
            if (rhythm.silence(self.state.now_ms, self.params) or 0.0) > 1.0
        ]

    def _learn(self, dimension: Dimension, name: str, seen: Seen) -> None:
        names, counts = self.state.names[dimension], self.state.counts[dimension]
        rhythm = names.get(name)
        if rhythm is None:
            rhythm = self._begin(dimension, name, seen.arrived_ms)
        # A fetcher that brings the same pages again and again is as silent as one that brings nothing.
        if seen.kind in _NEW_CONTENT:
            rhythm.arrived(seen.arrived_ms, self.params)
        rhythm.held_back.add(float(seen.held_back), self.params)
        rhythm.quality.add(seen.quality, self.params)
        shown = name if dimension != "source" or name in self.state.shown else OTHER
        counts[shown] = counts.get(shown, 0) + 1

    def _begin(self, dimension: Dimension, name: str, at_ms: int) -> Rhythm:
        names = self.state.names[dimension]
        if dimension == "source":
            if len(names) >= _FOLLOWED * self._sources:
                # Of those without series the smallest goes, so that a flood of new names costs no known one its place.
                del names[min(names.keys() - set(self.state.shown), key=lambda one: names[one].articles)]
            if len(self.state.shown) < self._sources:
                self.state.shown.append(name)
        names[name] = Rhythm.begin(at_ms)
        return names[name]
