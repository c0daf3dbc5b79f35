"""The published form of stories: counts, headline, velocity, and when a story is breaking."""

from msgspec.structs import replace

from pipeline.domain.story import Breaking, Story
from pipeline.stories.view import changes_of, describe
from tests.unit.stories.conftest import HOUR, MINUTE, QUAKE, QUAKE_TOO, SMALL, START, Log, sketch


def _story(log: Log, article: str) -> Story:
    story = log.story_of(article)
    assert isinstance(story, Story)
    return story


def _reports(log: Log, times: list[int]) -> None:
    for place, at in enumerate(times):
        log.append(sketch(f"a{len(log.records)}", QUAKE if place % 2 else QUAKE_TOO, at=at))


def test_counts_are_of_the_articles_in_the_window_and_the_total_of_all(log: Log) -> None:
    _reports(log, [START, START + 48 * HOUR, START + 90 * HOUR])
    story = _story(log, "a2")
    assert (story.articles, story.total, story.publisher_count) == (2, 3, 2)
    assert [(item.name, item.articles) for item in story.languages] == [("en", 2)]
    assert story.first_seen is not None
    assert story.first_seen < (story.last_seen or "")


def test_a_story_is_breaking_with_several_publishers_at_once_and_not_later(log: Log) -> None:
    _reports(log, [START, START + MINUTE])
    assert _story(log, "a0").breaking is None
    _reports(log, [START + 2 * MINUTE])
    assert _story(log, "a0").breaking == Breaking("new")
    _reports(log, [START + 5 * HOUR])
    assert _story(log, "a0").breaking is None


def test_a_surge_is_measured_against_the_past_of_the_story(log: Log) -> None:
    _reports(log, [START + hour * HOUR for hour in range(10)])
    assert _story(log, "a0").breaking is None
    _reports(log, [START + 11 * HOUR + place * MINUTE for place in range(6)])
    story = _story(log, "a0")
    assert story.breaking == Breaking("surge")
    assert story.velocity is not None
    assert (story.velocity.articles, story.velocity.usual) == (6, 0.9)  # ten articles in eleven begun hours


def test_publishers_of_one_site_are_one(log: Log) -> None:
    for place in range(4):
        log.append(sketch(f"a{place}", QUAKE, at=START + place, publisher="one.example"))
    assert _story(log, "a0").breaking is None


def test_lists_are_bounded_and_say_so() -> None:
    log = Log(replace(SMALL, max_counted=4, max_members=2))
    _reports(log, [START + place for place in range(6)])
    story = _story(log, "a0")
    assert (story.articles, len(story.members), story.overflow) == (4, 2, True)


def test_equal_records_make_equal_events(log: Log) -> None:
    _reports(log, [START, START + MINUTE])
    assert log.last is not None
    first = changes_of(log.stories, [log.last], pipeline_version="1")
    assert changes_of(log.stories, [log.last], pipeline_version="1") == first
    key = log.last.stories[0]
    assert first[1][0].value == describe(log.stories, key)
