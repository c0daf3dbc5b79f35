"""Thresholds of deduplication, in one place, with where each number comes from."""

from msgspec import Struct

__all__ = ["FoldParams", "SigningParams"]


class SigningParams(Struct, frozen=True, kw_only=True):
    """How a signature is made. Other values make another signature: they belong to SIGNATURE_VERSION."""

    word_shingle: int = 3
    """Words in a shingle, where words are spaced."""
    sign_shingle: int = 5
    """Characters in a shingle, where words are not spaced (Han, Kana, Thai, Lao, Khmer, Burmese, Tibetan)."""
    min_shingles: int = 32
    """Distinct places a text needs for a sketch; shorter texts have none and only match exactly."""


class FoldParams(Struct, frozen=True, kw_only=True):
    """How the fold decides. The same for every worker that folds the same log."""

    near_window_secs: int = 72 * 3600
    """How long near-duplicates are recognised; DESIGN 5."""
    exact_window_secs: int = 7 * 24 * 3600
    """How long exact copies, revisions and origins are remembered; DESIGN 5."""
    min_exact_shingles: int = 32
    """Below it the headline must be equal too: short bodies ("Read more") are shared by different articles."""
    reused_url_below: float = 0.05
    """Below this similarity a new version shares hardly any text with the old one: the URL was given to another
    article. Two articles of one subject share under 0.03 of their word triples."""
    cosmetic_from: float = 0.9
    """From this similarity on, with the same numbers, a change is cosmetic."""
    correction_from: float = 0.7
    """From this similarity on, with other numbers, a change is a correction."""
    near_from: float = 0.6
    """From this similarity (Jaccard) on, an article is a near-duplicate."""
    contained_from: float = 0.8
    """Or when this share of the shorter text is in the longer one: truncated copies, added furniture."""
    contained_least: float = 0.3
    """Similarity that is needed as well: the estimate of what is contained is too rough for very unequal texts."""
    related_from: float = 0.15
    """From this similarity on, an article is related: it passes and joins the cluster."""
    most_related: int = 5
    """Related articles named in a verdict."""
