"""What an article states, as its next version and its copies are compared with it; and what a revision changed."""

from typing import Final, Literal, get_args

from msgspec import Struct

__all__ = ["CHANGED_PARTS", "CHANGE_LABELS", "ArticleFacts", "Change", "ChangeLabel", "ChangedPart"]

ChangedPart = Literal[
    "headline", "standfirst", "body", "names", "numbers", "negation", "dates", "authors", "withdrawn_notice"
]
ChangeLabel = Literal["correction", "update", "cosmetic", "reverted"]

CHANGED_PARTS: Final[tuple[ChangedPart, ...]] = get_args(ChangedPart)
CHANGE_LABELS: Final[tuple[ChangeLabel, ...]] = get_args(ChangeLabel)


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part that a revision changed, with the words it gained and lost there.

    Small numbers are exact with few exceptions, large ones estimates: see `pipeline.dedup.changes`. In scripts without
    spaces a word is a character. Of a `withdrawn_notice`, 1 means that the notice appeared, or disappeared.
    """

    part: ChangedPart
    added: int = 0
    removed: int = 0


class ArticleFacts(Struct, frozen=True, kw_only=True):
    """Facts that are read from an article's text before its signature is made. Words are case-folded.

    names: distinct words of names. negations: of headline and body. dates: distinct dates that the text names, and the
    day of publication. corrections, updates: the notes in which the publisher states them. is_stub: whether the text is
    only the part of the article that everybody may read, or was cut.
    """

    headline: str = ""
    standfirst: str = ""
    names: frozenset[str] = frozenset()
    headline_negations: int = 0
    body_negations: int = 0
    dates: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    corrections: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    is_withdrawn: bool = False
    is_stub: bool = False
