"""Stories: the articles about one event, in any language, and the membership of each article."""

from typing import Literal

from msgspec import Struct

from pipeline.domain.ids import ArticleId, EventId, StoryId

__all__ = [
    "Breaking",
    "BreakingRule",
    "Counted",
    "HowJoined",
    "Story",
    "StoryArticle",
    "StoryEvent",
    "StoryMembership",
    "StoryState",
    "Velocity",
]

HowJoined = Literal["founded", "similar", "cluster", "stayed", "split", "withdrawn"]
"""Why an article belongs to its story: it is the first; it resembles the story's articles; it is in the cluster of one
of them; a new version still fits; the story was split. A `withdrawn` article belongs to none."""

StoryState = Literal["open", "merged", "empty"]
"""Of a story: it has articles; its articles belong to the story `merged_into`; all its articles left or were
withdrawn."""

BreakingRule = Literal["new", "surge"]
"""Why a story is breaking: several publishers within a short time after its first article, or far more articles in the
last hour than in its hours before."""


class StoryMembership(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of news.memberships.v1: the story of an article, and why.

    story_id: the story; None once the article was withdrawn. If it was merged, its record says into which.
    absorbed: stories that were merged into it until then, the latest 100.
    revision: of the article.
    version: offset in news.sketches.v1 of the record that made the membership.
    how: why it belongs to it.
    score, threshold: the score that decided and what it took, in units of 1/1024.
    words, vector: similarity of terms and of vectors with the nearest article, in 1/1024; None without vectors.
    nearest_id: the most similar article of the story.
    shared: terms that both have, the most telling first.
    ingested_at: when the article was ingested, RFC 3339.
    """

    article_id: ArticleId
    story_id: StoryId | None = None
    revision: int
    version: int
    how: HowJoined
    score: int | None = None
    threshold: int | None = None
    words: int | None = None
    vector: int | None = None
    nearest_id: ArticleId | None = None
    shared: tuple[str, ...] = ()
    ingested_at: str
    absorbed: tuple[StoryId, ...] = ()


class Counted(Struct, frozen=True):
    """A name and the number of articles that have it."""

    name: str
    articles: int


class StoryArticle(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article of a story."""

    article_id: ArticleId
    headline: str
    publisher: str | None = None
    language: str | None = None
    ingested_at: str


class Velocity(Struct, frozen=True):
    """Articles and publishers of the last hour, and the mean of articles per hour before it."""

    articles: int
    publishers: int
    usual: float


class Breaking(Struct, frozen=True):
    """That a story is breaking, and the rule that says so."""

    rule: BreakingRule


class Story(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value of news.stories.v1: one story according to the articles of the last `window_secs`.

    version: offset in news.sketches.v1 of the record that made this state; supersedes: of the one before.
    merged_into: the story that its articles belong to; never one that was merged itself.
    absorbed: stories that were merged into it, the latest 100.
    split_from: the story that it was a part of.
    headline, headline_id: the headline of the article that most resembles the others, and that article.
    first_seen, last_seen: when its first and last article were ingested, RFC 3339.
    articles: number of articles in the window; total: since the beginning.
    publishers, languages, countries, subjects: with most articles first; publisher_count: of all.
    members: the latest articles.
    overflow: whether there are more articles in the window than are counted; counts are lower bounds then.
    """

    story_id: StoryId
    version: int
    supersedes: int | None = None
    state: StoryState
    merged_into: StoryId | None = None
    absorbed: tuple[StoryId, ...] = ()
    split_from: StoryId | None = None
    headline: str | None = None
    headline_id: ArticleId | None = None
    first_seen: str | None = None
    last_seen: str | None = None
    articles: int = 0
    total: int = 0
    publisher_count: int = 0
    publishers: tuple[Counted, ...] = ()
    languages: tuple[Counted, ...] = ()
    countries: tuple[Counted, ...] = ()
    subjects: tuple[Counted, ...] = ()
    velocity: Velocity | None = None
    breaking: Breaking | None = None
    members: tuple[StoryArticle, ...] = ()
    overflow: bool = False
    window_secs: int


class StoryEvent(Struct, frozen=True, kw_only=True):
    """A change of a story, ready to be encoded. `time` is when the article that caused it was ingested."""

    id: EventId
    time: str
    value: Story
