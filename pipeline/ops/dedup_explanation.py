"""Why an article passed or was held back: every verdict on record about it, and who points at it."""

from collections.abc import Iterable

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId
from pipeline.domain.record import Origin
from pipeline.domain.verdict import Decided, Lost, Verdict
from pipeline.ops.dedup_logs import LogEntry

__all__ = ["Explanation", "Step", "explanation"]

_SAYING_NOTHING_NEW = frozenset({"repeat", "stale", "unknown_article"})
"""Kinds that leave an article where an earlier verdict has put it."""


class Step(Struct, frozen=True, kw_only=True):
    """One record of the log of verdicts. `void`: it says that what the verdict let pass died after it."""

    offset: int
    at_ms: int
    verdict: Verdict
    void: bool = False
    url: str | None = None
    publisher: str = ""


class Explanation(Struct, frozen=True, kw_only=True):
    """What is on record about one article.

    steps: its own verdicts, in the order of the log. pointers: for every other article, the last verdict that names
    this one as its canonical, matched or related article.
    """

    article_id: ArticleId
    steps: list[Step]
    pointers: list[Step]

    @property
    def cluster_id(self) -> ClusterId:
        """The cluster that its last verdict puts it in."""
        return self.steps[-1].verdict.cluster_id


def explanation(entries: Iterable[LogEntry], article_id: ArticleId) -> Explanation | None:
    """Collect what the log of verdicts says about an article; None when it has no verdict on it."""
    steps: dict[tuple[Origin, bool], Step] = {}
    pointers: dict[ArticleId, Step] = {}
    for entry in entries:
        step = _step(entry)
        if step is None:
            continue
        about = step.verdict.article_id
        if about == article_id:
            steps.setdefault((step.verdict.origin, step.void), step)  # written again, it is the same one
        elif not step.void and step.verdict.kind not in _SAYING_NOTHING_NEW:
            pointers.pop(about, None)  # its last verdict counts, behind those of others before it
            if _names(step.verdict, article_id):
                pointers[about] = step
    if not steps:
        return None
    return Explanation(article_id=article_id, steps=list(steps.values()), pointers=list(pointers.values()))


def _names(verdict: Verdict, article_id: ArticleId) -> bool:
    return article_id in (verdict.canonical_id, verdict.matched_id, *verdict.related)


def _step(entry: LogEntry) -> Step | None:
    match entry.record:
        case Decided(verdict=verdict, url=url, publisher=publisher):
            return Step(offset=entry.offset, at_ms=entry.at_ms, verdict=verdict, url=url, publisher=publisher)
        case Lost(verdict=verdict):
            return Step(offset=entry.offset, at_ms=entry.at_ms, verdict=verdict, void=True)
        case _:
            return None
