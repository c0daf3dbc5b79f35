"""An answer as it is shown: texts cut and cleaned, found words marked. The page and JSON are made from this."""

from typing import Any, Final

from msgspec import Struct

from pipeline.downstream.links import shown
from pipeline.models.subjects.taxonomy import SECOND_LEVEL, SUBJECT_NAMES
from pipeline.search.languages import language_name
from pipeline.search.query import Filters
from pipeline.search.schema import FACETS
from pipeline.search.searching import Answer, Story
from pipeline.search.snippets import Piece, Wanted, marked, snippet

__all__ = ["ShownAnswer", "ShownFacet", "ShownStory", "ShownSubject", "chosen_filters", "facet_name", "shown_answer"]

_HEADLINE_CHARS: Final = 300
_TEXT_CHARS: Final = 320
"""Characters of the lines below a headline: three or four lines on a wide screen."""


class ShownSubject(Struct, frozen=True):
    """A subject; one that is not `reliable` is right less often than 19 times of 20."""

    code: str
    name: str
    reliable: bool


class ShownStory(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A story: its best article, and the counts of the articles folded under it.

    url: absent if the article has no address that may be linked. found: further articles of the story that match.
    articles, publishers: articles and copies of the story, and their publishers, if the pipeline tells them.
    """

    id: str
    url: str | None = None
    headline: str
    headline_marked: tuple[Piece, ...]
    text_marked: tuple[Piece, ...]
    language: str
    publisher: str
    published_at: str
    revision: int
    subjects: tuple[ShownSubject, ...] = ()
    story: str
    found: int = 0
    articles: int | None = None
    publishers: int | None = None
    publisher_names: tuple[str, ...] = ()


class ShownFacet(Struct, frozen=True):
    """A value of a facet, its name for people, and the number of found articles."""

    value: str
    name: str
    count: int


class ShownAnswer(Struct, frozen=True, kw_only=True):
    """A page of stories. `total` counts articles."""

    query: str
    total: int
    page: int
    pages: int
    took_ms: float
    stories: tuple[ShownStory, ...]
    facets: dict[str, tuple[ShownFacet, ...]]


def shown_answer(answer: Answer) -> ShownAnswer:
    """Return an answer as it is shown."""
    wanted = Wanted.of(answer.query.terms)
    return ShownAnswer(
        query=answer.query.text,
        total=answer.total,
        page=answer.query.page,
        pages=answer.pages,
        took_ms=answer.took_ms,
        stories=tuple(_story(story, wanted) for story in answer.stories),
        facets={
            name: tuple(ShownFacet(one.value, facet_name(name, one.value), one.count) for one in answer.facets[name])
            for name in FACETS
        },
    )


def facet_name(facet: str, value: str) -> str:
    """Return the name of a value of a facet."""
    if facet == "language":
        return language_name(value)
    if facet == "subject":
        code = value.rpartition(":")[2]
        child = SECOND_LEVEL.get(code)
        return SUBJECT_NAMES.get(code) or (child.name if child is not None else value)
    return value


def chosen_filters(filters: Filters) -> list[tuple[str, str, str]]:
    """Return the chosen filters as parameter, value and name."""
    found = [(name, value, facet_name(name, value)) for name in FACETS for value in getattr(filters, name)]
    days = (("from", "since", filters.first_day), ("to", "until", filters.last_day))
    found += [(name, day.isoformat(), f"{word} {day.isoformat()}") for name, word, day in days if day is not None]
    return found


def _story(story: Story, wanted: Wanted) -> ShownStory:
    article: dict[str, Any] = story.article
    tag = article["language"]
    text = "\n".join(part for part in (article["lead"], article["body"]) if part)
    headline = marked(article["headline"], tag, wanted, _HEADLINE_CHARS)
    return ShownStory(
        id=article["id"],
        url=article["url"],
        headline=shown(article["headline"], _HEADLINE_CHARS),
        headline_marked=headline,
        text_marked=snippet(text, tag, wanted, _TEXT_CHARS),
        language=tag,
        publisher=article["publisher"],
        published_at=article["time"],
        revision=article["revision"],
        subjects=tuple(ShownSubject(one["code"], one["name"], one["reliable"]) for one in article["subjects"]),
        story=article["cluster"],
        found=story.more,
        articles=story.size,
        publishers=story.publishers,
        publisher_names=story.top,
    )
