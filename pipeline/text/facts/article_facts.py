"""Read the facts of an article by which its next version and its copies are compared with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.domain.article import Author, PublishedAt
from pipeline.domain.changes import ArticleFacts
from pipeline.text.facts.named_dates import DATE_WORDS, named_dates
from pipeline.text.facts.names import find_names
from pipeline.text.facts.negation import NEGATION_WORDS, count_negations, negating_language
from pipeline.text.facts.notes import NOTE_WORDS, find_notes
from pipeline.text.facts.words import words_of

__all__ = ["article_facts"]

_DAY_CHARS: Final = len("2026-11-29")
_TELLING: Final = DATE_WORDS | NEGATION_WORDS | NOTE_WORDS
"""Words by which facts are found; together, so that the words of a text are gone through once."""


def article_facts(
    *,
    headline: str,
    standfirst: str | None = None,
    paragraphs: Sequence[str],
    authors: Sequence[Author] = (),
    published_at: PublishedAt | None = None,
    corrections: Sequence[str] = (),
    is_stub: bool = False,
) -> ArticleFacts:
    """Return the facts of an article.

    Args:
        headline: The headline.
        standfirst: The sub-headline, if it has one.
        paragraphs: The body.
        authors: Its authors.
        published_at: When it was published, as it states.
        corrections: Corrections that the page states in its metadata.
        is_stub: Whether the body is only a part of the article, as its quality flags tell.
    """
    title = headline.casefold()
    in_title = words_of(title)
    title_counts = Counter(in_title)
    text = "\n".join((standfirst or "", *paragraphs))
    words = words_of(text)
    spelt = Counter(words)
    counts = _telling(spelt)
    distinct = counts.keys() | in_title
    language = negating_language(distinct, text or title)
    notes = find_notes(headline, paragraphs, distinct)
    dates = named_dates(words, counts, text) | named_dates(in_title, title_counts, title)
    body_negations = count_negations(counts, text, language)
    as_written = in_title if title == headline else words_of(headline)
    if not _is_title_case(as_written):
        text = f"{text}\n{headline}"
        spelt.update(as_written)
    names = find_names(text, spelt, language) - {part for date in dates for part in date.split()}
    if published_at is not None:
        dates |= {published_at.value[:_DAY_CHARS]}
    return ArticleFacts(
        headline=headline,
        standfirst=standfirst or "",
        names=names,
        headline_negations=count_negations(title_counts, title, language),
        body_negations=body_negations,
        dates=dates,
        authors=frozenset(word for author in authors for word in words_of(author.name.casefold())),
        corrections=(*notes.corrections, *(note.casefold() for note in corrections)),
        updates=notes.updates,
        is_withdrawn=notes.is_withdrawn,
        is_stub=is_stub,
    )


def _telling(spelt: Mapping[str, int]) -> dict[str, int]:
    """Return how often each word occurs by which facts are found, whatever its case."""
    counts: dict[str, int] = {}
    for word, folded in zip(spelt, map(str.casefold, spelt), strict=True):
        if folded in _TELLING:
            counts[folded] = counts.get(folded, 0) + spelt[word]
    return counts


def _is_title_case(words: Sequence[str]) -> bool:
    """Return whether more than half of the words have a capital letter, which then tells nothing."""
    return 2 * sum(word[0].isupper() for word in words) > len(words)
