"""The options that select dead letters, and the dead letters that they select."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from pipeline.cli.arguments import UsageError, read_time
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
    """Selects dead letters: all options must match; of an option that is repeated, one value must match."""

    stage: Annotated[tuple[str, ...], _any_of("Stage that rejected the record; all by default.")] = ()
    reason: Annotated[tuple[str, ...], _any_of("Reason, such as `invalid_json` or `unexpected`.")] = ()
    exception: Annotated[tuple[str, ...], _any_of("Exception that the stage raised, such as `KeyError`.")] = ()
    key: Annotated[tuple[str, ...], _any_of("Key of the original record: an article's id.")] = ()
    source: Annotated[tuple[str, ...], _any_of("Topic that the original record was read from.")] = ()
    place: Annotated[tuple[str, ...], _any_of("Place of a dead letter: topic/partition/offset.")] = ()
    since: Annotated[str | None, Parameter(name="--from", help="Rejected at this time or later.")] = None
    until: Annotated[str | None, Parameter(name="--until", help="Rejected before this time; now by default.")] = None

    def topics(self, catalogue: Catalogue) -> list[str]:
        """Return the dead-letter topics to read."""
        unknown = [stage for stage in self.stage if stage not in catalogue.stages]
        if unknown:
            raise UsageError(f"no stage {unknown[0]}; stages are {', '.join(catalogue.stages)}")
        return dead_letters_of(catalogue, self.stage)

    def matching(self, catalogue: Catalogue) -> Matching:
        """Return the filter of the records of these topics."""
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
    """Yield the selected dead letters, and the client that reads them."""
    catalogue = catalogue_for(settings)
    topics, matching = selection.topics(catalogue), selection.matching(catalogue)
    until_ms = int(time.time() * 1000) if now_ms is None else now_ms
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        yield filter(matching, dead_letters(client, topics, until_ms)), client


def read_place(text: str) -> Place:
    """Parse topic/partition/offset.

    Raises:
        UsageError: The text has another form.
    """
    try:
        return Place.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
