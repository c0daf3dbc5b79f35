"""What verdicts mean for their rows: which are canonical, copies, in place of others, and keep facts."""

from typing import Final

from pipeline.dedup.params import FoldParams
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import COPIES, PASSING, VERDICT_KINDS, Verdict

__all__ = ["CANONICAL_KINDS", "COPY_KINDS", "KIND_NUMBERS", "is_canonical", "is_partial", "kept_facts", "replaces"]

KIND_NUMBERS: Final = {kind: number for number, kind in enumerate(VERDICT_KINDS)}
"""The number of each kind of verdict in a row."""
CANONICAL_KINDS: Final = frozenset(KIND_NUMBERS[kind] for kind in PASSING if kind != "retraction")
"""Numbers of the kinds of verdict that make an article canonical for its text."""
COPY_KINDS: Final = frozenset(KIND_NUMBERS[kind] for kind in COPIES)
"""Numbers of the kinds of verdict on copies."""

_WITHOUT_FACTS: Final = frozenset({"repeat", "stale", "unknown_article", "retraction", "retracted_copy"})
_MOST_FACTS: Final = 255


def kept_facts(signature: Signature, verdict: Verdict) -> bytes:
    """Return the facts that a row keeps: those of versions that later ones are compared with."""
    return b"" if verdict.kind in _WITHOUT_FACTS or len(signature.facts) > _MOST_FACTS else signature.facts


def is_canonical(signature: Signature, verdict: Verdict) -> bool:
    """Return whether the verdict makes the article canonical for its text."""
    return bool(signature.text_hash) and KIND_NUMBERS[verdict.kind] in CANONICAL_KINDS


def replaces(verdict: Verdict) -> bool:
    """Return whether the article is published in place of another one that had its URL before."""
    return "reused_url" in verdict.flags and verdict.passes


def is_partial(verdict: Verdict, params: FoldParams) -> bool:
    """Return whether an article was held back as a copy although it shares only a part with the canonical article.

    Such an article is indexed too, because a third article with the same part shows that it is a shared passage.
    """
    return verdict.kind == "near" and verdict.score is not None and verdict.score < params.whole_from
