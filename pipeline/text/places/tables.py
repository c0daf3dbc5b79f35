"""The tables of names of places that ship with the package, as they are stored."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from msgspec import Struct

from pipeline.text.wordlists import load_words

__all__ = ["PlaceId", "Tables", "load_tables", "table_language"]

PlaceId = tuple[str, int]
"""A country, with 0, or the country of a city, with the city's number at GeoNames."""

_TAGS: Final = {
    "no": "nb",
    "nn": "nb",
    "tl": "fil",
    "iw": "he",
    "in": "id",
    "sh": "hr",
    "zh-Hans": "zh",
    "yue": "zh-Hant",
}


class Tables(Struct, frozen=True, kw_only=True):
    """Names by language, and what is known of them; `about` in the files describes each."""

    countries: Mapping[str, Mapping[str, str]]
    cities: Mapping[str, Mapping[str, int]]
    city_facts: Mapping[str, Sequence[str]]
    """English name and country of a city."""
    aliases: Mapping[str, Mapping[str, str]]
    name: Mapping[str, Sequence[str]]
    word: Mapping[str, Sequence[str]]
    traps: Mapping[str, Sequence[str]]
    neighbours: Mapping[str, Sequence[str]]
    endings: Mapping[str, Sequence[tuple[str, Sequence[str]]]]
    prefixes: Mapping[str, Sequence[str]]
    particles: Mapping[str, Sequence[str]]
    people: Sequence[str]


@cache
def load_tables() -> Tables:
    """Read the tables, once."""
    more: dict[str, Any] = load_words("place_names")
    cities = load_words("city_names")
    del more["version"], more["about"]
    return Tables(
        countries=load_words("country_names")["names"], cities=cities["names"], city_facts=cities["cities"], **more
    )


def table_language(tag: str) -> str | None:
    """Return the language of the tables for a BCP 47 tag; None where there is none."""
    known = load_tables().countries
    tag = _TAGS.get(tag, tag)
    if tag in known:
        return tag
    first = tag.partition("-")[0]
    first = _TAGS.get(first, first)
    return first if first in known else None
