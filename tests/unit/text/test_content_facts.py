"""Places and keywords of texts."""

import pytest

from pipeline.domain.place import Place
from pipeline.text.content_facts import ContentFacts, find_content_facts
from pipeline.text.places.params import PLACE_PARAMS


def _places(language: str, headline: str, body: str) -> tuple[Place, ...]:
    return find_content_facts(headline=headline, subheadline=None, body=body, language=language).places


def _named(language: str, headline: str, body: str) -> list[tuple[str, str]]:
    return [(place.kind, place.name) for place in _places(language, headline, body)]


@pytest.mark.parametrize(
    ("headline", "body"),
    [
        ("Georgia votes", "Georgia held a runoff for the state senate."),
        ("Jordan scores forty", "Jordan left the floor. His coach praised Jordan."),
        ("Chad wins the quiz", "Chad answered every question."),
        ("Turkey for dinner", "Turkey is dearer than last year, and a turkey feeds ten."),
        ("Washington opens a wing", "Denise Washington paid for it. Washington was moved."),
        ("Villa sold", "Paris Hilton sold her villa."),
        ("Guinea pig show", "Every Guinea pig got a prize."),
    ],
)
def test_a_name_with_another_meaning_is_no_place(headline: str, body: str) -> None:
    assert _places("en", headline, body) == ()


def test_a_place_nearby_supports_such_a_name() -> None:
    assert ("country", "Georgia") in _named("en", "Georgia signs", "A line through Georgia to Armenia will open.")
    assert ("country", "Chad") in _named("en", "Chad closes its border", "Fighters came to Chad from Sudan.")


def test_the_headline_weighs_more_and_a_city_has_its_country() -> None:
    first, second = _places("en", "France plans", "A minister in Berlin heard of it.")
    assert (first.country, first.mentions, first.salience) == ("FR", 1, 0.5)
    assert (second.kind, second.country) == ("city", "DE")
    assert second.salience < first.salience
    assert second.geonames_id is not None


def test_what_is_far_in_the_body_is_not_read() -> None:
    assert _places("en", "A dock", "x " * PLACE_PARAMS.max_body_chars + "France") == ()


def test_a_longer_name_hides_the_one_within() -> None:
    assert _named("en", "Vote", "They voted in Papua New Guinea.") == [("country", "Papua New Guinea")]
    assert _named("en", "Rain", "It rained in New Mexico.") == []


def test_english_writes_cities_without_accents() -> None:
    assert _named("en", "Rain", "It rained in Montreal and Bogota.") == [("city", "Montréal"), ("city", "Bogotá")]
    assert _named("en", "Rain", "It rained in Quebec.") == []


def test_a_japanese_prefecture_is_no_city() -> None:
    assert _named("ja", "大雨", "福岡県で大雨が降った。") == []
    assert _named("ja", "大雨", "福岡で大雨が降った。") == [("city", "Fukuoka")]


def test_without_a_language_nothing_is_found() -> None:
    for language in (None, "und", "mul", "xx"):
        facts = find_content_facts(headline="France", subheadline=None, body="France France", language=language)
        assert facts == ContentFacts()


def test_keywords_are_repeated_and_rare() -> None:
    facts = find_content_facts(
        headline="Ferry starts",
        subheadline=None,
        body="The ferry leaves at six. The people of the people waited for the ferry at the harbour, a small harbour.",
        language="en",
    )
    assert facts.keywords[0].lower() == "ferry"
    assert "harbour" in facts.keywords
    assert not {"the", "people"} & set(facts.keywords)
