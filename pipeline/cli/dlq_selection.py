"""Which dead letters a command is about, as its options say."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from pipeline.cli.exits import UsageError
from pipeline.cli.times import read_time
from pipeline.domain.outcome import REJECT_REASONS
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.dead_letters import Matching, dead_letters, dead_letters_of
from pipeline.settings import Settings
from pipeline.wire.catalogue import Catalogue
from pipeline.wire.replays import DeadLetter, Place

__all__ = ["Selection", "found_letters", "read_place"]


def _any_of(text: str) -> Any:
    return Parameter(negative_iterable="", help=text)


@Parameter(name="*")
@dataclass(frozen=True)
class Selection:
    """Which dead letters; every option narrows it, and one that is repeated takes any of its values."""

    stage: Annotated[tuple[str, ...], _any_of("Stage that rejected them; all by default.")] = ()
    reason: Annotated[tuple[str, ...], _any_of("Reason, such as `invalid_json` or `unexpected`.")] = ()
    exception: Annotated[tuple[str, ...], _any_of("Class of the exception, without its module.")] = ()
    key: Annotated[tuple[str, ...], _any_of("Key of the original: an article's id.")] = ()
    source: Annotated[tuple[str, ...], _any_of("Topic the original was read from.")] = ()
    place: Annotated[tuple[str, ...], _any_of("Place of a dead letter: topic/partition/offset.")] = ()
    since: Annotated[str | None, Parameter(name="--from", help="Died at this time or later.")] = None
    until: Annotated[str | None, Parameter(name="--until", help="Died before this time; now by default.")] = None

    def topics(self, catalogue: Catalogue) -> list[str]:
        """Return the dead-letter topics to look through."""
        unknown = [stage for stage in self.stage if stage not in catalogue.stages]
        if unknown:
            raise UsageError(f"no stage {unknown[0]}; stages are {', '.join(catalogue.stages)}")
        return dead_letters_of(catalogue, self.stage)

    def matching(self, catalogue: Catalogue) -> Matching:
        """Return what tells whether a dead letter is meant."""
        unknown = sorted(set(self.reason) - set(REJECT_REASONS))
        if unknown:
            raise UsageError(f"no reason {unknown[0]}; reasons are {', '.join(REJECT_REASONS)}")
        until = None if self.until == "now" else self.until
        return Matching(
            reasons=frozenset(self.reason),
            exceptions=frozenset(self.exception),
            keys=frozenset(self.key),
            sources=frozenset(catalogue.topic(name).name for name in self.source),
            places=frozenset(read_place(text) for text in self.place),
            since_ms=read_time(self.since, "--from") if self.since is not None else None,
            until_ms=read_time(until, "--until") if until is not None else None,
        )


@contextmanager
def found_letters(
    settings: Settings, selection: Selection, now_ms: int | None = None
) -> Iterator[tuple[Iterator[DeadLetter], Any]]:
    """Give the dead letters that are meant, and the client that reads them."""
    catalogue = catalogue_for(settings)
    topics, matching = selection.topics(catalogue), selection.matching(catalogue)
    until_ms = int(time.time() * 1000) if now_ms is None else now_ms
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        yield filter(matching, dead_letters(client, topics, until_ms)), client


def read_place(text: str) -> Place:
    """Return the place of a dead letter as people type it; raises UsageError for what is none."""
    try:
        return Place.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
