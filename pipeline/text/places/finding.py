"""Find the countries and cities that an article names, and how prominent each is."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from pipeline.domain.place import Place
from pipeline.text.places.context import Context
from pipeline.text.places.mentions import Mention, find_mentions
from pipeline.text.places.name_index import NameIndex, name_index
from pipeline.text.places.params import PLACE_PARAMS, PlaceParams
from pipeline.text.places.tables import PlaceId, Tables, load_tables, table_language

__all__ = ["PlacesInput", "find_places"]

_DATELINE: Final = re.compile(r"([^\W\d_]+(?:[ -][^\W\d_]+){0,2})(?:,| \(| [-–—])")


class PlacesInput(Struct, frozen=True, kw_only=True):
    """The text in which places are looked for: a line each for headline and sub-headline, then the body's beginning."""

    text: str
    headline_end: int
    body_start: int
    words: Collection[str]
    """The words of the text, by `words_of`."""
    language: str
    """BCP 47 tag."""


def find_places(given: PlacesInput, params: PlaceParams = PLACE_PARAMS) -> tuple[Place, ...]:
    """Return the places that a text names, the most prominent first; none in a language without tables.

    A name that means something else too counts only where the text shows that the place is meant: a place that is
    missing does less harm than a wrong one.
    """
    language = table_language(given.language)
    if language is None:
        return ()
    index = name_index(language)
    mentions = find_mentions(given.text, given.words, index, params)
    mentions += _dateline(given, index, params)
    if not mentions:
        return ()
    accepted = _accepted(mentions, given, Context.of(given.text, language, params))
    return _places(accepted, given, params)


def _dateline(given: PlacesInput, index: NameIndex, params: PlaceParams) -> list[Mention]:
    """Return the place in capitals with which the body of an agency's text begins."""
    found = _DATELINE.match(given.text, given.body_start, given.body_start + params.dateline_chars)
    if found is None or not found[1].isupper():
        return []
    name = index.by_text.get(found[1]) or index.by_text.get(found[1].title())
    if name is None or name.place is None or name.text == found[1]:
        return []
    return [Mention(found.start(), found.end(1), name)]


def _accepted(mentions: list[Mention], given: PlacesInput, context: Context) -> list[Mention]:
    """Return the mentions that mean their place: those that need nothing else, then those that they support."""
    tables = load_tables()
    headline = given.text[: given.headline_end]
    shouted = headline.isupper()
    sure: list[Mention] = []
    unsure: list[Mention] = []
    for mention in mentions:
        needs = mention.name.needs
        if shouted and mention.end <= given.headline_end and mention.name.text.isupper():
            continue
        if needs == "sure" or (needs != "supported" and context.is_free(mention)):
            if needs == "word" and (context.begins_sentence(mention) or mention.end <= given.headline_end):
                unsure.append(mention)
            else:
                sure.append(mention)
        elif (needs == "supported" and context.is_free(mention)) or mention.end <= given.headline_end:
            unsure.append(mention)
    places = {mention.name.place for mention in sure if mention.name.place is not None}
    return sure + [mention for mention in unsure if _is_supported(mention, places, tables)]


def _is_supported(mention: Mention, places: Collection[PlaceId], tables: Tables) -> bool:
    """Whether the text surely names the same place elsewhere, a place in the same country, or one in its neighbourhood.

    A name in a headline in which every word has a capital counts only where the body has the place, too.
    """
    place = mention.name.place
    if place is None:
        return False
    if place in places:
        return True
    if mention.name.needs == "free":
        return False
    country, city = place
    countries = {found for found, _ in places}
    if country in countries:
        return True
    return city == 0 and not countries.isdisjoint(tables.neighbours.get(country, ()))


def _places(mentions: Iterable[Mention], given: PlacesInput, params: PlaceParams) -> tuple[Place, ...]:
    weights: dict[PlaceId, float] = {}
    counts: dict[PlaceId, int] = {}
    for mention in mentions:
        place = mention.name.place
        if place is not None and counts.get(place, 0) < params.max_mentions:
            weights[place] = weights.get(place, 0.0) + _weight(mention.start, given, params)
            counts[place] = counts.get(place, 0) + 1
    ranked = sorted(weights, key=lambda place: (-weights[place], place))[: params.max_places]
    return tuple([_place(place, weights[place], counts[place], params) for place in ranked])


def _weight(position: int, given: PlacesInput, params: PlaceParams) -> float:
    if position < given.headline_end:
        return params.headline_weight
    return params.lead_weight if position < given.body_start + params.lead_chars else 1.0


def _place(place: PlaceId, weight: float, mentions: int, params: PlaceParams) -> Place:
    tables = load_tables()
    country, city = place
    salience = round(weight / (weight + params.half_weight), 2)
    if city == 0:
        name = tables.countries["en"].get(country, country)
        return Place(kind="country", name=name, country=country, salience=salience, mentions=mentions)
    name = tables.city_facts[str(city)][0]
    return Place(kind="city", name=name, country=country, geonames_id=city, salience=salience, mentions=mentions)
