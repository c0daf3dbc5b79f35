"""The names of the features of segments, in the order of their columns."""

from pipeline.text.page.element_table import GROUPS, TAGS
from pipeline.text.page.segment_texts import TEXT_FEATURES

__all__ = ["CORE_SHARES", "FEATURES", "LEVELS", "NEIGHBOURS", "WINDOWS"]

LEVELS = 4
"""Levels of elements whose content is looked at: a segment's own, its parent and so on."""
CORE_SHARES = (0.5, 0.75, 0.9)
WINDOWS = (3, 8)
NEIGHBOURS = (-2, -1, 1, 2)

_CORE_NAMES = tuple(f"{what}_{share}" for share in CORE_SHARES for what in ("steps_up", "steps_down"))
_LEVEL_NAMES = tuple(
    f"{what}_{level}"
    for level in range(LEVELS)
    for what in ("prose_share", "prose_density", "link_density", "prose_count", "count", "verdict_density")
)
_ALIKE_NAMES = tuple(
    f"{what}_{kind}"
    for kind in ("path", "shape")
    for what in ("share", "count", "mean_width", "prose_density", "link_density", "verdict_density")
)
_NEAR_NAMES = tuple(
    f"{what}_at_{offset}" for offset in NEIGHBOURS for what in ("width", "prose", "links", "verdict", "heading")
)
_WINDOW_NAMES = tuple(f"{what}_within_{size}" for size in WINDOWS for what in ("prose", "verdict"))
_PLACE_NAMES = (
    "place",
    "place_by_prose",
    "from_headline",
    "prose_from_headline",
    "has_headline",
    "before_verdict",
    "after_verdict",
    "depth",
    "tag",
    "heading_level",
    "next_prose",
    "last_prose",
)
_PAGE_NAMES = ("page_segments", "page_prose", "core_density", "verdict_share", "page_verdict", "page_states_body")
FEATURES = (
    "verdict",
    "lead",
    "stated",
    *TEXT_FEATURES,
    *_CORE_NAMES,
    *_LEVEL_NAMES,
    *_ALIKE_NAMES,
    *_NEAR_NAMES,
    *_WINDOW_NAMES,
    *_PLACE_NAMES,
    *(f"levels_to_{name}" for name in (*GROUPS, *TAGS, "not_shown")),
    *_PAGE_NAMES,
)
"""Names of the columns of `features_of`."""
