"""Why an article passed or was held back: its recorded verdicts, and the articles that refer to it."""

from collections.abc import Iterable

from msgspec import Struct

from pipeline.domain.ids import ArticleId, ClusterId, article_of
from pipeline.domain.record import Origin
from pipeline.domain.verdict import WITHOUT_EFFECT, Decided, Lost, Verdict
from pipeline.ops.dedup_logs import LogEntry

__all__ = ["Explanation", "Step", "explanation"]

"""Kinds of verdicts that do not change the cluster or the canonical article of an article."""


class Step(Struct, frozen=True, kw_only=True):
    """One record of the verdict log. `void`: the article was rejected by a stage after this verdict let it pass."""

    offset: int
    at_ms: int
    verdict: Verdict
    void: bool = False
    url: str | None = None
    publisher: str = ""


class Explanation(Struct, frozen=True, kw_only=True):
    """The recorded verdicts about one article, and those that refer to it.

    `steps` are its own verdicts in the order of the log. `pointers` are the latest effective verdicts of other articles
    that name this one as canonical, matched or related article.
    """

    article_id: ArticleId
    steps: list[Step]
    pointers: list[Step]

    @property
    def cluster_id(self) -> ClusterId:
        """The cluster of its last verdict."""
        return self.steps[-1].verdict.cluster_id


def explanation(entries: Iterable[LogEntry], article_id: ArticleId) -> Explanation | None:
    """Collect what the verdict log contains about an article; None when it has no verdict about it."""
    steps: dict[tuple[Origin, bool], Step] = {}
    pointers: dict[ArticleId, Step] = {}
    for entry in entries:
        step = _step(entry)
        if step is None:
            continue
        about = step.verdict.article_id
        if about == article_id:
            steps.setdefault((step.verdict.origin, step.void), step)  # the same verdict may be written twice
        elif not step.void and step.verdict.kind not in WITHOUT_EFFECT:
            pointers.pop(about, None)  # only the latest verdict counts, at its own position in the order
            if _names(step.verdict, article_id):
                pointers[about] = step
    if not steps:
        return None
    return Explanation(article_id=article_id, steps=list(steps.values()), pointers=list(pointers.values()))


def _names(verdict: Verdict, article_id: ArticleId) -> bool:
    names = (verdict.canonical_id, verdict.matched_id, *verdict.related)
    return article_id in [article_of(name) for name in names if name is not None]


def _step(entry: LogEntry) -> Step | None:
    match entry.record:
        case Decided(verdict=verdict, url=url, publisher=publisher):
            return Step(offset=entry.offset, at_ms=entry.at_ms, verdict=verdict, url=url, publisher=publisher)
        case Lost(verdict=verdict):
            return Step(offset=entry.offset, at_ms=entry.at_ms, verdict=verdict, void=True)
        case _:
            return None
