"""Thresholds of deduplication, in one place, with where each number comes from."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

__all__ = ["FOLD_VERSIONS", "FoldParams", "SigningParams"]


class SigningParams(Struct, frozen=True, kw_only=True):
    """How a signature is made. Other values make another signature: they belong to SIGNATURE_VERSION."""

    word_shingle: int = 3
    """Words in a shingle, where words are spaced. Longer ones find fewer noisy copies: with 5 % of characters misread,
    half of all copies share 0.32 of their triples (Jaccard), but 0.18 of their runs of five."""
    word_start: int = 4
    """Characters of a word that count. Endings change by inflection, and a short start is rarely misread: 0.43 of all
    triples survive in place of 0.32, while unrelated articles share no more than before."""
    sign_shingle: int = 5
    """Characters in a shingle, where words are not spaced (Han, Kana, Thai, Lao, Khmer, Burmese, Tibetan)."""
    min_shingles: int = 40
    """Distinct places a text needs for a sketch; shorter texts have none and only match exactly."""


class FoldParams(Struct, frozen=True, kw_only=True):
    """How the fold decides. The same for every worker that folds the same log."""

    near_window_secs: int = 72 * 3600
    """How long near-duplicates are recognised; DESIGN 5."""
    exact_window_secs: int = 7 * 24 * 3600
    """How long exact copies, revisions and origins are remembered; DESIGN 5."""
    min_exact_shingles: int = 40
    """Below it the headline must be equal too: short bodies ("Read more") are shared by different articles."""
    reused_url_below: float = 0.05
    """Below this similarity a new version shares hardly any text with the old one: the URL was given to another
    article. Two articles of one subject share under 0.03 of their word triples."""
    cosmetic_from: float = 0.9
    """From this similarity on, with the same numbers, a change is cosmetic."""
    correction_from: float = 0.7
    """From this similarity on, with other numbers, a change is a correction."""
    near_from: float = 0.45
    """Share of the new text that the canonical article has too, from which on it is a near-duplicate. Copies with 5 %
    of characters misread have 0.5 to 0.7, updates of a third 0.3 to 0.4, articles that quote another 0.1 to 0.2."""
    near_least: float = 0.2
    """Similarity (Jaccard) that is needed as well: below it the estimate of that share is too rough."""
    same_source_from: float = 0.95
    """Share of each of the two texts that the other has too, needed within one source, with the same numbers: what
    differs more is an update or a live blog. Of updates that keep 60 to 90 %, none is held back by it."""
    whole_from: float = 0.8
    """Share of a text from which on it counts as wholly in the other one; below it, only a part is shared."""
    shared_alike: float = 0.7
    """When a text shares a part with one article, and this much of it, by similarity, with another too, then the part
    is boilerplate. Of two copies with 5 % of characters misread, each resembles the other half as much as the original;
    carriers of one passage resemble each other alike."""
    related_from: float = 0.12
    """Similarity from which on an article is related: it passes and joins the cluster. Quotations reach 0.15."""
    most_related: int = 5
    """Related articles named in a verdict."""


FOLD_VERSIONS: Final[Mapping[int, FoldParams]] = {1: FoldParams()}
"""All versions that this release can fold by: of workers, of `dedupe rebuild`, of what `dedupe activate` may name.

What a rule does differently in a later version is a field of the params. A version stays while logs have its verdicts.
"""
