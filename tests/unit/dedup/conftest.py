"""Signatures for tests of the fold, made without texts: only the equality of hashes matters."""

from hashlib import blake2b

import pytest

from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from tests.harness.folding import Make

HOUR_MS = 3600 * 1000


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


@pytest.fixture
def make() -> Make:
    """Return a function that makes signatures, each with the next offset unless one is given."""
    offsets = iter(range(10_000))

    def made(
        article: str,
        text: str,
        *,
        headline: str = "",
        at: int = 0,
        observed: int | None = None,
        **fields: object,
    ) -> Signature:
        values: dict[str, object] = {
            "version": 1,
            "article_id": ArticleId(article),
            "content_hash": _digest(headline + "\n" + text),
            "text_hash": _digest(text) if text else b"",
            "ingested_at_ms": at,
            "observed_at_ms": at if observed is None else observed,
            "source": f"{article}.example",
            "shingles": 300,
            "numbers_hash": bytes(8),
        } | fields
        if "origin" not in values:
            values["origin"] = Origin("", 0, next(offsets))
        return Signature(**values)  # type: ignore[arg-type]

    return made


@pytest.fixture
def promoting() -> Fold:
    """Return a fold that promotes copies."""
    return Fold(FOLD_VERSIONS[2])
