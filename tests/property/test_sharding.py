"""The prototype on shards makes the verdicts of the single fold, also over restarts of shards."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.fold import Feed
from benchmarks.sharding.band_share import BandShare
from benchmarks.sharding.routes import routes_of
from benchmarks.sharding.sharded_fold import ShardedFold
from pipeline.dedup.fold import Fold
from pipeline.dedup.params import FOLD_VERSIONS
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import Verdict
from tests.property.test_dedup_fold import VERSIONS, Entry, logs

SHARDS = (1, 2, 3, 7, 16)
BOTH = dict(enumerate(VERSIONS, start=1))


def _single() -> Fold:
    return Fold(BOTH[1], {2: BOTH[2]})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs(), logs(), st.sampled_from(SHARDS), st.booleans())
def test_shards_make_the_verdicts_of_one_fold(
    before: list[Entry], after: list[Entry], shards: int, activates: bool
) -> None:
    entries = _joined(before, after, activates=activates)
    assert list(ShardedFold(shards, BOTH, 1).apply_all(entries)) == list(_single().apply_all(entries))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs(), logs(), st.sampled_from(SHARDS), st.data())
def test_a_shard_that_was_killed_is_built_again_from_the_logs(
    before: list[Entry], after: list[Entry], shards: int, data: st.DataObject
) -> None:
    entries = _joined(before, after, activates=True)
    expected = list(_single().apply_all(entries))
    sharded = ShardedFold(shards, BOTH, 1)
    place = data.draw(st.integers(0, shards - 1))
    saved_at = data.draw(st.integers(0, len(entries)))
    killed_at = data.draw(st.integers(saved_at, len(entries)))
    found = list(sharded.apply_all(entries[:saved_at]))
    saved = sharded.save(place) if data.draw(st.booleans()) else None
    found += sharded.apply_all(entries[saved_at:killed_at])
    sharded.restart(place, saved)
    found += sharded.apply_all(entries[killed_at:])
    assert found == expected


def _joined(before: Sequence[Entry], after: Sequence[Entry], *, activates: bool) -> list[Entry]:
    """Return a log of two, the second of which may be folded by the newest version."""
    start = before[-1][1]
    control: list[Entry] = [(Activate(fold_version=2, signature_version=1), start)] if activates else []
    return [*before, *control, *((record, at + start) for record, at in after)]


@pytest.fixture(scope="module")
def stream() -> tuple[list[Entry], list[Verdict | None]]:
    """Return a stream with the shares of news, of which a template fills bands, and the verdicts of one fold."""
    block = Feed(3, unique=False, step_ms=1000, recent=150).block(400)
    template = np.frombuffer(block[0].sketch, "<u2")
    crowd = []
    for place, one in enumerate(block[:90]):
        sketch = np.frombuffer(one.sketch, "<u2").copy()
        sketch[: 20 + place % 30] = template[: 20 + place % 30]
        crowd.append(replace(one, sketch=sketch.tobytes()))
    entries: list[Entry] = [(one, one.ingested_at_ms) for one in [*crowd, *block[90:]]]
    return entries, list(Fold(FOLD_VERSIONS[2]).apply_all(entries))


def test_crowded_bands_are_cut_where_the_single_fold_cuts_them(
    stream: tuple[list[Entry], list[Verdict | None]],
) -> None:
    entries, expected = stream
    sharded = ShardedFold(4, {1: FOLD_VERSIONS[2]}, 1)
    found = list(sharded.apply_all(entries))
    assert sum(share.cut for share in sharded.shards.bands) > 0
    assert found == expected


def test_every_band_belongs_to_one_shard_and_every_row_too(stream: tuple[list[Entry], list[Verdict | None]]) -> None:
    entries, _ = stream
    sharded = ShardedFold(3, {1: FOLD_VERSIONS[2]}, 1)
    list(sharded.apply_all(entries))
    assert sum(len(shard.state.store) for shard in sharded.shards.rows) == len(entries)
    assert min(len(shard.state.store) for shard in sharded.shards.rows) > 0
    assert sharded.traffic.messages.keys() >= {"sketches", "candidates", "keys", "verdicts"}


def test_one_shard_sends_nothing() -> None:
    sharded = ShardedFold(1, {1: FOLD_VERSIONS[2]}, 1)
    block = Feed(3, unique=False, step_ms=1000, recent=20).block(50)
    assert len(list(sharded.apply_all([(one, one.ingested_at_ms) for one in block]))) == len(block)
    assert sharded.traffic.messages.total() == 0


def test_pairs_that_share_no_route_are_not_compared() -> None:
    share = BandShare(range(42), FOLD_VERSIONS[2])
    one, other = bytes(128), bytes([1]) + bytes(127)
    share.add(1, one, 0)
    assert share.look_up(other, 0) == [(1, 127)]
    assert set(routes_of(one, 1, 4)).isdisjoint(routes_of(other, 1, 4))
    assert not set(routes_of(one, 2, 4)).isdisjoint(routes_of(other, 2, 4))


def test_routes_give_every_signature_a_verdict(stream: tuple[list[Entry], list[Verdict | None]]) -> None:
    entries, expected = stream
    found = list(ShardedFold(4, {1: FOLD_VERSIONS[2]}, 1, routes=2).apply_all(entries))
    assert [verdict is None for verdict in found] == [verdict is None for verdict in expected]


def _article(home: int, at: int, text: bytes = b"t") -> Signature:
    """Return a version of the article that this home has, with seven shards; without a text its retraction."""
    return Signature(
        version=1,
        article_id=ArticleId((bytes([3 * home % 7]) * 16).hex()),
        origin=Origin("", home, at),
        action="publish" if text else "retract",
        content_hash=text * 16 or bytes(16),
        text_hash=text * 16,
        source=f"s{home}.example",
        shingles=100,
        ingested_at_ms=at,
        observed_at_ms=at,
    )


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_copy_is_promoted_by_an_article_of_another_shard(is_lost: bool) -> None:
    gone = _article(1, 2000, b"")
    records: list[LogRecord] = [
        _article(1, 0),
        _article(2, 1000),
        gone,
        *([Void(article_id=gone.article_id, origin=gone.origin)] if is_lost else []),
        _article(4, 3000),
        _article(2, 4000),
        _article(5, 5000),
    ]
    entries = [(record, 1000 * place) for place, record in enumerate(records)]
    sharded, versions = ShardedFold(7, {1: FOLD_VERSIONS[2]}, 1), FOLD_VERSIONS[2]
    assert [sharded.shards.home_of(_article(home, 0).article_id) for home in range(1, 6)] == [1, 2, 3, 4, 5]
    found = list(sharded.apply_all(entries[:3]))
    sharded.restart(2)  # the chosen copy is on record elsewhere only
    found += sharded.apply_all(entries[3:])
    assert found == list(Fold(versions).apply_all(entries))
    assert ("promoted" in [verdict.kind for verdict in found if verdict is not None]) is not is_lost
