"""Counts and samples over articles, kept until the commit, when the articles themselves are released."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domain.article import Article, DuplicateArticle, EnrichedArticle, Event
from pipeline.domain.times import to_epoch_ms

__all__ = ["ArticleSamples"]

_SAMPLE_STEP = 8
"""Every eighth article's confidences are kept, which is enough for a histogram."""
_AGES = 2
"""Publication times kept per call."""


@dataclass(slots=True)
class ArticleSamples:
    """Counts and samples over articles that were emitted or held back."""

    languages: Counter[str] = field(default_factory=Counter)
    language_confidences: list[float] = field(default_factory=list)
    subjects: Counter[str] = field(default_factory=Counter)
    """Articles by their surest subject."""
    subject_confidences: list[float] = field(default_factory=list)
    """Of surest subjects."""
    answers: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Articles with a subject, by the reader that answered, and by whether the surest subject is reliable."""
    abstentions: Counter[str] = field(default_factory=Counter)
    """Articles without a subject, by reason."""
    ingested_ms: list[int] = field(default_factory=list)
    """When each article arrived in the raw topic, milliseconds since the epoch."""
    flags: Counter[str] = field(default_factory=Counter)
    """Flags of quality."""
    sources: Counter[str] = field(default_factory=Counter)
    """Articles by the id of their publisher."""
    published_ms: list[int] = field(default_factory=list)
    """A sample of publication times known to the minute, milliseconds since the epoch."""

    def add(self, articles: Sequence[Article | Event]) -> None:
        """Count articles; those that are not read, such as retractions, have neither language nor subjects."""
        values = [article.value if isinstance(article, Event) else article for article in articles]
        self.ingested_ms += [_ingested_ms(value) for value in values]
        judged = [value for value in values if value.language is not None]
        self._add_models(judged)
        for value in values:
            self.flags.update(value.quality.flags)
            if value.publisher is not None:
                self.sources[value.publisher.id] += 1
        for value in values[:: max(1, len(values) // _AGES)]:
            published = value.published_at
            if published is not None and published.plausible and published.precision in ("second", "minute"):
                # A value that another program wrote may be no valid time; that must not fail the unit.
                with contextlib.suppress(ValueError):
                    self.published_ms.append(to_epoch_ms(published.value))

    def _add_models(self, judged: Sequence[Article | EnrichedArticle | DuplicateArticle]) -> None:
        self.languages.update(value.language.tag for value in judged if value.language is not None)
        surest = [value.subjects[0] for value in judged if value.subjects]
        self.subjects.update(subject.code for subject in surest)
        self.answers.update((subject.method, subject.reliable) for subject in surest)
        self.abstentions.update(value.subjects_reason or "" for value in judged if not value.subjects)
        for value in judged[::_SAMPLE_STEP]:
            if value.language is not None:
                self.language_confidences.append(value.language.confidence)
            self.subject_confidences.extend(subject.confidence for subject in value.subjects[:1])


def _ingested_ms(value: Article | EnrichedArticle | DuplicateArticle) -> int:
    return value.signature.ingested_at_ms if isinstance(value, Article) else to_epoch_ms(value.ingested_at)
