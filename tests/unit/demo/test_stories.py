"""What the demo shows of stories, and when it has all of them."""

from typing import Any

import orjson
from msgspec import Struct

from pipeline.demo.stories import StoryStates
from pipeline.wire.catalogue import load_catalogue


class Record(Struct):
    topic: str
    value: bytes


def event(article: str, revision: int = 1) -> Record:
    return Record("news.articles.enriched.v1", orjson.dumps({"id": article, "revision": revision}))


def membership(article: str, story: str | None, version: int, revision: int = 1) -> Record:
    value: dict[str, Any] = {"article_id": article, "revision": revision, "version": version}
    return Record("news.memberships.v1", orjson.dumps(value if story is None else {**value, "story_id": story}))


def story(name: str, version: int, articles: int, *languages: str, state: str = "open") -> Record:
    value: dict[str, Any] = {"story_id": name, "version": version, "state": state}
    if state == "open":
        counted = [{"name": language, "articles": 1} for language in languages]
        value |= {"articles": articles, "publisher_count": articles, "languages": counted, "headline": f"About {name}"}
    return Record("news.stories.v1", orjson.dumps(value))


def states(*records: Record) -> StoryStates:
    found = StoryStates(load_catalogue())
    for record in records:
        assert record.topic in found.topics
        found.add(record)
    return found


def test_it_is_complete_when_every_event_has_its_story() -> None:
    assert not states().complete
    records = [event("a"), event("b"), event("b", 2), membership("a", "s", 3), membership("b", "s", 4)]
    assert not states(*records, story("s", 4, 2)).complete  # the new version has none yet
    records.append(membership("b", None, 7, revision=2))
    assert not states(*records).complete
    assert not states(*records, story("s", 2, 1)).complete
    assert states(*records, story("s", 4, 2), story("s", 7, 1), story("s", 3, 1)).complete


def test_it_is_complete_only_if_the_articles_of_stories_are_those_that_have_one() -> None:
    records = [event("a"), event("b"), membership("a", "s", 3), membership("b", "t", 4)]
    assert not states(*records, story("s", 3, 1), story("t", 4, 2)).complete
    assert states(*records, story("s", 3, 1), story("t", 4, 1)).complete
    merged = [membership("b", "s", 9, revision=2), story("s", 9, 2)]
    assert not states(*records, story("t", 4, 1), *merged).complete  # what it left is still to come
    assert states(*records, story("t", 4, 1), *merged, story("t", 9, 0, state="merged")).complete


def test_it_shows_the_stories_in_most_languages_first() -> None:
    found = states(
        membership("a", "s", 1),
        membership("b", "t", 2),
        story("s", 1, 2, "en"),
        story("t", 2, 3, "en", "de"),
        story("single", 3, 1, "fr"),
        story("old", 4, 0, state="merged"),
    )
    assert found.describe() == (
        "stories  3 of 2 articles, 2 of them with several, such as:\n"
        "         About t\n"
        "         3 articles, 3 publishers, in de, en\n"
        "         About s\n"
        "         2 articles, 2 publishers, in en"
    )
