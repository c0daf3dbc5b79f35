"""What an event makes of the standing state of its article, which news.articles.current.v1 keeps by id.

An article stands if the newest version under its id was published and not withdrawn.
"""

from typing import Final, Literal

from pipeline.domain.article import EnrichedArticle, Event
from pipeline.domain.verdict import VerdictKind

__all__ = ["Standing", "standing_after"]

Standing = Literal["stands", "gone", "as_before"]
"""`stands`: the value of the event is the state. `gone`: no article stands under the id. `as_before`: no change."""

_AS_BEFORE: Final[frozenset[VerdictKind]] = frozenset({"repeat", "stale", "refused_retraction"})


def standing_after(event: Event) -> Standing:
    """Return what an event about an article makes of its state.

    A held-back copy ends what stood under its id: its URL has another text now, or its article is so old that the fold
    has forgotten it and another publisher's counts as the first. So does the retraction of an article that the fold
    does not know: it may have been published before the window of deduplication. Neither is an event of the pipeline's
    output.
    """
    value = event.value
    if isinstance(value, EnrichedArticle):
        return "gone" if value.action == "delete" else "stands"
    return "as_before" if value.dedup.kind in _AS_BEFORE else "gone"
