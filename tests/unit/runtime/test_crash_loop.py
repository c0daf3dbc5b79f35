"""What the mark that a worker left says to the next owner of its partition."""

import pytest
from msgspec.structs import replace

from pipeline.kafka_io.attempt_marks import HELD, NOTHING, AttemptMark
from pipeline.runtime.crash_loop import Care, CrashLoopParams, care_for, is_death, mark_of_new_owner

PARAMS = CrashLoopParams(suspects_after_death=100)


def _next(mark: AttemptMark, offset: int = 50, end: int = 1000) -> AttemptMark:
    return mark_of_new_owner(mark, offset, end, PARAMS)


@pytest.mark.parametrize("mark", [NOTHING, AttemptMark(deaths=1, until=90), AttemptMark(deaths=2, until=90, alone=1)])
def test_a_partition_that_was_handed_over_is_no_death_and_clears_nobody(mark: AttemptMark) -> None:
    assert not is_death(mark)
    assert _next(mark) == AttemptMark(held=True, deaths=mark.deaths, until=mark.until, alone=mark.alone)


def test_the_first_death_makes_suspects_of_what_may_have_been_in_the_unit() -> None:
    assert _next(HELD) == AttemptMark(held=True, deaths=1, until=150)
    assert _next(HELD, end=60).until == 60
    assert _next(HELD, end=50) == HELD
    assert care_for(_next(HELD)) is Care.MARKED


def test_a_death_without_an_attempt_at_the_suspects_does_not_count() -> None:
    mark = AttemptMark(held=True, deaths=1, until=90)
    assert not is_death(mark)
    assert _next(mark) == mark


def test_the_road_of_a_record_that_kills_its_worker() -> None:
    mark = _next(HELD)
    cares = []
    deaths = 1
    while care_for(mark, PARAMS) is not Care.NEVER:
        cares.append(care_for(mark, PARAMS))
        is_alone = cares[-1] is Care.ALONE
        mark = _next(replace(mark, trying=51 if is_alone else 80))
        deaths += 1
    assert cares == [Care.MARKED, Care.ALONE, Care.ALONE]
    assert deaths == 4
    assert mark.until == 80


def test_a_record_that_passes_acquits_itself_and_leaves_the_others_suspect() -> None:
    mark = AttemptMark(held=True, deaths=2, until=80, trying=51, alone=1)
    assert mark.passed(51, tried=True) == AttemptMark(held=True, deaths=2, until=80)
    assert mark.passed(51, tried=False).alone == 1
    assert mark.passed(80, tried=True) == HELD


def test_suspects_that_retention_removed_are_forgotten() -> None:
    assert _next(AttemptMark(held=True, deaths=2, until=40, alone=1)) == HELD


@pytest.mark.parametrize("mark", [NOTHING, HELD, AttemptMark(held=True, deaths=2, until=80, trying=51, alone=1)])
def test_a_mark_survives_the_metadata_of_an_offset(mark: AttemptMark) -> None:
    assert AttemptMark.decode(mark.encode()) == mark
    assert len(mark.encode()) < 100


def test_the_mark_of_every_commit_costs_nothing_to_encode() -> None:
    assert HELD.encode() is HELD.encode()
