"""The closed lists of kinds and methods."""

from pipeline.domain.outcome import DROP_REASONS
from pipeline.domain.verdict import COPIES, PASSING, VERDICT_KINDS, VERDICT_METHODS


def test_kinds_and_methods_keep_their_positions() -> None:
    """Rows and snapshots of the fold contain the positions."""
    assert VERDICT_KINDS == (
        "unique", "related", "revision", "retraction", "promoted", "exact", "near", "repeat", "stale",
        "unknown_article", "retracted_copy", "refused_retraction",
    )  # fmt: skip
    assert VERDICT_METHODS == ("new", "article_id", "content_hash", "text_hash", "minhash")


def test_an_article_passes_or_is_dropped_for_its_kind() -> None:
    assert PASSING.isdisjoint(DROP_REASONS["dedupe"])
    assert PASSING | set(DROP_REASONS["dedupe"]) == set(VERDICT_KINDS)
    assert set(DROP_REASONS["dedupe"]) > COPIES
