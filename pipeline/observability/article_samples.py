"""What is counted about articles: small enough to be kept until the commit, when the articles are long gone."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domain.article import Article, DuplicateArticle, EnrichedArticle, Event
from pipeline.domain.times import to_epoch_ms

__all__ = ["ArticleSamples"]

_EACH = 8  # every eighth article's confidences are kept: a histogram needs no more
_AGES = 2  # publication times kept per call


@dataclass(slots=True)
class ArticleSamples:
    """Counts and samples over articles that were emitted or held back."""

    languages: Counter[str] = field(default_factory=Counter)
    language_confidences: list[float] = field(default_factory=list)
    subjects: Counter[str] = field(default_factory=Counter)
    subject_confidences: list[float] = field(default_factory=list)
    abstentions: Counter[str] = field(default_factory=Counter)
    """Articles without a subject, by why."""
    published_ms: list[int] = field(default_factory=list)
    """Publication times known to the minute, milliseconds since the epoch; some of them."""

    def add(self, articles: Sequence[Article | Event]) -> None:
        """Count articles; duplicates have neither language nor subjects."""
        values = [article.value if isinstance(article, Event) else article for article in articles]
        judged = [value for value in values if not isinstance(value, DuplicateArticle) and value.language is not None]
        self._add_models(judged)
        for value in values[:: max(1, len(values) // _AGES)]:
            published = value.published_at
            if published is not None and published.plausible and published.precision in ("second", "minute"):
                # What others wrote may be no time: not worth an article, let alone a worker.
                with contextlib.suppress(ValueError):
                    self.published_ms.append(to_epoch_ms(published.value))

    def _add_models(self, judged: Sequence[Article | EnrichedArticle]) -> None:
        self.languages.update(value.language.tag for value in judged if value.language is not None)
        self.subjects.update(subject.code for value in judged for subject in value.subjects)
        self.abstentions.update(value.subjects_reason or "" for value in judged if not value.subjects)
        for value in judged[::_EACH]:
            if value.language is not None:
                self.language_confidences.append(value.language.confidence)
            self.subject_confidences.extend(subject.confidence for subject in value.subjects)
