"""`news-pipeline story`."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

from pipeline.domain.ids import ArticleId
from pipeline.domain.story import Story, StoryMembership
from pipeline.exit_codes import ExitCode
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.story_explanation import StoryExplanation, story_explanation
from pipeline.settings import load_settings
from pipeline.wire.codec import encode

__all__ = ["app", "lines_of"]

app = App(name="story", help="Explain the stories of articles.", result_action="return_value")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


@app.command
def explain(name: str, *, json_lines: Json = False) -> int:
    """Show why an article belongs to its story, and the story as it is now.

    Parameters
    ----------
    name:
        The id of an article (`id` in events), or of a story.
    """
    settings = load_settings()
    with consumer(settings.kafka, enable_auto_commit=False, group_id=None) as client:
        found = story_explanation(client, catalogue_for(settings), ArticleId(name))
    if found.membership is None and found.story is None:
        print(f"news-pipeline: nothing is recorded about an article or story {name}", file=sys.stderr)
        return ExitCode.CRASH
    print(encode(found).decode() if json_lines else "\n".join(lines_of(found)))
    return 0


def lines_of(found: StoryExplanation) -> list[str]:
    """Return what `explain` prints."""
    lines = [] if found.membership is None else _of_membership(found.membership)
    if found.merged is not None and found.story is not None:
        lines.append(f"story {found.merged} was merged into {found.story.story_id}")
    return lines if found.story is None else [*lines, *_of_story(found.story)]


def _of_membership(membership: StoryMembership) -> list[str]:
    lines = [f"article {membership.article_id}, revision {membership.revision}: {membership.how}"]
    lines.append(f"  story {membership.story_id}" if membership.story_id else "  in no story")
    if membership.score is not None:
        needed = "" if membership.threshold is None else f" of {membership.threshold} needed"
        vector = "not compared" if membership.vector is None else membership.vector
        lines.append(f"  score {membership.score}{needed}, in 1/1024: words {membership.words}, vector {vector}")
    if membership.nearest_id is not None:
        lines.append(f"  nearest article {membership.nearest_id}; shared: {', '.join(membership.shared) or 'no word'}")
    return lines


def _of_story(story: Story) -> list[str]:
    lines = [f"story {story.story_id}: {story.state}, {story.articles} articles of {story.publisher_count} publishers"]
    if story.headline is not None:
        lines.append(f"  {story.headline}")
    for name, counts in (("languages", story.languages), ("countries", story.countries), ("subjects", story.subjects)):
        if counts:
            lines.append(f"  {name}: " + ", ".join(f"{item.name} {item.articles}" for item in counts))
    if story.absorbed:
        lines.append(f"  merged from {', '.join(story.absorbed)}")
    if story.split_from is not None:
        lines.append(f"  split from {story.split_from}")
    if story.breaking is not None:
        lines.append(f"  breaking: {story.breaking.rule}")
    return lines
