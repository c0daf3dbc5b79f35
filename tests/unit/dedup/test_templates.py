"""Articles from one template are no copies at any source, and have clusters of their own (fold 2)."""

import pytest

from pipeline.domain.changes import ArticleFacts
from pipeline.text.facts.article_facts import article_facts
from tests.unit.dedup.test_changes import WORDS, Add, add

__all__ = ["add"]

_NOTICE = (
    "The water board gives notice that {street} is closed from Monday on. {person} answers questions about the works "
    "in {street}. " + " ".join(WORDS[:120])
)
_FIRST = {"street": "Millbrook", "person": "Robert Tanner"}
_SECOND = {"street": "Dunmere", "person": "Alice Morrow"}


def _facts(headline: str, body: str) -> dict[str, object]:
    facts = article_facts(headline=headline, paragraphs=[body])
    defaults = ArticleFacts()
    found = {name: getattr(facts, name) for name in ArticleFacts.__struct_fields__ if name != "headline"}
    return {name: value for name, value in found.items() if value != getattr(defaults, name)}


def _published(add: Add, article: str, headline: str, body: str, source: str) -> tuple[str, str]:
    verdict = add(article, headline, body, source, **_facts(headline, body))
    return verdict.kind, verdict.cluster_id


@pytest.mark.parametrize("source", ["a.example", "b.example"])
@pytest.mark.parametrize("headline", ["Road works in {street} until autumn", "{person} and the works in {street}"])
def test_other_names_in_headline_and_text_are_another_event_at_any_source(add: Add, source: str, headline: str) -> None:
    assert _published(add, "a", headline.format(**_FIRST), _NOTICE.format(**_FIRST), "a.example") == ("unique", "c-a")
    assert _published(add, "b", headline.format(**_SECOND), _NOTICE.format(**_SECOND), source) == ("unique", "c-b")


@pytest.mark.parametrize("source", ["a.example", "b.example"])
def test_other_numbers_in_headline_and_text_are_another_event(add: Add, source: str) -> None:
    text = "The numbers {numbers} were drawn on Wednesday. " + " ".join(WORDS[:120])
    for article, publisher, numbers in (("a", "a.example", "12 17 31"), ("b", source, "14 28 44")):
        headline = f"Lottery draw: the numbers are {numbers}"
        found = _published(add, article, headline, text.format(numbers=numbers), publisher)
        assert found == ("unique", f"c-{article}")


def test_a_copy_with_another_headline_a_dateline_or_a_mended_name_is_a_copy(add: Add) -> None:
    text = _NOTICE.format(**_FIRST)
    add("a", "Millbrook is closed from Monday", text, **_facts("Millbrook is closed from Monday", text))
    copies = [
        ("Detour ahead of Dunmere festival", text),
        ("Millbrook is closed from Monday", f"DUNMERE (Northern Press) - {text}"),
        ("Millbrook is closed from Monday", text.replace("Tanner", "Turner")),
        ("Turner explains the works", text.replace("Tanner", "Turner").replace(WORDS[7], WORDS[207])),
    ]
    for number, (headline, copied) in enumerate(copies):
        kind, cluster = _published(add, f"b{number}", headline, copied, f"b{number}.example")
        assert (kind in ("exact", "near"), cluster) == (True, "c-a"), headline


def test_numbers_of_headlines_alone_do_not_tell_a_copy_apart(add: Add) -> None:
    text = " ".join(WORDS[:120])
    add("a", f"{WORDS[3]} {WORDS[9]} in 14 {WORDS[12]}", text)
    copied = text.replace(WORDS[60], WORDS[260])
    assert add("b", f"{WORDS[3]} {WORDS[9]} for 28 {WORDS[12]}", copied, "b.example").kind == "near"


def test_an_episode_with_the_same_text_has_a_cluster_of_its_own(add: Add) -> None:
    text = " ".join(WORDS[:120])
    kinds = [add(f"a{number}", f"Harbour podcast, episode {number}", text) for number in (40, 66)]
    assert [(verdict.kind, verdict.cluster_id) for verdict in kinds] == [("unique", "c-a40"), ("unique", "c-a66")]


def test_up_and_down_have_clusters_of_their_own(add: Add) -> None:
    text = "Shares in Tarnmouth closed {way} on Monday. " + " ".join(WORDS[:120])
    for way in ("higher", "lower"):
        kind, cluster = _published(add, way, f"Shares in Tarnmouth close {way}", text.format(way=way), "a.example")
        assert (kind, cluster) == ("unique", f"c-{way}")


def test_an_update_under_a_new_url_stays_in_the_cluster(add: Add) -> None:
    text = " ".join(WORDS[:120])
    add("a", "Quake in the valley", text)
    verdict = add("b", "Quake in the valley", f"{text} {' '.join(WORDS[200:240])}")
    assert (verdict.kind, verdict.cluster_id) == ("related", "c-a")


def test_a_rewritten_headline_over_nearly_the_same_text_stays_in_the_cluster(add: Add) -> None:
    text = " ".join(WORDS[:120])
    add("a", " ".join(WORDS[3:9]), text)
    verdict = add("b", " ".join(WORDS[40:46]), text.replace(WORDS[60], WORDS[260]))
    assert (verdict.kind, verdict.cluster_id) == ("related", "c-a")
