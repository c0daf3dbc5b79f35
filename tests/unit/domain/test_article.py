"""Which articles are read by models."""

from typing import get_args

import pytest
from msgspec.structs import replace

from pipeline.domain.article import Article
from pipeline.domain.verdict import COPIES, PASSING, WITHOUT_EFFECT, Verdict, VerdictKind


@pytest.mark.parametrize("kind", get_args(VerdictKind))
def test_what_passes_is_read_and_copies_too(article: Article, verdict: Verdict, kind: VerdictKind) -> None:
    judged = replace(article, verdict=replace(verdict, kind=kind))
    assert judged.is_read == (kind in PASSING | COPIES)
    assert not replace(judged, action="retract").is_read


def test_an_article_without_a_verdict_is_read(article: Article) -> None:
    assert article.is_read


def test_what_passes_or_is_a_copy_has_an_effect() -> None:
    assert not WITHOUT_EFFECT & (PASSING | COPIES)
