"""Rows that are added together are those that are added one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.dedup.store.row_codec import RowCodec
from pipeline.dedup.store.row_store import RowStore
from pipeline.dedup.store.snapshot import Image
from pipeline.dedup.store.verdict_codec import first_verdict
from pipeline.domain.ids import ArticleId, cluster_id
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import VERDICT_KINDS, Verdict

Pair = tuple[Signature, Verdict, int]
_IDS = st.sampled_from([ArticleId(name) for name in ("0" * 32, "f" * 32, "0123456789abcdef" * 2, "A" * 32, "odd", "é")])
_TEXTS = st.sampled_from(("", "a.example", "b.example"))
_TIMES = st.sampled_from((0, -5, 1_790_000_000_000, -(1 << 63) + 1, (1 << 63) - 1))


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw a signature and a verdict on it: usual ones, and some with numbers and hashes of other sizes."""
    article = draw(_IDS)
    signature = Signature(
        version=draw(st.sampled_from((1, 1, 255))),
        article_id=article,
        origin=Origin(draw(st.sampled_from(("", "", "lane"))), draw(st.integers(0, 3)), draw(st.integers(0, 1 << 62))),
        content_hash=draw(st.sampled_from((b"", bytes(16), b"c" * 16, b"other"))),
        text_hash=draw(st.sampled_from((b"", b"t" * 16, b"t" * 16, b"other"))),
        source=draw(_TEXTS),
        agency=draw(_TEXTS),
        declared_source=draw(_TEXTS),
        ingested_at_ms=draw(_TIMES),
        observed_at_ms=draw(st.one_of(_TIMES, st.just((1 << 64) - 1))),
        sketch=draw(st.sampled_from((b"", bytes(range(256)), bytes(256), b"short"))),
        numbers_hash=draw(st.sampled_from((b"", b"n" * 8, b"other"))),
        shingles=draw(st.sampled_from((-1, 0, 10, 500, 1 << 33))),
        published_at_ms=draw(st.sampled_from((None, 0, 59_999, 1_790_000_000_000, -1, 1 << 60))),
        facts=draw(st.sampled_from((b"", b"facts", b"f" * 256))),
    )
    canonical = draw(st.sampled_from((article, article, ArticleId("00000000" + "e" * 24))))
    verdict = Verdict(
        origin=signature.origin,
        article_id=article,
        kind=draw(st.sampled_from(VERDICT_KINDS)),
        revision=draw(st.sampled_from((0, 1, 2))),
        cluster_id=cluster_id(canonical),
        canonical_id=canonical,
        canonical_at_ms=draw(st.sampled_from((signature.ingested_at_ms, 7))),
        method=draw(st.sampled_from(("new", "minhash"))),
        window_secs=draw(st.sampled_from((259_200, 604_800))),
        supersedes=draw(st.sampled_from((None, 0, 1))),
        score=draw(st.sampled_from((None, 0.5, 0.99))),
        flags=draw(st.sampled_from(((), (), ("reused_url",)))),
        source=draw(_TEXTS),
        fold_version=draw(st.sampled_from(list(FOLD_VERSIONS))),
    )
    return signature, verdict, draw(st.sampled_from((0, 1_790_000_000_000)))


def _codec() -> RowCodec:
    return RowCodec(RowStore(), FOLD_VERSIONS)


def _first(*, version: int, article: str) -> Pair:
    """Return a signature with the first verdict on it."""
    origin = Origin("", 0, 5)
    signature = Signature(
        version=version, article_id=ArticleId(article), origin=origin, ingested_at_ms=0, observed_at_ms=0
    )
    newest = max(FOLD_VERSIONS)
    return signature, first_verdict(signature, FOLD_VERSIONS[newest], newest), 0


def _image(codec: RowCodec) -> tuple[Any, ...]:
    image = Image.of(codec, 1, 0)
    return image.rows.tobytes(), image.sketches.tobytes(), image.packed_verdicts, image.texts


@settings(max_examples=300, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=4))
def test_rows_added_together_are_those_added_singly(added: list[Pair]) -> None:
    one, many = _codec(), _codec()
    one.store.make_room(len(added))
    for pair in added:
        one.add(*pair)
    many.add_all(added)
    assert _image(many) == _image(one)
    for number, (_, verdict, _) in enumerate(added, start=1):
        assert many.verdict(number) == verdict
    keys = [(signature.origin, signature.article_id) for signature, _, _ in added]
    keys += [(Origin("other", 0, 0), ArticleId("odd")), (Origin("", 2, 1), ArticleId("0" * 32))]
    assert many.find_all(keys).tolist() == [many.find(*key) for key in keys]
    beyond = [*keys, (Origin("", -1, (1 << 64) - 1), ArticleId("odd"))]
    assert many.find_all(beyond).tolist() == [*many.find_all(keys).tolist(), 0]


def test_numbers_that_no_row_can_have_are_refused_together_too() -> None:
    with pytest.raises(ValueError, match="a version is out of range"):
        _codec().add_all([_first(version=0, article="a")])


def test_of_an_origin_the_newest_row_of_the_article_is_found() -> None:
    codec = _codec()
    added = _first(version=1, article="a" * 32)
    key = (added[0].origin, added[0].article_id)
    codec.add_all([added] * 3)
    assert codec.find_all([key]).dtype == np.uint32
    assert codec.find_all([key]).tolist() == [3]
