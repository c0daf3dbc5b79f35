"""The byte ring behaves as a list of byte strings, also where the buffer and the positions wrap around."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipeline.dedup.store import byte_ring
from pipeline.dedup.store.byte_ring import ByteRing

MAX_BYTES = 1 << 13


@contextmanager
def small_positions() -> Iterator[None]:
    """Let positions wrap around after 8 KiB instead of 4 GiB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_ring, "_MIN_CAPACITY_BYTES", 64)
        patch.setattr(byte_ring, "_MAX_CAPACITY_BYTES", MAX_BYTES)
        yield


class ByteRingMachine(RuleBasedStateMachine):
    """Appends and drops strings, and compares with a list of (start, string)."""

    def __init__(self) -> None:
        super().__init__()
        self._patched = small_positions()
        self._patched.__enter__()
        self.ring = ByteRing()
        self.strings: list[tuple[int, bytes]] = []
        self.appended = 0

    def teardown(self) -> None:
        self._patched.__exit__(None, None, None)

    @initialize(strings=st.lists(st.binary(max_size=100), max_size=5))
    def load(self, strings: list[bytes]) -> None:
        self.ring = ByteRing(b"".join(strings))
        starts = [sum(map(len, strings[:place])) for place in range(len(strings))]
        self.strings = list(zip(starts, strings, strict=True))

    @rule(length=st.integers(0, 2500))
    def append(self, length: int) -> None:
        self.appended += 1
        data = bytes((self.appended + place) % 251 for place in range(length))
        live = sum(len(known) for _, known in self.strings)
        if live + length > MAX_BYTES:
            with pytest.raises(OverflowError, match="4 GiB"):
                self.ring.append(data)
        elif live + length < MAX_BYTES:
            self.strings.append((self.ring.append(data), data))

    @precondition(lambda self: self.strings)
    @rule(count=st.integers(1, 4))
    def drop(self, count: int) -> None:
        for _, data in self.strings[:count]:
            self.ring.drop_first(len(data))
        del self.strings[:count]

    @rule()
    def reload(self) -> None:
        first = self.ring.first
        self.ring = ByteRing(self.ring.live())
        self.strings = [((start - first) % MAX_BYTES, data) for start, data in self.strings]

    @invariant()
    def holds_the_strings(self) -> None:
        assert [self.ring.read(start, len(data)) for start, data in self.strings] == [data for _, data in self.strings]
        assert self.ring.live() == b"".join(data for _, data in self.strings)
        if self.strings:
            assert self.ring.first == self.strings[0][0]
        assert all(0 <= start < MAX_BYTES for start, _ in self.strings)


TestByteRing = ByteRingMachine.TestCase
TestByteRing.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_string_may_lie_across_the_end_of_the_buffer() -> None:
    ring = ByteRing()
    ring.append(bytes(4000))
    ring.drop_first(4000)
    data = bytes(range(250))
    start = ring.append(data)
    assert start == 4000
    assert ring.read(start, len(data)) == data == ring.live()


def test_growing_keeps_a_string_that_lies_across_the_end() -> None:
    ring = ByteRing()
    ring.append(bytes(4000))
    ring.drop_first(4000)
    first, second = bytes(range(250)), b"x" * 5000
    starts = ring.append(first), ring.append(second)
    assert [ring.read(start, len(data)) for start, data in zip(starts, (first, second), strict=True)] == [first, second]


def test_positions_wrap_around() -> None:
    with small_positions():
        ring = ByteRing()
        for number in range(100):
            data = bytes([number]) * 300
            start = ring.append(data)
            assert start == number * 300 % MAX_BYTES == ring.first
            assert ring.read(start, 300) == data
            ring.drop_first(300)


def test_a_ring_grows_as_soon_as_a_byte_does_not_fit() -> None:
    with small_positions():
        for length in range(20, 30):  # the buffer has 64 bytes
            ring = ByteRing()
            first, second = bytes(range(1, 41)), b"x" * length
            starts = ring.append(first), ring.append(second)
            assert [ring.read(starts[0], 40), ring.read(starts[1], length)] == [first, second]
