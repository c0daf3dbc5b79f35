"""The dedupe stage: hand signatures to the log, then pass or hold back by its verdicts."""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from pipeline.domain.article import Article, Versions
from pipeline.domain.events import duplicate_event
from pipeline.domain.outcome import Drop, DropReason, Emit, Outcome
from pipeline.domain.signature import Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict
from pipeline.errors import FatalError

__all__ = ["DedupeStage"]


class DedupeStage:
    """Holds back what is a copy, a repeat or out of date, as an event of its own; everything else goes on."""

    def __init__(self, versions: Versions) -> None:
        """Name `versions` in the events of what is held back."""
        self._versions = versions

    @property
    def name(self) -> StageName:
        """Return "dedupe"."""
        return "dedupe"

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        """Return the signatures to append to the log, in order."""
        return [article.signature for article in batch]

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        """Emit what passes, drop what does not; each article carries its verdict from here on.

        Raises:
            FatalError: A verdict is on another article.
            ValueError: There is not one verdict for each article.
        """
        return [self._outcome(article, verdict) for article, verdict in zip(batch, verdicts, strict=True)]

    def _outcome(self, article: Article, verdict: Verdict) -> Outcome[Article]:
        if verdict.article_id != article.id:
            raise FatalError(f"the verdict on {verdict.article_id} was given for {article.id}")
        judged = replace(article, verdict=verdict)
        if verdict.passes:
            return Emit(judged)
        # What does not pass has a kind that is a reason for a drop: the two lists are complements (tested).
        return Drop(cast("DropReason", verdict.kind), duplicate_event(judged, verdict, self._versions))
