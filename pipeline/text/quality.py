"""The score of an article's quality, and the weight that each flag has in it."""

from collections.abc import Iterable

from pipeline.domain.article import Quality

__all__ = ["FLAG_WEIGHTS", "judge_quality"]

FLAG_WEIGHTS: dict[str, float] = {
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
    "published_at_implausible": 0.05,
    "published_at_without_zone": 0.0,
    "paywalled": 0.0,
    "amp_page": 0.0,
    "canonical_elsewhere": 0.0,
    "canonical_front_page": 0.0,
}
"""Every flag, with the share of the score that it takes away. Set by hand: what makes a text unusable takes most."""


def judge_quality(flags: Iterable[str]) -> Quality:
    """Return the distinct flags, sorted, with the score: 1 for an article without flags, down to 0."""
    found = tuple(sorted(set(flags)))
    score = 1.0
    for flag in found:
        score *= 1.0 - FLAG_WEIGHTS[flag]
    return Quality(score=round(score, 3), flags=found)
