"""Find out who can read an article at its publisher."""

from collections.abc import Collection
from typing import Final

from pipeline.domain.genre import Access
from pipeline.text.wordlists import load_words

__all__ = ["find_access"]

_WORDS = load_words("access")
_MARKS: Final = tuple(_WORDS["marks"])
_LABELS: Final = frozenset(_WORDS["labels"])
_PAYWALLED: Final = frozenset({"paywalled", "paywall_stub"})


def find_access(
    flags: Collection[str], *, is_free: bool | None = None, headline: str = "", section: str | None = None
) -> Access | None:
    """Return who can read the article; None where nothing tells it.

    What the text shows counts more than what the page states: many templates state that every page is free.

    Args:
        flags: The flags of the article's text and page.
        is_free: What the page states, if anything.
        headline: The headline, in which some publishers mark what is for subscribers.
        section: The section, which is such a mark at others.
    """
    if not _PAYWALLED.isdisjoint(flags):
        return "paywalled"
    folded = headline.casefold()
    if folded.startswith(_MARKS) or folded.endswith(_MARKS) or (section or "").casefold() in _LABELS:
        return "paywalled"
    return "free" if is_free else None
