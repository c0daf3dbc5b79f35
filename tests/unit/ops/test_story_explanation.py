"""Why an article belongs to its story, found on topics whose records are in memory."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.cli import story as command
from pipeline.domain.ids import ArticleId, StoryId
from pipeline.domain.record import Record
from pipeline.domain.story import Story, StoryMembership
from pipeline.domain.times import from_epoch_ms
from pipeline.ops import story_explanation as explanation
from pipeline.ops.story_explanation import StoryExplanation, story_explanation
from pipeline.wire.catalogue import MEMBERSHIPS, STORIES, load_catalogue
from pipeline.wire.codec import encode

CATALOGUE = load_catalogue()


def membership(story: str | None, version: int, vector: int | None = None) -> StoryMembership:
    return StoryMembership(
        article_id=ArticleId("a"),
        story_id=None if story is None else StoryId(story),
        revision=1,
        version=version,
        how="similar",
        score=500,
        threshold=320,
        words=400,
        vector=vector,
        nearest_id=ArticleId("b"),
        shared=("valdor",),
        ingested_at=from_epoch_ms(0),
    )


def state(name: str, version: int, into: str | None = None) -> Story:
    return Story(
        story_id=StoryId(name),
        version=version,
        state="open" if into is None else "merged",
        merged_into=None if into is None else StoryId(into),
        articles=0 if into else 3,
        publisher_count=0 if into else 2,
        window_secs=1,
    )


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, bytes | None]]]:
    """Keys and values of the records of each topic, which the test fills."""
    found: dict[str, list[tuple[str, bytes | None]]] = {}

    class Reader:
        def __init__(self, client: Any, starts: dict[str, None], is_later: Any) -> None:
            self._topics = list(starts)

        def records(self) -> Iterator[Record]:
            for topic in self._topics:
                for offset, (key, value) in enumerate(found.get(topic, ())):
                    yield Record(topic, 0, offset, 0, key.encode(), value, ())

    monkeypatch.setattr(explanation, "partitions_of", lambda _, names: names)
    monkeypatch.setattr(explanation, "BoundedTopicReader", Reader)
    return found


def explained(name: str) -> StoryExplanation:
    return story_explanation(None, CATALOGUE, name)


def test_the_latest_records_of_an_article_and_its_story_count(topics: dict[str, Any]) -> None:
    topics[CATALOGUE.full_name(MEMBERSHIPS)] = [
        ("a", encode(membership("s-1", 1))),
        ("b", b"other"),
        ("a", encode(membership("s-2", 2))),
    ]
    topics[CATALOGUE.full_name(STORIES)] = [("s-2", encode(state("s-2", 1))), ("s-2", encode(state("s-2", 2)))]
    found = explained("a")
    assert found.membership == membership("s-2", 2)
    assert found.story is not None
    assert (found.story.story_id, found.story.version, found.merged) == ("s-2", 2, None)


def test_a_merged_story_leads_to_the_one_that_has_its_articles(topics: dict[str, Any]) -> None:
    topics[CATALOGUE.full_name(MEMBERSHIPS)] = [("a", encode(membership("s-2", 1)))]
    topics[CATALOGUE.full_name(STORIES)] = [("s-2", encode(state("s-2", 2, "s-1"))), ("s-1", encode(state("s-1", 2)))]
    for name in ("a", "s-2"):
        found = explained(name)
        assert found.story is not None
        assert (found.story.story_id, found.merged) == ("s-1", "s-2")
        assert "story s-2 was merged into s-1" in command.lines_of(found)


def test_what_is_not_there_is_none(topics: dict[str, Any]) -> None:
    topics[CATALOGUE.full_name(MEMBERSHIPS)] = [("a", encode(membership(None, 1))), ("b", None)]
    assert explained("b") == StoryExplanation(None, None)
    found = explained("a")
    assert (found.membership, found.story) == (membership(None, 1), None)
    assert command.lines_of(found)[1] == "  in no story"


def test_the_lines_say_what_decided() -> None:
    lines = command.lines_of(StoryExplanation(membership("s-1", 1), None))
    assert lines[2] == "  score 500 of 320 needed, in 1/1024: words 400, vector not compared"
    assert lines[3] == "  nearest article b; shared: valdor"
    assert "vector 900" in command.lines_of(StoryExplanation(membership("s-1", 1, 900), None))[2]
