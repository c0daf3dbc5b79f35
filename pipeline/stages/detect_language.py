"""Add the language to articles."""

from collections.abc import Sequence
from typing import Final

import msgspec

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.models.language import LanguageInput, LanguageModel

__all__ = ["DetectLanguageStage"]


class DetectLanguageStage:
    """Emits every article with a language, possibly `und`; retractions and repeats unchanged."""

    name: Final[StageName] = "detect-language"

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        """Return the articles with `language` set."""
        texts = [article for article in batch if article.is_read]
        languages = iter(
            self._model.detect(
                [LanguageInput(headline=item.headline, body=item.body, hint=item.language_hint) for item in texts]
            )
        )
        return [
            Emit(msgspec.structs.replace(article, language=next(languages)) if article.is_read else article)
            for article in batch
        ]
