"""The features of segments, by which it is judged whether they belong to the article; none depends on a language."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.element_table import GROUPS, TAGS, ElementTable
from pipeline.text.page.feature_names import CORE_SHARES, FEATURES, LEVELS, NEIGHBOURS, WINDOWS
from pipeline.text.page.segment_texts import TEXT_FEATURES, TextFacts, read_texts
from pipeline.text.page.segments import Segment
from pipeline.text.page.verdicts import shares_in

__all__ = ["FEATURES", "PageReading", "features_of"]

Floats = NDArray[np.float64]

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LEAVES = ("p", "div", "li", "td", "span", "figcaption", "blockquote", "section", "article")
_TAGS = {**{tag: place for place, tag in enumerate(_LEAVES)}, **dict.fromkeys(_HEADINGS, len(_LEAVES))}
_OTHER_TAG = len(_LEAVES) + 1


class _FeatureParams(Struct, frozen=True):
    wrapper_share: float = 0.6
    """Names of an element with this share of the page's running text say nothing of its parts."""
    levels_cap: int = 9
    """Names of elements so far above, or further, say nothing."""
    headline_share: float = 0.7
    """Share of words that a headline has in common with the page's titles."""
    steps_cap: int = 20
    distance_cap: int = 60


_PARAMS = _FeatureParams()
_CONTENT = frozenset({"body", "itemprop_body", "article", "main", "section"})
_IS_CONTENT = np.array([name in _CONTENT for name in (*GROUPS, *TAGS, "not_shown")])


class PageReading(NamedTuple):
    """What is known of a page beside its segments."""

    titles: list[str]
    description: str | None
    stated_body: str | None
    """`articleBody` of its JSON-LD."""
    lines: list[str]
    """The text that the rules find."""
    lead: str | None
    """The lead that they find outside it."""


def features_of(segments: Sequence[Segment], table: ElementTable, reading: PageReading) -> NDArray[np.float32]:
    """Return the features of a page's segments: [N, len(FEATURES)]; a page without segments has none."""
    if not segments:
        return np.zeros((0, len(FEATURES)), np.float32)
    texts = read_texts(segments, reading.titles, reading.description)
    verdict = shares_in(segments, reading.lines).astype(np.float64)
    lead = shares_in(segments, [reading.lead] if reading.lead else [])
    stated = shares_in(segments, [" ".join(reading.stated_body.split())]) if reading.stated_body else lead * 0 - 1
    sums = _Sums(texts, verdict)
    tags = np.array([_TAGS.get(tag, _OTHER_TAG) for tag in table.tags], np.float64)[table.of_segment]
    levels = np.array([_HEADINGS.get(tag, 0) for tag in table.tags], np.float64)[table.of_segment]
    columns: list[NDArray[Any]] = [
        verdict[:, None],
        lead[:, None],
        stated[:, None],
        texts.features,
        *_cores(table, sums),
        *_levels(table, sums),
        *_alike(table, texts, verdict),
        *_near(texts, verdict, levels),
        *_places(table, texts, verdict, tags, levels),
        _nearest(table, sums),
        *_page(table, sums, reading),
    ]
    return np.concatenate([column.astype(np.float32) for column in columns], axis=1)


class _Sums:
    """Sums over the segments of elements: their segments follow each other, so two running totals give them."""

    def __init__(self, texts: TextFacts, verdict: Floats) -> None:
        values = np.column_stack(
            (texts.chars, texts.prose, texts.links, texts.prose > 0, np.ones(len(verdict)), texts.chars * verdict)
        )
        self._totals: Floats = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
        self.page = self._totals[-1]

    def within(self, table: ElementTable) -> Floats:
        """Return for each element width, prose, links, segments of prose, segments, and width in the rules' text."""
        return self._totals[table.ends] - self._totals[table.starts]


def _cores(table: ElementTable, sums: _Sums) -> list[Floats]:
    """Return the steps in the tree from each segment to the lowest elements with much of the running text."""
    columns = []
    prose = sums.within(table)[:, 1]
    places = np.arange(len(table.of_segment))
    parents = table.parents.tolist()
    for share in CORE_SHARES:
        enough = np.flatnonzero(prose >= share * sums.page[1])
        core = int(enough[-1]) if sums.page[1] > 0 else 0
        path = [core]
        while path[-1] != 0:
            path.append(parents[path[-1]])
        # Each holds the one before: those that have begun, and those that have not ended, are the outer ones.
        begun = np.searchsorted(table.starts[path[::-1]], places, side="right")
        not_ended = len(path) - np.searchsorted(table.ends[path], places, side="right")
        common = np.minimum(begun, not_ended) - 1.0
        up = table.depths[table.of_segment] - common
        down = table.depths[core] - common
        columns += [np.minimum(up, _PARAMS.steps_cap), np.minimum(down, _PARAMS.steps_cap)]
    return [np.column_stack(columns)]


