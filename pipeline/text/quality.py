"""The score of an article's quality, and the weight that each flag has in it."""

from collections.abc import Iterable
from typing import cast

from pipeline.domain.article import Quality, QualityFlag

__all__ = ["FLAG_WEIGHTS", "judge_quality"]

FLAG_WEIGHTS: dict[QualityFlag, float] = {
    "too_short": 0.35,
    "paywall_stub": 0.4,
    "cookie_wall": 0.6,
    "list_page": 0.5,
    "truncated": 0.2,
    "repeated": 0.25,
    "mojibake": 0.2,
    "encoding_repaired": 0.05,
    "suspicious_unicode": 0.15,
    "boilerplate_left": 0.15,
    "no_title": 0.15,
    "title_cut": 0.05,
    "fetched_at_unreadable": 0.05,
    "published_at_unreadable": 0.05,
    "modified_at_unreadable": 0.05,
    "url_unreadable": 0.05,
    "id_unreadable": 0.05,
    "html_unreadable": 0.05,
    "text_unreadable": 0.05,
    "title_unreadable": 0.05,
    "subtitle_unreadable": 0.05,
    "source_unreadable": 0.05,
    "language_unreadable": 0.05,
    "authors_unreadable": 0.05,
    "section_unreadable": 0.05,
    "tags_unreadable": 0.05,
    "rights_unreadable": 0.05,
    "published_at_implausible": 0.05,
    "published_at_without_zone": 0.0,
    "paywalled": 0.0,
    "amp_page": 0.0,
    "canonical_elsewhere": 0.0,
    "canonical_front_page": 0.0,
    "wrapped_address": 0.0,
}
"""Every flag, with the share of the score that it takes away. Set by hand: what makes a text unusable takes most."""


def judge_quality(flags: Iterable[str], doubt: float = 0.0) -> Quality:
    """Return the distinct flags, sorted, with the score: 1 for a sound article, down to 0.

    Args:
        flags: What is known to be amiss.
        doubt: Probability that the text is not the article of its page; 0 where there was no page.
    """
    found = cast("tuple[QualityFlag, ...]", tuple(sorted(set(flags))))  # an unknown one has no weight
    score = 1.0 - doubt
    for flag in found:
        score *= 1.0 - FLAG_WEIGHTS[flag]
    return Quality(score=round(score, 3), flags=found)
