"""The row store behaves as a list of rows: indexes, flags, expiry, growth and reloading."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.dedup.store import row_store
from pipeline.dedup.store.row_layout import (
    FIELDS,
    HAS_SKETCH,
    NOT_INDEXED,
    ODD_ID,
    PARTIAL,
    PROMOTED,
    SHORT,
    SKETCH_BYTES,
    TABLE,
    VOIDED,
    WIDTH,
    WITHDRAWN,
    Addition,
    Row,
    Sketches,
    Table,
)
from pipeline.dedup.store.row_store import RowStore


def test_both_layouts_of_a_row_have_the_same_width() -> None:
    assert TABLE.itemsize == WIDTH


@dataclass
class Stored:
    """A row as the store should return it."""

    number: int
    addition: Addition
    flags: int

    @property
    def row(self) -> Row:
        return self.addition.row._replace(flags=self.flags)


def _digest(number: int) -> bytes:
    return bytes([number]) * 16


@st.composite
def additions(draw: st.DrawFn) -> Addition:
    """Draw rows of few origins, articles and texts, so that many share a chain."""
    few = st.integers(0, 3)
    sketch = draw(st.sampled_from((b"", b"a" * SKETCH_BYTES, b"b" * SKETCH_BYTES)))
    flags = draw(st.sampled_from((0, ODD_ID))) | draw(st.sampled_from((0, SHORT))) | draw(st.sampled_from((0, PARTIAL)))
    row = Row(
        lane=draw(few),
        partition=draw(few),
        offset=draw(st.sampled_from((0, 1, 1 << 40))),
        id=_digest(draw(few)),
        content=_digest(draw(few)),
        text=_digest(draw(few)),
        numbers=bytes(8),
        ingested_at_ms=draw(st.integers(-5, 5)),
        time_ms=0,  # set when it is added
        observed_at_ms=draw(st.integers(-5, 5)),
        source=draw(few),
        agency=draw(few),
        declared=draw(few),
        revision=draw(few),
        supersedes=draw(few),
        shingles=draw(st.integers(0, (1 << 32) - 1)),
        canonical=draw(st.sampled_from((0, 1, 2, (1 << 32) - 1))),
        published=draw(few),
        version=1,
        fold=1,
        kind=draw(st.integers(0, 11)),
        flags=flags | (HAS_SKETCH if sketch else 0),
    )
    return Addition(row, sketch, draw(st.binary(max_size=60)), draw(st.booleans()) and not row.canonical)


def _columns(additions: list[Addition]) -> tuple[Table, Sketches, list[bytes]]:
    """Return rows as `append_all` takes them."""
    packed = b"".join(FIELDS.pack(*addition.row) + bytes(WIDTH - FIELDS.size) for addition in additions)
    table = np.frombuffer(packed, dtype=TABLE).copy()
    for place, addition in enumerate(additions):
        if not addition.is_indexed_by_text and not addition.row.canonical:
            table["text_link"][place] = NOT_INDEXED
    sketches = b"".join(addition.sketch or bytes(SKETCH_BYTES) for addition in additions)
    return (
        table,
        np.frombuffer(sketches, dtype=np.uint8).reshape(-1, SKETCH_BYTES),
        [addition.packed_verdict for addition in additions],
    )


class RowStoreMachine(RuleBasedStateMachine):
    """Adds, flags and drops rows, and compares with a list."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()  # small sizes, so that the store grows and the ring wraps around
        self._patch.setattr(row_store, "_MIN_ROWS", 4)
        self._patch.setattr(row_store, "_ROWS_AT_ONCE", 3)
        self.store = RowStore()
        self.rows: list[Stored] = []
        self.next = 1
        self.now = 0

    def teardown(self) -> None:
        self._patch.undo()

    def _timed(self, addition: Addition) -> Addition:
        self.now += 1
        addition = addition._replace(row=addition.row._replace(time_ms=self.now))
        self.rows.append(Stored(self.next, addition, addition.row.flags))
        self.next += 1
        return addition

    @rule(additions=st.lists(additions(), min_size=1, max_size=9))
    def append_singly(self, additions: list[Addition]) -> None:
        self.store.make_room(len(additions))
        for addition in additions:
            number = self.store.append(self._timed(addition))
            assert number == self.next - 1

    @rule(additions=st.lists(additions(), min_size=1, max_size=9))
    def append_together(self, additions: list[Addition]) -> None:
        self.store.append_all(*_columns([self._timed(addition) for addition in additions]))

    @precondition(lambda self: self.rows)
    @rule(count=st.integers(1, 6))
    def drop(self, count: int) -> None:
        for _ in self.rows[:count]:
            self.store.drop_first()
        del self.rows[:count]

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), flag=st.sampled_from((VOIDED, WITHDRAWN, PROMOTED)), on=st.booleans())
    def flag(self, data: st.DataObject, flag: int, on: bool) -> None:
        stored = data.draw(st.sampled_from(self.rows))
        stored.flags = stored.flags | flag if on else stored.flags & ~flag
        self.store.set_flag(stored.number, flag, on)

    @rule()
    def reload(self) -> None:
        live = self.store.live()
        self.store = RowStore()
        self.store.load(*live)
        for number, stored in enumerate(self.rows, start=1):
            stored.number = number
        self.next = len(self.rows) + 1

    @invariant()
    def holds_the_rows(self) -> None:
        assert len(self.store) == len(self.rows)
        for stored in self.rows:
            assert self.store.row(stored.number) == stored.row
            assert self.store.time_ms(stored.number) == stored.row.time_ms
            assert self.store.packed_verdict(stored.number) == stored.addition.packed_verdict
        numbers = np.array([stored.number for stored in self.rows], dtype=np.uint32)
        expected = b"".join(stored.addition.sketch or bytes(SKETCH_BYTES) for stored in self.rows)
        assert self.store.sketches_of(numbers).tobytes() == expected

    @invariant()
    def finds_the_rows_newest_first(self) -> None:
        newest = [(stored.number, stored.row) for stored in reversed(self.rows)]
        indexed = {stored.number for stored in self.rows if stored.addition.is_indexed_by_text}
        for lane, partition, offset in {(row.lane, row.partition, row.offset) for _, row in newest}:
            origin = [
                (n, row) for n, row in newest if (row.lane, row.partition, row.offset) == (lane, partition, offset)
            ]
            assert list(self.store.by_origin(lane, partition, offset)) == origin
        for value in range(4):
            digest = _digest(value)
            for odd in (0, ODD_ID):
                article = [(n, row) for n, row in newest if row.id == digest and row.flags & ODD_ID == odd]
                assert list(self.store.by_article(digest, odd)) == article
            same_text = [(n, row) for n, row in newest if n in indexed and row.text_key == digest]
            assert list(self.store.by_text(digest)) == same_text
        for key in (1, 2, (1 << 32) - 1):
            assert list(self.store.by_canonical(key)) == [(n, row) for n, row in newest if row.canonical == key]
        flagged = [stored.number for stored in self.rows if stored.flags & PROMOTED]
        assert self.store.flagged(PROMOTED).tolist() == flagged

    @invariant()
    def compares_canonical_rows_and_partial_copies(self) -> None:
        for oldest_ms in (-1, self.now - 3, self.now + 1):
            for first in (0, self.next - 4):
                expected = [
                    stored.number
                    for stored in self.rows
                    if stored.number >= first
                    and stored.row.time_ms >= oldest_ms
                    and stored.row.flags & HAS_SKETCH
                    and (stored.addition.is_indexed_by_text or stored.row.flags & PARTIAL)
                ]
                assert self.store.compared(oldest_ms, max(first, 0)).tolist() == expected


TestRowStore = RowStoreMachine.TestCase
TestRowStore.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
