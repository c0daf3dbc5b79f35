"""All names of places of a language, by their first words, or first characters where words are not separated."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from pipeline.text.facts.words import words_of
from pipeline.text.places.beginnings import Beginnings
from pipeline.text.places.inflection import forms_of
from pipeline.text.places.tables import PlaceId, Tables, load_tables
from pipeline.text.word_ranks import word_ranks

__all__ = ["Name", "NameIndex", "Sureness", "name_index"]

Sureness = Literal["sure", "free", "word", "supported"]
"""What a name needs to count: nothing; no name beside it; not to be a sentence's first word either; another place."""

SPACELESS: Final = {"zh": 2, "zh-Hant": 2, "ja": 2, "ko": 2, "th": 4, "lo": 4, "km": 4, "my": 4}
"""Languages whose names are found within a run of letters, and the characters by which names are told apart first: two
where there are thousands of characters, more in alphabets."""

_WITHOUT_ACCENTS: Final = frozenset({"en"})
"""Languages that mostly write foreign names of cities without their accents."""


class Name(Struct, frozen=True):
    """A form of a name, the place it means, and what it needs; a trap means no place."""

    text: str
    place: PlaceId | None
    needs: Sureness


class NameIndex(Struct, frozen=True, kw_only=True):
    """The names of one language."""

    language: str
    by_first: Mapping[str, tuple[tuple[str | None, Name], ...]]
    """By their first word: the second one, if there is one, and the name. Without spaces, by their first characters."""
    firsts: frozenset[str]
    beginnings: Beginnings | None
    """The first characters of all names where these are looked for within runs of letters; None between spaces."""
    by_text: Mapping[str, Name]
    particles: frozenset[str]
    """What may follow a name without a space."""


@lru_cache(maxsize=128)
def name_index(language: str) -> NameIndex:
    """Return the index of a language of the tables, made when it is first needed."""
    tables = load_tables()
    by_text: dict[str, Name] = {}
    for name in _names(language, tables):
        by_text.setdefault(name.text, name)
    length = SPACELESS.get(language, 0)
    by_first: dict[str, list[tuple[str | None, Name]]] = {}
    for name in by_text.values():
        parts = [name.text[:length]] if length else words_of(name.text)
        if parts:
            by_first.setdefault(parts[0], []).append((parts[1] if len(parts) > 1 else None, name))
    return NameIndex(
        language=language,
        by_first={first: tuple(names) for first, names in by_first.items()},
        firsts=frozenset(by_first),
        beginnings=Beginnings.of(by_text, length) if length else None,
        by_text=by_text,
        particles=frozenset(tables.particles.get(language, ())),
    )


def _names(language: str, tables: Tables) -> Iterable[Name]:
    """Yield traps, then countries, then cities: the first that has a text keeps it."""
    for trap in tables.traps.get(language, ()):
        yield Name(trap, None, "sure")
    guarded = frozenset(tables.name.get(language, ()))
    words = frozenset(tables.word.get(language, ()))
    countries = {name: code for code, name in tables.countries[language].items()}
    for text, code in {**countries, **tables.aliases.get(language, {})}.items():
        needs: Sureness = "supported" if text in guarded else "word" if text in words else "sure"
        for form in _forms(text, language, tables):
            yield Name(form, (code, 0), needs)
    people = frozenset(tables.people)
    if language == "ja":  # most prefectures are named after a city, which they are not
        yield from (Name(f"{text}県", None, "sure") for text in tables.cities.get(language, {}))
    for text, number in tables.cities.get(language, {}).items():
        country = tables.city_facts[str(number)][1]
        needs = "supported" if text in people else "free"
        for form in _forms(text, language, tables):
            yield Name(form, (country, number), needs)
        if language in _WITHOUT_ACCENTS and not text.isascii():
            yield Name(_unaccented(text), (country, number), needs)


def _unaccented(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _forms(text: str, language: str, tables: Tables) -> Iterable[str]:
    """Yield the forms of a name that are no frequent words of the language, unless the name itself is one."""
    ranks = word_ranks(language)
    for form in forms_of(text, language, tables):
        if form == text or form.lower() not in ranks or text.lower() in ranks:
            yield form
