"""What tests of the fold share."""

from collections.abc import Callable

from pipeline.dedup.fold import Fold
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict

Make = Callable[..., Signature]
DAY_MS = 24 * 3600 * 1000


def apply(fold: Fold, signature: Signature) -> Verdict:
    """Fold a signature that is appended when it was ingested, and return its verdict."""
    verdict = fold.apply(signature, signature.ingested_at_ms)
    assert verdict is not None
    return verdict
