"""Add subjects, places and keywords to articles."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.models.subjects.classifier import SubjectClassifier, SubjectResult
from pipeline.models.subjects.reading import SubjectInput
from pipeline.text.content_facts import find_content_facts

__all__ = ["ClassifyParams", "ClassifyStage"]


class ClassifyParams(Struct, frozen=True):
    """Limits of the stage."""

    min_language_confidence: float = 0.6
    """A less certain language counts as unknown, because subjects are calibrated per language. Below 0.6, half of the
    languages were wrong (docs/models/language.md, calibration).
    """


class ClassifyStage:
    """Emits every article, with subjects or the reason for none, places and keywords; what is not read, unchanged."""

    name: Final[StageName] = "classify"

    def __init__(self, classifier: SubjectClassifier, params: ClassifyParams | None = None) -> None:
        self._classifier = classifier
        self._params = params or ClassifyParams()

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        """Return the articles with what they are about.

        That is `subjects` or `subjects_reason`, `vector` if the classifier gives one, and `places` and `keywords`.
        """
        texts = [
            SubjectInput(headline=item.headline, body=item.body, language=self._language(item))
            for item in batch
            if item.is_read
        ]
        results = iter(self._classifier.classify(texts))
        return [Emit(self._tagged(article, results) if article.is_read else article) for article in batch]

    def _language(self, article: Article) -> str | None:
        found = article.language
        return found.tag if found and found.confidence >= self._params.min_language_confidence else None

    def _tagged(self, article: Article, results: Iterator[SubjectResult]) -> Article:
        result = next(results)
        facts = find_content_facts(
            headline=article.headline,
            subheadline=article.subheadline,
            body=article.body,
            language=self._language(article),
        )
        return msgspec.structs.replace(
            article,
            subjects=result.subjects,
            subjects_reason=result.reason,
            vector=result.vector,
            places=facts.places,
            keywords=facts.keywords,
        )
