"""What the text of an article is about by its words: the places it names, and its keywords."""

from collections import Counter

from msgspec import Struct

from pipeline.domain.place import Place
from pipeline.text.facts.words import words_of
from pipeline.text.keywords import find_keywords, keywords_input
from pipeline.text.places.finding import PlacesInput, find_places
from pipeline.text.places.params import PLACE_PARAMS, PlaceParams

__all__ = ["ContentFacts", "find_content_facts"]


class ContentFacts(Struct, frozen=True):
    """Places and keywords, each the most prominent first."""

    places: tuple[Place, ...] = ()
    keywords: tuple[str, ...] = ()


_NO_FACTS = ContentFacts()


def find_content_facts(
    *, headline: str, subheadline: str | None, body: str, language: str | None, params: PlaceParams = PLACE_PARAMS
) -> ContentFacts:
    """Return what the beginning of a text names and repeats; nothing where its language is not known."""
    if language is None or language in ("und", "mul"):
        return _NO_FACTS
    text = f"{headline}\n{subheadline or ''}\n{body[: params.max_body_chars]}"
    words = words_of(text)
    counts = Counter(words)
    given = PlacesInput(
        text=text,
        headline_end=len(headline),
        body_start=len(headline) + len(subheadline or "") + 2,
        words=counts,
        language=language,
    )
    words_input = keywords_input(text, len(headline), language, counts)
    return ContentFacts(find_places(given), find_keywords(words_input))
