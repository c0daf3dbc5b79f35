"""Give articles the verdicts on their signatures."""

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
    """Gives articles their verdicts. What is to be held back goes on to `publish` too, or is dropped at once."""

    def __init__(self, versions: Versions, *, enrich_copies: bool = True) -> None:
        """Make the stage.

        Args:
            versions: Of the pipeline and its models, for the events of dropped articles.
            enrich_copies: Emit every article, so that copies get a language and subjects, and `publish` holds back
                what is to be held back. Otherwise first versions are dropped here, without language and subjects.
        """
        self._versions = versions
        self._enrich_copies = enrich_copies

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
        # Repeats and outdated versions go the way of copies, so that an article's duplicates stay in order. What
        # follows a version that may be on its way to `publish` goes there too: it may end what that makes current.
        if verdict.passes or self._enrich_copies or verdict.revision > 1:
            return Emit(judged)
        # Every kind of verdict that does not pass is also a reason for a drop; a test compares the two lists.
        return Drop(cast("DropReason", verdict.kind), duplicate_event(judged, verdict, self._versions))
