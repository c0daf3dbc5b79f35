"""A place that an article names."""

from typing import Literal

from msgspec import Struct

__all__ = ["Place", "PlaceKind"]

PlaceKind = Literal["country", "city"]
"""A country or other territory of ISO 3166-1, or a city."""


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place: its English name, its country, how prominent it is in the text, and how often it is named.

    `country` is ISO 3166-1 alpha-2, and `XK` for Kosovo; `geonames_id` is the number of a city at GeoNames; `salience`
    is from 0 to 1 and does not depend on the other places.
    """

    kind: PlaceKind
    name: str
    country: str
    geonames_id: int | None = None
    salience: float
    mentions: int
