"""The LSH index finds what a comparison with all live entries finds, band by band."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.typing import NDArray

from pipeline.dedup.store import lsh_index
from pipeline.dedup.store.chains import chain
from pipeline.dedup.store.lsh_index import BANDS, LshIndex, band_keys, share_band
from pipeline.dedup.store.row_layout import SKETCH_BYTES, Sketches

MOST = 5
# Eight sketches of few values, so that each shares bands with the others; the last is unlike all.
SKETCHES = np.vstack(
    [np.random.default_rng(1).integers(0, 2, (7, SKETCH_BYTES)), np.full((1, SKETCH_BYTES), 9)]
).astype(np.uint8)


def _sketches_of(rows: NDArray[np.uint32]) -> Sketches:
    found: Sketches = SKETCHES[rows % len(SKETCHES)]
    return found


def _band(sketch: Sketches, band: int) -> bytes:
    return sketch[band * 3 : band * 3 + 3].tobytes()


class LshIndexMachine(RuleBasedStateMachine):
    """Adds and drops entries, and compares with a list of rows."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()  # small sizes, so that the index grows, wraps around and numbers anew
        self._patch.setattr(lsh_index, "_MIN_ENTRIES", 4)
        self._patch.setattr(lsh_index, "_ENTRIES_AT_ONCE", 3)
        self._patch.setattr(lsh_index, "_LAST_NUMBER", 60)
        self._patch.setattr(lsh_index, "LINKS_FOLLOWED", 4)
        self.index = LshIndex(_sketches_of, MOST)
        self.rows: list[int] = []

    def teardown(self) -> None:
        self._patch.undo()

    @rule(rows=st.lists(st.integers(0, 7), max_size=6))
    def add_singly(self, rows: list[int]) -> None:
        self.index.make_room(len(rows))
        for row in rows:
            entry = self.index.add(row, band_keys(SKETCHES[row : row + 1])[0])
            assert entry == self.index.end - 1
        self.rows += rows
        self._shrink()

    @rule(rows=st.lists(st.integers(0, 7), min_size=1, max_size=6))
    def add_together(self, rows: list[int]) -> None:
        self.index.add_all(np.array(rows, dtype=np.uint32))
        self.rows += rows
        self._shrink()

    @rule(count=st.integers(1, 6))
    def drop(self, count: int) -> None:
        for _ in self.rows[:count]:
            self.index.drop_first()
        del self.rows[:count]

    @rule()
    def reload(self) -> None:
        self.index.load(np.array(self.rows, dtype=np.uint32))

    def _shrink(self) -> None:
        if len(self.rows) > 30:
            self.drop(len(self.rows) - 30)

    @invariant()
    def holds_the_rows(self) -> None:
        assert len(self.index) == len(self.rows)
        entries = np.arange(self.index.first, self.index.end, dtype=np.uint32)
        assert self.index.rows(entries).tolist() == self.rows == [self.index.row(entry) for entry in entries.tolist()]

    @invariant()
    def finds_all_that_share_a_band(self) -> None:
        keys = band_keys(SKETCHES)
        found = self.index.look_up(keys)
        assert ((found.entries >= self.index.first) & (found.entries < self.index.end)).all()
        wanted, bands = SKETCHES[found.places // BANDS], found.places % BANDS
        shared = share_band(wanted, _sketches_of(self.index.rows(found.entries)), bands)
        pairs = list(zip(found.places[shared].tolist(), found.entries[shared].tolist(), strict=True))
        unfinished = set(found.unfinished.tolist())
        assert len(pairs) == len(set(pairs))
        for query, sketch in enumerate(SKETCHES):
            for band in range(0, BANDS, 5):
                place = query * BANDS + band
                expected = [
                    self.index.first + position
                    for position, row in enumerate(self.rows)
                    if _band(SKETCHES[row], band) == _band(sketch, band)
                ]
                entries = [entry for other, entry in pairs if other == place]
                if place in unfinished:
                    assert set(entries) <= set(expected)
                    assert len(self.rows) > 4
                else:
                    assert entries == expected[::-1]
                newest, is_cut = self.index.follow(band, int(keys[query, band]), sketch)
                assert (newest, is_cut) == (expected[::-1][:MOST], len(expected) > MOST)


TestLshIndex = LshIndexMachine.TestCase
TestLshIndex.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


def test_keys_differ_where_values_of_the_band_do() -> None:
    sketches = np.zeros((SKETCH_BYTES + 1, SKETCH_BYTES), dtype=np.uint8)
    sketches[np.arange(SKETCH_BYTES), np.arange(SKETCH_BYTES)] = 1
    keys = band_keys(sketches)
    differ = keys[:-1] != keys[-1]
    expected = np.zeros((SKETCH_BYTES, BANDS), dtype=np.bool_)
    covered = np.arange(BANDS * 3)
    expected[covered, covered // 3] = True
    assert (differ == expected).all()


@given(st.lists(st.lists(st.integers(0, 4), max_size=12), max_size=6))
def test_chains_lead_from_the_newest_entry_to_the_oldest(batches: list[list[int]]) -> None:
    heads = np.zeros(5, dtype=np.uint32)
    older: dict[int, int] = {}
    expected: dict[int, list[int]] = {bucket: [] for bucket in range(5)}
    for buckets in batches:
        links = np.arange(len(older) + 1, len(older) + 1 + len(buckets), dtype=np.uint32)
        before = chain(heads, np.array(buckets, dtype=np.int64), links)
        for bucket, link in zip(buckets, links.tolist(), strict=True):
            expected[bucket].insert(0, link)
        older |= zip(links.tolist(), before.tolist(), strict=True)
    for bucket, chained in expected.items():
        link, found = int(heads[bucket]), []
        while link:
            found.append(link)
            link = older[link]
        assert found == chained
