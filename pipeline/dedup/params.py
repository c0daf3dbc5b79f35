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
    promotes_copies: bool = False
    """Whether a copy is published when its canonical article is withdrawn, and whether a copy can be retracted."""
    names_reused: bool = False
    """Whether links name an article whose URL was reused by its id and revision, and not by the id that it shares with
    the former article."""
    binds_source: bool = False
    """Whether an article can only be retracted by a record with a `source` that has published it, and a version of it
    by a record with another one has a flag."""
    compares_published: bool = False
    """Whether stated publication times decide which of two publishers has a text from the other."""
    stated_within_secs: int = 7 * 24 * 3600
    """How long before its arrival an article may say that it was published, for that to be compared. Chosen, equal to
    `exact_window_secs`: older times are those of archives, or forged."""
    published_apart_secs: int = 60
    """How much earlier a publication is stated to be than another, to count as earlier. Times are kept in minutes."""
    most_copies: int = 1024
    """Newest copies of an article among which the next to be published is searched for. Chosen: agency reports reach
    some hundred copies."""
    most_candidates: int = 16
    """Copies whose text is compared, at most, with what else stands, before none is published. Chosen."""
    most_predecessors: int = 16
    """Articles in whose place an article stands, one after the other, whose copies count as its own. Chosen."""
    most_pending: int = 64
    """Newest copies that were chosen and have not come back, with which a text is compared. Chosen: they come back
    within seconds."""
    most_same_text: int = 4096
    """Newest canonical articles with the same text among which the oldest is searched for. Chosen: more are versions of
    one article that alternate."""
    compares_facts: bool = False
    """Whether headlines, names and numbers count in the comparison of copies, and a revision says what changed."""
    stub_below: float = 0.8
    """Share of the words of an article below which a version that is marked as a part of it is a stub, which does not
    replace the whole. Chosen, equal to `whole_from`."""
    headline_least: int = 3
    """Words of a headline that tell whether it fits the text. Chosen."""
    unsupported_below: float = 0.34
    """A headline of whose longer words less than this share occurs in the text does not fit it."""
    headline_shared_below: float = 0.5
    """Headlines that share less than this of the shorter one's words are different. Chosen."""
    most_notices: int = 64
    """Other articles with the same text, as their headlines tell, after which no copy is looked for among older ones.
    Chosen; a limit on work."""
    most_refused: int = 16
    """Similar articles that are no copies, as names and headlines tell, after which no copy is looked for among less
    similar ones. Chosen; a limit on work: a template has many."""
    most_replaced: int = 1
    """Words that may be replaced in a copy at the same source: a mended error. Chosen."""
    least_noise: float = 0.05
    """Share of names that differ between a text and its copy without noise, by other casing and line breaks. Chosen."""
    details_evidence: float = 9.0
    """Minus the logarithm of the probability that noise explains how many names and numbers differ, from which on the
    texts are made from one template."""
    details_share: float = 0.5
    """Share of the changed words that are names and numbers, from which on texts differ in hardly anything else. In
    copies with errors it is that of the whole text, about a tenth."""
    template_from: float = 0.5
    """Share of each of two texts that the other contains too, from which on they may be from one template. Chosen: of
    texts of a hundred words in which names stand six times, two thirds are common."""
    own_from: float = 0.4
    """Share of a near copy that the canonical article lacks, from which on the article passes as related if its names
    are its own too."""
    own_names_from: float = 0.3
    """Share of the article's names that the canonical article lacks. Of copies with 5 % of characters misread, a fifth
    of the names are misread."""
    own_words_from: float = 0.65
    """Share of the words of both texts that the other lacks. Chosen with `own_names_from` on generated pairs in 128
    languages: of 288 texts of which half is their own and that are found, 57 pass, and one of 637 noisy copies."""
    own_names_least: int = 3
    """Least number of such names. From a benchmark in which 28 of 67 near copies had three or more."""


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


FOLD_VERSIONS: Final[Mapping[int, FoldParams]] = {
    1: FoldParams(),
    2: FoldParams(
        promotes_copies=True, names_reused=True, binds_source=True, compares_published=True, compares_facts=True
    ),
}
"""All versions of the fold in this release, for workers, `dedupe rebuild` and `dedupe activate`.

A rule that differs between versions is a field of the params. A version is removed only when no log contains its
verdicts any more.
"""
