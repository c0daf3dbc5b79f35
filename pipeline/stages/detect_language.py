"""Tag each article with its language."""

from collections.abc import Sequence
from typing import Final

import msgspec

from pipeline.domain.article import Article
from pipeline.domain.outcome import Emit, Outcome
from pipeline.domain.stage import StageName
from pipeline.models.language import LanguageInput, LanguageModel

__all__ = ["DetectLanguageStage"]


class DetectLanguageStage:
    """Every article goes on with a language, `und` if need be; a retraction has no text and goes on as it came."""

    name: Final[StageName] = "detect-language"

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def process(self, batch: Sequence[Article]) -> list[Outcome[Article]]:
        """Return the articles with `language` set."""
        texts = [article for article in batch if article.action != "retract"]
        languages = iter(
            self._model.detect(
                [LanguageInput(headline=item.headline, body=item.body, hint=item.language_hint) for item in texts]
            )
        )
        return [
            Emit(article if article.action == "retract" else msgspec.structs.replace(article, language=next(languages)))
            for article in batch
        ]
