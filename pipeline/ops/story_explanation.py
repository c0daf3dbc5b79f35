"""Why an article belongs to its story: its latest membership, and the present state of the story."""

from typing import Any

from msgspec import Struct

from pipeline.domain.ids import ArticleId, StoryId
from pipeline.domain.story import Story, StoryMembership
from pipeline.errors import ContractError
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of
from pipeline.wire.catalogue import MEMBERSHIPS, STORIES, Catalogue
from pipeline.wire.codec import decode_membership, decode_story

__all__ = ["StoryExplanation", "story_explanation"]


class StoryExplanation(Struct, frozen=True):
    """The membership of an article and the story that has it now; None for what is not there.

    merged: the story that was asked for, or that the article joined, if it was merged into `story` since.
    """

    membership: StoryMembership | None
    story: Story | None
    merged: StoryId | None = None


def story_explanation(client: Any, catalogue: Catalogue, name: str) -> StoryExplanation:
    """Look up an article, or a story by its id.

    Args:
        client: A consumer that nothing else uses.
        catalogue: The topics of the lane.
        name: The id of an article or of a story.
    """
    found = _latest(client, catalogue, MEMBERSHIPS, name)
    membership = None if found is None else _membership(found)
    wanted = StoryId(name) if membership is None else membership.story_id
    story = None if wanted is None else _story(client, catalogue, wanted)
    if story is None or story.merged_into is None:
        return StoryExplanation(membership, story)
    survivor = _story(client, catalogue, story.merged_into)
    return StoryExplanation(membership, survivor or story, None if survivor is None else story.story_id)


def _story(client: Any, catalogue: Catalogue, name: StoryId) -> Story | None:
    found = _latest(client, catalogue, STORIES, name)
    try:
        return None if found is None else decode_story(found)
    except ContractError:
        return None


def _membership(value: bytes) -> StoryMembership | None:
    try:
        return decode_membership(value)
    except ContractError:
        return None


def _latest(client: Any, catalogue: Catalogue, topic: str, key: ArticleId | StoryId | str) -> bytes | None:
    """Return the latest value of a key."""
    places = partitions_of(client, [catalogue.full_name(topic)])
    wanted, value = key.encode(), None
    for record in BoundedTopicReader(client, dict.fromkeys(places), lambda _: False).records():
        if record.key == wanted:
            value = record.value
    return value
