"""Which story an article joins, and what happens to stories when articles change, leave and expire."""

from msgspec.structs import replace

from pipeline.domain.story import Story
from tests.unit.stories.conftest import (
    CUP,
    DAY,
    HOUR,
    MINUTE,
    QUAKE,
    QUAKE_TOO,
    SMALL,
    START,
    Log,
    meaning,
    sketch,
    withdrawal,
)


def test_reports_of_one_event_are_one_story_and_others_are_not(log: Log) -> None:
    first = log.append(sketch("a", QUAKE))
    other = log.append(sketch("b", CUP))
    second = log.append(sketch("c", QUAKE_TOO))
    assert first == second != other
    assert log.last is not None
    joined = log.last.memberships[0]
    assert (joined.how, joined.nearest_id) == ("similar", "a")
    assert {"valdor", "merane"} <= set(joined.shared)


def test_translations_are_one_story_by_their_vectors(log: Log) -> None:
    first = log.append(sketch("a", QUAKE, vector=meaning(1)))
    log.append(sketch("b", CUP, vector=meaning(2)))
    second = log.append(sketch("c", "Сильное землетрясение в Валдории", language="ru", vector=meaning(1, 1)))
    assert first == second
    assert log.append(sketch("d", "Победа в кубке гавани", language="ru", vector=meaning(3))) != first


def test_vectors_of_another_model_are_not_compared(log: Log) -> None:
    first = log.append(sketch("a", QUAKE, vector=meaning(1)))
    record = sketch("c", "Сильное землетрясение", language="ru", vector=meaning(1))
    assert record.vector is not None
    assert log.append(replace(record, vector=replace(record.vector, model="n"))) != first


def test_a_related_article_enters_the_story_of_its_cluster(log: Log) -> None:
    first = log.append(sketch("a", QUAKE))
    assert log.append(sketch("b", "Live: all updates", of="a")) == first
    assert log.last is not None
    assert log.last.memberships[0].how == "cluster"


def test_the_same_or_an_older_revision_changes_nothing(log: Log) -> None:
    log.append(sketch("a", QUAKE, revision=2))
    for revision in (1, 2):
        log.append(sketch("a", CUP, revision=revision))
        assert log.last is not None
        assert (log.last.memberships, log.last.stories) == ((), ())


def test_a_new_version_stays_or_moves_where_it_fits(log: Log) -> None:
    quake = log.append(sketch("a", QUAKE))
    log.append(sketch("b", QUAKE_TOO))
    cup = log.append(sketch("c", CUP))
    assert log.append(sketch("b", QUAKE_TOO + " today", revision=2)) == quake
    assert log.append(sketch("b", CUP + " again", revision=3)) == cup
    story = log.story_of("a")
    assert isinstance(story, Story)
    assert (story.articles, story.total) == (1, 1)


def test_an_article_that_is_alone_keeps_its_story_whatever_its_new_version_says(log: Log) -> None:
    first = log.append(sketch("a", QUAKE))
    assert log.append(sketch("a", CUP, revision=2)) == first


def test_a_withdrawn_article_leaves_and_a_story_without_articles_ends(log: Log) -> None:
    story = log.append(sketch("a", QUAKE))
    log.append(sketch("b", QUAKE_TOO))
    assert log.append(withdrawal("a")) is None
    assert log.last is not None
    assert (len(log.last.stories), log.last.ended) == (1, ())
    log.append(withdrawal("b"))
    assert [(ended.id, ended.into) for ended in log.last.ended] == [(story, None)]
    assert log.append(sketch("c", QUAKE_TOO)) != story


def test_an_article_founds_another_story_under_another_id_the_second_time(log: Log) -> None:
    first = log.append(sketch("a", QUAKE))
    log.append(withdrawal("a"))
    assert log.append(sketch("a", QUAKE, revision=3)) != first


def test_the_window_ends_and_nothing_of_it_stays(log: Log) -> None:
    first = log.append(sketch("a", QUAKE))
    log.append(sketch("b", QUAKE_TOO, at=START + HOUR))
    late = log.append(sketch("c", QUAKE_TOO, at=START + 5 * DAY))
    assert late != first
    table = log.stories.table
    assert (len(log.stories), len(table.numbers), len(table.open)) == (1, 1, 0)
    assert len(table.interners["publisher"]) == 2  # the empty text and one more


def test_no_article_joins_a_story_that_is_too_old(log: Log) -> None:
    names = [log.append(sketch(f"a{day}", QUAKE, at=START + day * 2 * DAY)) for day in range(6)]
    assert names[0] == names[3] != names[4] == names[5]


def test_an_article_in_between_merges_two_stories_into_the_older(log: Log) -> None:
    params = replace(SMALL, join=1200, merge=200)
    log = Log(params)
    first = log.append(sketch("a", QUAKE))
    second = log.append(sketch("b", QUAKE_TOO))
    assert first != second
    log.append(sketch("c", QUAKE))
    assert log.last is not None
    assert [(ended.id, ended.into) for ended in log.last.ended] == [(second, first)]
    assert [(change.story, change.absorbed) for change in log.last.memberships] == [(first, (second,))]
    story = log.story_of("b")
    assert isinstance(story, Story)
    assert (story.story_id, story.articles, story.absorbed) == (first, 3, (second,))


def test_a_story_of_two_events_is_split_and_the_new_one_says_of_what(log: Log) -> None:
    log.append(sketch("a0", QUAKE))
    for place in range(1, 8):
        log.append(sketch(f"a{place}", CUP if place > 3 else QUAKE, of="a0", at=START + place * MINUTE))
    assert log.last is not None
    moved = [change for change in log.last.memberships if change.how == "split"]
    assert sorted(change.article_id for change in moved) == ["a4", "a5", "a6", "a7"]
    old, new = log.story_of("a0"), log.story_of("a4")
    assert isinstance(old, Story)
    assert isinstance(new, Story)
    assert (old.articles, new.articles, new.split_from) == (4, 4, old.story_id)


def test_vectors_of_another_length_take_the_place_of_the_former(log: Log) -> None:
    log.append(sketch("a", QUAKE, vector=meaning(1)))
    first = log.append(sketch("b", CUP, vector=meaning(2) * 2))
    assert log.append(sketch("c", "Победа в кубке гавани", language="ru", vector=meaning(2) * 2)) == first
    log.append(sketch("d", "Землетрясение", language="ru", vector=meaning(1) * 40))  # too long to compare exactly
    assert log.last is not None
    assert log.last.memberships[0].how == "founded"