def _levels(table: ElementTable, sums: _Sums) -> list[Floats]:
    """Return what the elements around each segment hold."""
    within = sums.within(table)
    width = np.maximum(within[:, 0], 1)
    content = np.column_stack(
        (
            within[:, 1] / max(sums.page[1], 1),
            within[:, 1] / width,
            within[:, 2] / width,
            np.log1p(within[:, 3]),
            np.log1p(within[:, 4]),
            within[:, 5] / width,
        )
    )
    columns = []
    element = table.of_segment
    for _ in range(LEVELS):
        columns.append(content[element])
        element = table.parents[element]
    return columns


def _alike(table: ElementTable, texts: TextFacts, verdict: Floats) -> list[Floats]:
    """Return what the segments with the same tags and classes around them are together."""
    columns = []
    for kinds in (table.paths[table.of_segment], table.shapes[table.of_segment]):
        width = np.bincount(kinds, texts.chars)
        count = np.bincount(kinds)
        total = np.maximum(width, 1)
        facts = np.column_stack(
            (
                width / texts.chars.sum(),
                np.log1p(count),
                np.log1p(width / np.maximum(count, 1)),
                np.bincount(kinds, texts.prose) / total,
                np.bincount(kinds, texts.links) / total,
                np.bincount(kinds, texts.chars * verdict) / total,
            )
        )
        columns.append(facts[kinds])
    return columns


def _near(texts: TextFacts, verdict: Floats, levels: Floats) -> list[Floats]:
    """Return what stands before and behind each segment."""
    facts = np.column_stack(
        (np.log1p(texts.chars), texts.prose > 0, texts.links / np.maximum(texts.chars, 1), verdict, levels > 0)
    )
    size, width = facts.shape
    padded = np.full((size + 4, width), -1.0)
    padded[2:-2] = facts
    columns = [padded[2 + offset : 2 + offset + size] for offset in NEIGHBOURS]
    totals: Floats = np.concatenate((np.zeros((1, 2)), np.cumsum(np.column_stack((texts.prose > 0, verdict)), axis=0)))
    places = np.arange(size)
    for reach in WINDOWS:
        low, high = np.maximum(places - reach, 0), np.minimum(places + reach + 1, size)
        columns.append((totals[high] - totals[low]) / (high - low)[:, None])
    return columns


def _places(table: ElementTable, texts: TextFacts, verdict: Floats, tags: Floats, levels: Floats) -> list[Floats]:
    """Return where each segment stands on the page."""
    size = len(verdict)
    places = np.arange(size)
    before = np.cumsum(texts.prose) - texts.prose
    prose = max(texts.prose.sum(), 1)
    headline = _headline(texts, levels)
    chosen = np.flatnonzero(verdict > 0.5)
    first, last = (chosen[0], chosen[-1]) if len(chosen) else (size, -1)
    running = np.flatnonzero(texts.prose > 0)
    cap = _PARAMS.distance_cap
    after = np.searchsorted(running, places, side="right")
    following = np.append(running, size + cap)[after] - places
    reached = np.searchsorted(running, places, side="left")
    preceding = places - np.append(-cap, running)[reached]
    since = places - headline
    return [
        np.column_stack(
            (
                places / size,
                before / prose,
                np.clip(since, -cap, cap) if headline >= 0 else np.full(size, -cap),
                (before - before[headline]) / prose if headline >= 0 else np.full(size, -1.0),
                np.full(size, headline >= 0),
                np.clip(first - places, -cap, cap),
                np.clip(places - last, -cap, cap),
                table.depths[table.of_segment],
                tags,
                levels,
                np.minimum(following, cap),
                np.minimum(preceding, cap),
            )
        )
    ]


def _headline(texts: TextFacts, levels: Floats) -> int:
    """Return the place of the page's headline, or -1: a heading with the words of the title, the highest first."""
    title = texts.features[:, TEXT_FEATURES.index("title_share")]
    of_title = texts.features[:, TEXT_FEATURES.index("share_of_title")]
    likely = (title >= _PARAMS.headline_share) & (of_title >= 0.25)
    for level in (1, 2, 3):
        found = np.flatnonzero(likely & (levels == level))
        if len(found):
            return int(found[0])
    found = np.flatnonzero(levels == 1)
    if len(found):
        return int(found[0])
    found = np.flatnonzero(likely)
    return int(found[0]) if len(found) else -1


def _nearest(table: ElementTable, sums: _Sums) -> NDArray[np.int16]:
    """Return how far above each segment elements with names and tags of each kind are."""
    share = sums.within(table)[:, 1] / max(sums.page[1], 1)
    is_wrapper = (share >= _PARAMS.wrapper_share)[:, None] & ~_IS_CONTENT[None, :]
    return table.nearest(is_wrapper, _PARAMS.levels_cap)[table.of_segment]


def _page(table: ElementTable, sums: _Sums, reading: PageReading) -> list[Floats]:
    """Return what is the same for all segments of a page."""
    size = len(table.of_segment)
    within = sums.within(table)
    enough = np.flatnonzero(within[:, 1] >= CORE_SHARES[0] * sums.page[1])
    core = within[enough[-1]]
    facts = (
        np.log1p(size),
        np.log1p(sums.page[1]),
        core[1] / max(core[0], 1),
        sums.page[5] / sums.page[0],
        np.log1p(sums.page[5]),
        float(reading.stated_body is not None),
    )
    return [np.tile(np.array(facts), (size, 1))]
