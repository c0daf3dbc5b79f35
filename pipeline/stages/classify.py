"""Tag each article with what it is about."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Outcome
from pipeline.models.subjects import SubjectInput, SubjectModel, SubjectResult
from pipeline.stages.protocol import StageName

__all__ = ["ClassifyStage"]


class ClassifyStage:
    """Every article goes on, with subjects or the reason for none; a retraction goes on as it came."""

    name: Final[StageName] = "classify"

    def __init__(self, model: SubjectModel) -> None:
        self._model = model

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        """Return the articles with `subjects` or `subjects_reason` set."""
        texts = [
            SubjectInput(headline=item.headline, body=item.body, language=item.language.tag if item.language else None)
            for item in batch
            if item.action != "retract"
        ]
        results = iter(self._model.classify(texts))
        return [Emit(article if article.action == "retract" else self._tagged(article, results)) for article in batch]

    @staticmethod
    def _tagged(article: Article, results: Iterator[SubjectResult]) -> Article:
        result = next(results)
        return msgspec.structs.replace(article, subjects=result.subjects, subjects_reason=result.reason)
