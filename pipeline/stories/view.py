"""The published forms: the membership of an article, and a story with its counts, velocity and headline."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.ids import event_id
from pipeline.domain.story import Breaking, Counted, Story, StoryArticle, StoryEvent, StoryMembership, Velocity
from pipeline.domain.times import from_epoch_ms
from pipeline.stories.fold import Ended, Folded, Stories, StoryChange
from pipeline.stories.params import StoryParams
from pipeline.stories.state import Note

__all__ = ["EVENT_TYPE", "changes_of", "describe", "describe_ended", "membership_of", "story_event"]

EVENT_TYPE: Final = "news.story.changed.v1"
_HOUR_MS: Final = 3_600_000


def membership_of(change: StoryChange, position: int, params: StoryParams) -> StoryMembership:
    """Return the published membership of an article.

    Args:
        change: What the fold changed.
        position: Offset in the log of the record that changed it.
        params: The thresholds that decided.
    """
    scored = change.scored
    return StoryMembership(
        article_id=change.article_id,
        story_id=change.story,
        revision=change.revision,
        version=position,
        how=change.how,
        score=None if scored is None else scored.score,
        threshold={"similar": params.join, "stayed": params.stay if scored else None}.get(change.how),
        words=None if scored is None else scored.words,
        vector=None if scored is None or scored.vector < 0 else scored.vector,
        nearest_id=change.nearest_id,
        shared=change.shared,
        absorbed=change.absorbed,
        ingested_at=from_epoch_ms(change.ingested_at_ms),
    )


def story_event(story: Story, ingested_at_ms: int, *, lane: str, pipeline_version: str) -> StoryEvent:
    """Return the event about a change of a story. Equal changes make equal events.

    Args:
        story: The story.
        ingested_at_ms: When the article that caused the change was ingested, in epoch milliseconds.
        lane: The lane of the log, "" for live traffic.
        pipeline_version: The release, which is part of the event's id.
    """
    return StoryEvent(
        id=event_id(lane, story.story_id, story.version, EVENT_TYPE, pipeline_version),
        time=from_epoch_ms(ingested_at_ms),
        value=story,
    )


def changes_of(
    stories: Stories, folded: Sequence[Folded], *, pipeline_version: str
) -> tuple[list[StoryMembership], list[StoryEvent]]:
    """Return the memberships that records changed, and the states in which they leave the stories.

    Args:
        stories: The fold.
        folded: What the last records changed.
        pipeline_version: The release, which is part of the ids of events.
    """
    memberships = [
        membership_of(change, item.position, stories.params) for item in folded for change in item.memberships
    ]
    lane = stories.table.lane
    # The last record that touched a story gives its event the time; a story that has ended since has its own event.
    touched = {key: item.ingested_at_ms for item in folded for key in item.stories}
    events = [
        story_event(describe(stories, key), ingested_at_ms, lane=lane, pipeline_version=pipeline_version)
        for key, ingested_at_ms in touched.items()
        if stories.table.has(key)
    ]
    events += [
        story_event(
            describe_ended(ended, item, stories.params),
            item.ingested_at_ms,
            lane=lane,
            pipeline_version=pipeline_version,
        )
        for item in folded
        for ended in item.ended
    ]
    return memberships, events


def describe_ended(ended: Ended, folded: Folded, params: StoryParams) -> Story:
    """Return the published form of a story that has no articles any more."""
    return Story(
        story_id=ended.id,
        version=folded.position,
        supersedes=ended.supersedes,
        state="empty" if ended.into is None else "merged",
        merged_into=ended.into,
        window_secs=params.window_secs,
    )


def describe(stories: Stories, key: int) -> Story:
    """Return the published form of a story that has articles."""
    table, params, rows = stories.table, stories.params, stories.table.rows
    story = table.story(key)
    members = table.members(key, params.max_counted + 1)
    overflow = len(members) > params.max_counted
    members = members[-params.max_counted :]
    notes = [table.note(number) for number in members[-params.max_members :].tolist()]
    names = {name: _named(stories, name, members) for name in ("publisher", "language", "country", "subject")}
    counted = {name: _counted(found, params.max_listed) for name, found in names.items()}
    velocity = _velocity(rows.column("time_ms", members), names["publisher"], stories.time_ms)
    chosen = _headline(notes)
    return Story(
        story_id=story.id,
        version=story.version,
        supersedes=None if story.supersedes < 0 else story.supersedes,
        state="open",
        absorbed=story.absorbed,
        split_from=story.split_from,
        headline=chosen.headline or None,
        headline_id=chosen.article_id if chosen.headline else None,
        first_seen=from_epoch_ms(story.first_ms),
        last_seen=from_epoch_ms(max(note.ingested_at_ms for note in notes)),
        articles=len(members),
        total=story.articles,
        publisher_count=len(set(names["publisher"]) - {""}),
        publishers=counted["publisher"],
        languages=counted["language"],
        countries=counted["country"],
        subjects=counted["subject"],
        velocity=velocity,
        breaking=_breaking(velocity, stories.time_ms - story.first_ms, params),
        members=tuple(
            StoryArticle(
                article_id=note.article_id,
                headline=note.headline,
                publisher=publisher or None,
                language=language or None,
                ingested_at=from_epoch_ms(note.ingested_at_ms),
            )
            for note, publisher, language in zip(
                notes, names["publisher"][-len(notes) :], names["language"][-len(notes) :], strict=True
            )
        ),
        overflow=overflow,
        window_secs=params.window_secs,
    )


def _named(stories: Stories, name: str, members: NDArray[np.int64]) -> list[str]:
    """Return a text of each member."""
    interner = stories.table.interners[name]
    return [interner.text(number) for number in stories.table.rows.column(name, members).tolist()]


def _counted(names: Sequence[str], most: int) -> tuple[Counted, ...]:
    """Return names with their number, most first, and of equal numbers in the order of the alphabet."""
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    found.pop("", None)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Counted(name, count) for name, count in ordered[:most])


def _velocity(times: NDArray[Any], publishers: Sequence[str], now_ms: int) -> Velocity:
    """Return the articles and publishers of the last hour, and the mean number of articles in the hours before it."""
    recent = times > now_ms - _HOUR_MS
    earlier = len(times) - int(recent.sum())
    hours = max(-(-(now_ms - _HOUR_MS - int(times[0])) // _HOUR_MS), 1)
    names = {name for name, is_recent in zip(publishers, recent.tolist(), strict=True) if is_recent and name}
    # In hundredths: a quotient of whole numbers is rounded alike everywhere.
    return Velocity(len(times) - earlier, len(names), earlier * 100 // hours / 100)


def _breaking(velocity: Velocity, age_ms: int, params: StoryParams) -> Breaking | None:
    if velocity.publishers < params.breaking_publishers:
        return None
    if age_ms <= params.breaking_new_hours * _HOUR_MS:
        return Breaking("new")
    if velocity.articles >= params.breaking_factor * max(velocity.usual, 1.0):
        return Breaking("surge")
    return None


def _headline(notes: Sequence[Note]) -> Note:
    """Return the latest of the articles whose headlines share most words with those of the others."""
    words = [set(note.headline.casefold().split()) for note in notes]
    shared = [sum(len(own & other) for other in words) - len(own) for own in words]
    best = max(range(len(notes)), key=lambda place: (shared[place], place))
    return notes[best]
