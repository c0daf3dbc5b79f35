"""The first two levels of IPTC Media Topics (CC BY 4.0, cv.iptc.org/newscodes/mediatopic), as of one release each.

Names in other languages are from the same release, except the Italian and Japanese ones, which it lacks: these are
from the older Subject Codes, whose top level has the same codes.
"""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Final

from msgspec import Struct

__all__ = [
    "CODES",
    "SECOND_LEVEL",
    "SECOND_LEVEL_VERSION",
    "SUBJECT_NAMES",
    "TAXONOMY_VERSION",
    "ChildSubject",
    "local_names",
]

TAXONOMY_VERSION: Final = "2026-07-02"

SECOND_LEVEL_VERSION: Final = "2023-10-24"
"""The release that the labels of the second level were read with."""

_TRADITIONAL: Final = "zh-Hant"  # has no names: the Chinese ones are in the simplified script

SUBJECT_NAMES: Final[dict[str, str]] = {
    "01000000": "arts, culture, entertainment and media",
    "02000000": "crime, law and justice",
    "03000000": "disaster, accident and emergency incident",
    "04000000": "economy, business and finance",
    "05000000": "education",
    "06000000": "environment",
    "07000000": "health",
    "08000000": "human interest",
    "09000000": "labour",
    "10000000": "lifestyle and leisure",
    "11000000": "politics and government",
    "12000000": "religion",
    "13000000": "science and technology",
    "14000000": "society",
    "15000000": "sport",
    "16000000": "conflict, war and peace",
    "17000000": "weather",
}
"""Code → English name."""

CODES: Final[tuple[str, ...]] = tuple(SUBJECT_NAMES)
"""The codes in ascending order: the order of logits and probabilities."""


class ChildSubject(Struct, frozen=True):
    """A subject of the second level: its English name, and the code of the top-level subject that it belongs to."""

    name: str
    parent: str


def local_names(tag: str | None) -> Mapping[str, str]:
    """Return code → name in a language, empty where IPTC has English names only; plain `pt` is Brazilian."""
    if tag is None or tag.startswith(_TRADITIONAL):
        return {}
    names = _all_names()
    return names.get(tag) or names.get(tag.split("-", 1)[0], {})


@functools.cache
def _all_names() -> Mapping[str, Mapping[str, str]]:
    source = resources.files("pipeline.models") / "data" / "subject_names.json"
    found: dict[str, dict[str, str]] = json.loads(source.read_text(encoding="utf-8"))
    return found


def _second_level() -> dict[str, ChildSubject]:
    source = resources.files("pipeline.models") / "data" / "second_level.json"
    found = json.loads(source.read_text(encoding="utf-8"))
    return {code: ChildSubject(item["name"], item["parent"]) for code, item in found.items()}


SECOND_LEVEL: Final = _second_level()
"""Code → subject of the second level, 121 of them, without those that IPTC has retired."""
