"""Thresholds and limits of places."""

from msgspec import Struct

__all__ = ["PLACE_PARAMS", "PlaceParams"]


class PlaceParams(Struct, frozen=True, kw_only=True):
    """How places are found and weighed, set by hand on the samples of `tests/quality/places.jsonl`."""

    max_places: int = 10
    """Also the limit in the schema."""
    max_body_chars: int = 1200
    """Characters of the body that are read; news names its places early."""
    lead_chars: int = 400
    """Characters at the beginning of the body in which a mention counts as much as one in the sub-headline."""
    headline_weight: float = 4.0
    lead_weight: float = 2.0
    half_weight: float = 4.0
    """A place whose mentions have this weight has a salience of 0.5."""
    max_mentions: int = 30
    """Mentions of one name that are counted."""
    common_rank: int = 500
    """A word of this rank or a smaller one is not part of a name beside a place, although it has a capital."""
    common_noun_rank: int = 4000
    """The same in languages that write nouns with capitals."""
    min_inflected_chars: int = 4
    """Names that are shorter are not inflected: their forms are too often other words."""
    dateline_chars: int = 40
    """A place in capitals at the beginning of the body, before a comma, bracket or dash, is shorter."""
    max_context_chars: int = 30
    """Characters that are read on each side of a name for the word beside it."""


PLACE_PARAMS = PlaceParams()
