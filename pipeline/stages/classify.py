"""Tag each article with what it is about."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.models.subjects import SubjectInput, SubjectModel, SubjectResult

__all__ = ["ClassifyParams", "ClassifyStage"]


class ClassifyParams(Struct, frozen=True):
    """What the stage makes of other stages' results."""

    # An unsure language is none: its thresholds would be another language's. Below, one answer in two was wrong
    # (docs/models/language.md, calibration).
    min_language_confidence: float = 0.6


class ClassifyStage:
    """Every article goes on, with subjects or the reason for none; a retraction goes on as it came."""

    name: Final[StageName] = "classify"

    def __init__(self, model: SubjectModel, params: ClassifyParams | None = None) -> None:
        self._model = model
        self._params = params or ClassifyParams()

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        """Return the articles with `subjects` or `subjects_reason` set."""
        texts = [
            SubjectInput(headline=item.headline, body=item.body, language=self._language(item))
            for item in batch
            if item.action != "retract"
        ]
        results = iter(self._model.classify(texts))
        return [Emit(article if article.action == "retract" else self._tagged(article, results)) for article in batch]

    def _language(self, article: Article) -> str | None:
        found = article.language
        return found.tag if found and found.confidence >= self._params.min_language_confidence else None

    @staticmethod
    def _tagged(article: Article, results: Iterator[SubjectResult]) -> Article:
        result = next(results)
        return msgspec.structs.replace(article, subjects=result.subjects, subjects_reason=result.reason)
