"""The forms that a name of a place has in a text: cases, and what is written before it without a space."""

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.text.places.params import PLACE_PARAMS, PlaceParams
from pipeline.text.places.tables import Tables

__all__ = ["forms_of"]

_ANY_CONSONANT: Final = "b"
_VOWELS: Final = frozenset("aeiouyáéíóúýàèìòùâêîôûäöüåæøőűąęãõаеёиоуыэюяіїєαεηιοωυάέήίόώύ")


def forms_of(name: str, language: str, tables: Tables, params: PlaceParams = PLACE_PARAMS) -> Iterator[str]:
    """Yield a name and its forms in a language; only single words have forms, as every word of others would change."""
    yield name
    if " " not in name and len(name) >= params.min_inflected_chars:
        yield from _inflected(name, tables.endings.get(language, ()))
    for prefix in tables.prefixes.get(language, ()):
        yield prefix + name
        if prefix == "ل" and name.startswith("ال"):
            yield "لل" + name[2:]


def _inflected(name: str, endings: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """Yield the forms by the first ending that a name has, and by those of the same ending."""
    found: str | None = None
    for ending, others in endings:
        if found is not None and ending != found:
            return
        if ending == _ANY_CONSONANT and name[-1].isalpha() and name[-1].lower() not in _VOWELS:
            found = ending
            yield from (name + other for other in others)
        elif ending != _ANY_CONSONANT and name.endswith(ending):
            found = ending
            yield from (name.removesuffix(ending) + other for other in others)
