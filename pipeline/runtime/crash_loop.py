"""A record that kills its worker is noticed, worked on alone, and becomes a dead letter.

Bad input never raises from a stage, but it may take a process with it: memory that the kernel refuses, a crash in
native code, a hang that the watchdog ends. The record is then read again by the next owner, for ever. The attempt marks
of `pipeline.kafka_io.attempt_marks` say what a worker that died was working on:

1. The first death makes suspects of the records that may have been in its unit. Until they have passed, each unit is
   marked before it is worked on.
2. If a worker dies with a marked unit, its records are worked on one by one, each marked, and nothing else beside it.
3. A record that two workers died of alone becomes a dead letter without being looked at again.

A worker that is killed from outside leaves suspects too. They pass at once and cost a commit for each unit. Only a
record at which workers died four times in a row, twice of them with nothing else in hand, is taken for the cause.
"""

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from pipeline.domain.outcome import Reject
from pipeline.kafka_io.attempt_marks import AttemptMark

__all__ = ["KILLS_WORKER", "Care", "CrashLoopParams", "care_for", "is_death", "mark_of_new_owner"]


class CrashLoopParams(Struct, frozen=True, kw_only=True):
    """When deaths are taken for a record's doing."""

    deaths_together: int = 2
    """Deaths after which suspects are worked on alone. Chosen: one is what every deployment, node failure or operator
    causes; a second one at the same unit is rarely chance."""
    deaths_alone: int = 2
    """Deaths alone after which a record becomes a dead letter. Chosen: the first may still be a kill from outside,
    which always hits some record; the same record twice is hit only by its own doing, or at a rate of kills that lets
    nothing pass."""
    suspects_after_death: int = 2000
    """Most offsets after a committed one that may have been in the unit of a worker that died without a mark: twice
    NEWS_WORK__MAX_BATCH_RECORDS, because transaction markers take offsets too."""


PARAMS = CrashLoopParams()

KILLS_WORKER = Reject("kills_worker", "workers that worked on this record and on nothing else died repeatedly")


class Care(Enum):
    """How the next records of a partition are worked on."""

    NONE = "without marks"
    MARKED = "marked"
    ALONE = "marked, one at a time and nothing beside it"
    NEVER = "not any more"


def care_for(mark: AttemptMark, params: CrashLoopParams = PARAMS) -> Care:
    """Return how the records after a committed offset are to be worked on, given its mark."""
    if mark.alone >= params.deaths_alone:
        return Care.NEVER
    if mark.deaths >= params.deaths_together:
        return Care.ALONE
    return Care.MARKED if mark.deaths else Care.NONE


def is_death(mark: AttemptMark) -> bool:
    """Return whether the former owner of a partition died, and was perhaps working on it, given the mark it left."""
    return mark.held and (mark.deaths == 0 or mark.trying > 0)


def mark_of_new_owner(mark: AttemptMark, offset: int, end: int, params: CrashLoopParams = PARAMS) -> AttemptMark:
    """Return the mark with which a lease begins.

    Args:
        mark: The mark that was found with the committed offset.
        offset: The committed offset.
        end: Offset after the last record of the partition: nobody can have worked on later ones.
        params: When deaths count.
    """
    found = replace(mark, held=True, trying=0)
    if is_death(mark):
        if mark.deaths == 0:
            found = replace(found, deaths=1, until=min(offset + params.suspects_after_death, end))
        elif mark.deaths < params.deaths_together:
            found = replace(found, deaths=mark.deaths + 1, until=mark.trying)
        else:
            found = replace(found, alone=mark.alone + 1)
    return found if offset < found.until else AttemptMark(held=True, log=mark.log)
