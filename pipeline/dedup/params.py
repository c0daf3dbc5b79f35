"""Thresholds of deduplication, each with its unit and the origin of its value.

Other numbers in this package are formats (sizes of hashes and sketches, layouts, multipliers of hash functions) or
sizes of memory and batches, which change no verdict.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

__all__ = ["FOLD_VERSIONS", "FoldParams", "RecordedVerdictParams", "SigningParams"]


class SigningParams(Struct, frozen=True, kw_only=True):
    """How a signature is made. Other values make other signatures, so a change needs a new SIGNATURE_VERSION."""

    word_shingle: int = 3
    """Words in a shingle, in scripts with spaces. Longer shingles find fewer noisy copies: with 5 % of characters
    misread, half of all copies share 0.32 of their runs of three words (Jaccard), but 0.18 of their runs of five."""
    word_start: int = 4
    """Characters of a word that count, from its start. Endings change by inflection, and a short start is rarely
    misread: 0.43 of all runs of three words survive instead of 0.32, and unrelated articles share no more than with
    whole words."""
    sign_shingle: int = 5
    """Characters in a shingle, in scripts without spaces (Han, Kana, Thai, Lao, Khmer, Burmese, Tibetan). Chosen."""
    min_shingles: int = 40
    """Shingles that a text needs for a sketch; shorter texts have none and only match exactly. Chosen."""
    script_step: int = 4
    """The script of a text is determined from every so many of its characters. Chosen: a quarter of a text suffices."""


class FoldParams(Struct, frozen=True, kw_only=True):
    """How the fold decides. All workers that fold the same log must have the same values; snapshots record them."""

    near_window_secs: int = 72 * 3600
    """How long near-duplicates are recognised. From the design."""
    exact_window_secs: int = 7 * 24 * 3600
    """How long exact copies, revisions and origins are remembered. From the design."""
    min_exact_shingles: int = 40
    """Texts with fewer shingles are exact copies only if the headline is equal too, because different articles share
    short bodies such as "Read more". Chosen, equal to `SigningParams.min_shingles`."""
    reused_url_below: float = 0.05
    """Below this similarity (Jaccard) to the version before, a URL was reused for another article. Two articles on one
    subject share less than 0.03 of their runs of three words."""
    cosmetic_from: float = 0.9
    """From this similarity (Jaccard) on, with the same numbers, a change is cosmetic. Chosen."""
    correction_from: float = 0.7
    """From this similarity (Jaccard) on, with other numbers, a change is a correction. Chosen."""
    near_from: float = 0.45
    """Share of the new text that the canonical article contains too, from which on it is a near-duplicate. Copies with
    5 % of characters misread reach 0.5 to 0.7, updates that keep a third 0.3 to 0.4, articles that quote another 0.1 to
    0.2."""
    near_least: float = 0.2
    """Similarity (Jaccard) that a near-duplicate needs as well; below it, the estimate for `near_from` is too rough."""
    same_source_from: float = 0.95
    """Share of each of the two texts that the other contains too, from which on an article of the same source with the
    same numbers is a near-duplicate. Others are updates and live blogs; of updates that keep 60 to 90 %, this holds
    back none."""
    whole_from: float = 0.8
    """Share of a text from which on the other text counts as containing all of it; below, only a part is shared.
    Chosen."""
    shared_alike: float = 0.7
    """A part that a text shares with one article is a shared passage if the similarity to another article is at least
    this share of the similarity to the first. Two copies with 5 % of characters misread resemble each other half as
    much as they resemble the original; articles with a passage in common resemble each other equally."""
    related_from: float = 0.12
    """Similarity (Jaccard) from which on an article is related: it passes and joins the cluster. Quotations reach
    0.15."""
    most_related: int = 5
    """Related articles that a verdict lists at most. Chosen."""
    most_in_band: int = 32
    """Newest articles with the same values in a band of the sketch that a text is compared with. Chosen: more articles
    than this share a passage, not a text. At least 32, so that batches do not change verdicts."""
    history_depth: int = 64
    """Newest records of an article that decide about its next one, not counting repeats and stale versions. Chosen."""
    history_rows: int = 4096
    """Newest records of an article that are read for `history_depth`, repeats and stale versions included. A page that
    is fetched every three minutes for a week is repeated 3,360 times."""
    most_same_text: int = 4096
    """Newest canonical articles with the same text among which the oldest is searched for. Chosen: more are versions of
    one article that alternate."""


class RecordedVerdictParams(Struct, frozen=True, kw_only=True):
    """How signatures are matched with their recorded verdicts, in a worker that starts and in `dedupe rebuild`."""

    ahead_ms: int = 3_600_000
    """How far the verdict log is read past a signature in search of its verdict, by the timestamps of both logs in
    milliseconds. Chosen: a verdict is recorded seconds after its signature, unless its worker was restarted."""
    skew_ms: int = 300_000
    """Tolerated difference in milliseconds between the clocks of two brokers, each of which dates one of the logs.
    Chosen."""
    max_waiting: int = 250_000
    """Records that are kept until their counterpart in the other log is read. Chosen: about 300 MB."""
    batch_records: int = 2000
    """Verdicts that a worker decodes without giving control back to the event loop. Chosen: about 30 ms."""


FOLD_VERSIONS: Final[Mapping[int, FoldParams]] = {1: FoldParams()}
"""All versions of the fold in this release, for workers, `dedupe rebuild` and `dedupe activate`.

A rule that differs between versions is a field of the params. A version is removed only when no log contains its
verdicts any more.
"""
