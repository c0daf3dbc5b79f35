"""Emit or drop articles by the verdicts on their signatures."""

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
    """Drops duplicates, repeats and outdated versions, each with an event, and emits all other articles."""

    def __init__(self, versions: Versions) -> None:
        """Make the stage; `versions` appear in the events of dropped articles."""
        self._versions = versions

    @property
    def name(self) -> StageName:
        """Return "dedupe"."""
        return "dedupe"

    def sign(self, batch: Sequence[Article]) -> list[Signature]:
        """Return the signatures to append to the dedup log, in order."""
        return [article.signature for article in batch]

    def judge(self, batch: Sequence[Article], verdicts: Sequence[Verdict]) -> list[Outcome[Article]]:
        """Return an outcome per article, in order; articles carry their verdict from here on.

        Raises:
            FatalError: A verdict belongs to another article.
            ValueError: The numbers of articles and verdicts differ.
        """
        return [self._outcome(article, verdict) for article, verdict in zip(batch, verdicts, strict=True)]

    def _outcome(self, article: Article, verdict: Verdict) -> Outcome[Article]:
        if verdict.article_id != article.id:
            raise FatalError(f"verdict on article {verdict.article_id} received for article {article.id}")
        judged = replace(article, verdict=verdict)
        if verdict.passes:
            return Emit(judged)
        # Every kind of verdict that does not pass is also a reason for a drop; a test compares the two lists.
        return Drop(cast("DropReason", verdict.kind), duplicate_event(judged, verdict, self._versions))
