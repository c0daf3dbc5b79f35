"""The block elements of a page as arrays: where they stand in the tree, and what their tags and names say."""

import re
from functools import lru_cache
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.text.page.segments import CutPage
from pipeline.text.page.serialized import read_attributes
from pipeline.text.wordlists import load_words

__all__ = ["GROUPS", "TAGS", "ElementTable", "table_of"]

Ints = NDArray[np.int64]

TAGS = (
    "aside",
    "figure",
    "figcaption",
    "header",
    "footer",
    "table",
    "li",
    "ul",
    "blockquote",
    "form",
    "article",
    "main",
    "section",
    "dialog",
    "noscript",
)
"""Tags that tell something of all text within them."""
_SAME = {"ol": "ul", "dl": "ul", "dd": "li", "dt": "li", "caption": "figcaption"}
_WORDS = load_words("name_groups")
_KINDS: dict[str, list[str]] = {
    **{name: words for name, words in _WORDS.items() if isinstance(words, list)},
    "lead": load_words("class_names")["lead"],
}
GROUPS = (*sorted(_KINDS), "itemprop_body")
"""Groups of words in class names and ids."""
_GROUPS_OF: dict[str, tuple[int, ...]] = {}
for _place, _name in enumerate(sorted(_KINDS)):
    for _word in _KINDS[_name]:
        _GROUPS_OF[_word] = (*_GROUPS_OF.get(_word, ()), _place)
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DIGIT = re.compile("[0-9]")
_TAG_PLACES = {tag: place for place, tag in enumerate(TAGS)}


class _TableParams(Struct, frozen=True):
    max_name_chars: int = 300
    """Characters of class and id that are read; a limit on work."""


_PARAMS = _TableParams()


class ElementTable(Struct, frozen=True):
    """The elements with text, parents before children; E elements, N segments."""

    of_segment: Ints
    """The element of each segment: [N]."""
    parents: Ints
    """[E]; the first is the body, its own parent."""
    depths: Ints
    """[E]."""
    starts: Ints
    """The first segment within each element: [E]."""
    ends: Ints
    """The first segment behind each element: [E]."""
    tags: list[str]
    paths: Ints
    """A number for the tags and classes of each element and its ancestors: [E]."""
    shapes: Ints
    """The same for the element and its parent alone: [E]."""
    named: NDArray[np.bool_]
    """What names and tags say of each element itself: [E, len(GROUPS) + len(TAGS) + 1]; the last is "not shown"."""

    def nearest(self, is_wrapper: NDArray[np.bool_], cap: int) -> NDArray[np.int16]:
        """Return how many levels above each element the nearest one with each name or tag is, itself included.

        Args:
            is_wrapper: Elements whose names do not count: [E, columns of `named`].
            cap: The most that is returned, also where there is none.

        Returns:
            [E, columns of `named`].
        """
        own = self.named & ~is_wrapper
        found = np.full(own.shape, cap, np.int16)
        order = np.argsort(self.depths, kind="stable")
        ends = np.cumsum(np.bincount(self.depths))
        for start, end in pairwise((0, *ends.tolist())):
            at = order[start:end]
            above = found[self.parents[at]] + 1
            np.minimum(above, cap, out=above)
            above[own[at]] = 0
            found[at] = above
        return found


def table_of(cut: CutPage) -> ElementTable:
    """Return the elements of a page that hold segments."""
    places: dict[int, int] = {}
    parents: list[int] = []
    depths: list[int] = []
    spans: list[tuple[int, int]] = []
    tags: list[str] = []
    paths: list[int] = []
    shapes: list[int] = []
    own_shapes: list[int] = []
    groups: list[tuple[int, ...]] = []
    known_paths: dict[tuple[int, int], int] = {}
    known_shapes: dict[tuple[int, int], int] = {}
    known_names: dict[tuple[str, str], int] = {}
    for place, span in enumerate(cut.spans):
        if span[0] == span[1]:
            continue
        tag, own, classes = _read(cut.elements[place])
        parent = places[cut.parents[place]] if places else 0
        places[place] = len(parents)
        shape = known_names.setdefault((tag, classes), len(known_names))
        paths.append(known_paths.setdefault((paths[parent] if paths else -1, shape), len(known_paths)))
        shapes.append(known_shapes.setdefault((own_shapes[parent] if own_shapes else -1, shape), len(known_shapes)))
        depths.append(depths[parent] + 1 if depths else 0)
        own_shapes.append(shape)
        parents.append(parent)
        spans.append(span)
        tags.append(tag)
        groups.append(own)
    if not parents:
        parents, depths, spans, tags, paths, shapes, groups = [0], [0], [(0, 0)], ["body"], [0], [0], [()]
    named = np.zeros((len(parents), len(GROUPS) + len(TAGS) + 1), np.bool_)
    rows = [row for row, own in enumerate(groups) for _ in own]
    named[rows, [column for own in groups for column in own]] = True
    return ElementTable(
        of_segment=np.array([places[segment.element] for segment in cut.segments], np.int64),
        parents=np.array(parents, np.int64),
        depths=np.array(depths, np.int64),
        starts=np.array([start for start, _ in spans], np.int64),
        ends=np.array([end for _, end in spans], np.int64),
        tags=tags,
        paths=np.array(paths, np.int64),
        shapes=np.array(shapes, np.int64),
        named=named,
    )


@lru_cache(maxsize=16_384)
def _read(start: str) -> tuple[str, tuple[int, ...], str]:
    """Return the name of a start tag, the columns that it sets, and its classes without numbered ones."""
    tag, space, written = start.partition(" ")
    place = _TAG_PLACES.get(_SAME.get(tag, tag))
    found: tuple[int, ...] = () if place is None else (len(GROUPS) + place,)
    attributes = read_attributes(f" {written}") if space else {}
    if not attributes and "-" not in tag:
        return tag, found, ""
    classes = attributes.get("class", "")[: _PARAMS.max_name_chars]
    identity = attributes.get("id", "")[: _PARAMS.max_name_chars]
    groups = {*_groups(classes), *_groups(identity), *(_groups(tag) if "-" in tag else ())}
    found = (*sorted(groups), *found)
    if "articlebody" in attributes.get("itemprop", "").lower():
        found = (*found, len(GROUPS) - 1)
    if "hidden" in attributes or _HIDING.search(attributes.get("style", "")):
        found = (*found, len(GROUPS) + len(TAGS))
    return tag, found, _unnumbered(classes) if classes else ""


@lru_cache(maxsize=16_384)
def _groups(names: str) -> tuple[int, ...]:
    words = map(str.lower, _WORD.findall(names))
    return tuple({place for word in words if word in _GROUPS_OF for place in _GROUPS_OF[word]})


def _unnumbered(classes: str) -> str:
    names = classes.split()
    if not classes.isascii() or _DIGIT.search(classes):
        names = [name for name in names if name.isalpha() or not any(map(str.isdigit, name))]
    return " ".join(sorted(names))
