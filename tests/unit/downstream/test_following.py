"""The loop of a downstream service: what is stored together, when it is ready, and what it does on lost positions."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from pipeline.domain.record import Place, Record
from pipeline.downstream.following import Following, FollowParams
from pipeline.errors import FatalError, TransientError
from pipeline.observability.downstream_metrics import DownstreamMetrics
from pipeline.observability.progress import Progress, not_ready

TOPIC = "news.articles.current.v1"
PLACES: tuple[Place, ...] = ((TOPIC, 0), (TOPIC, 1))
PARAMS = FollowParams(max_records=3, store_secs=0.0)


class Log:
    """Two partitions in memory, whose offsets begin at `first`."""

    def __init__(self, lengths: Mapping[Place, int], first: int = 0) -> None:
        self.first = first
        self.lengths = dict(lengths)
        self.at: dict[Place, int] = {}
        self.reported: list[dict[Place, int]] = []
        self.is_away = False

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        if self.is_away:
            raise TransientError("no answer")
        return {place: (self.first, length) for place, length in self.lengths.items()}

    async def since(self, time_ms: int) -> Mapping[Place, int]:
        return {place: max(self.first, min(time_ms, length)) for place, length in self.lengths.items()}

    def seek(self, place: Place, offset: int) -> None:
        self.at[place] = offset

    async def read(self, max_records: int) -> list[Record]:
        await asyncio.sleep(0)
        for place in PLACES:
            start, end = self.at[place], min(self.lengths[place], self.at[place] + max_records)
            if start < end:
                self.at[place] = end
                return [Record(*place, offset, 0, str(offset).encode(), b"{}") for offset in range(start, end)]
        return []

    async def positions(self) -> dict[Place, int]:
        return dict(self.at)

    async def report(self, positions: Mapping[Place, int]) -> None:
        self.reported.append(dict(positions))


class Sink:
    """Effects whose stored state survives, while what was only applied is lost with the object."""

    def __init__(self, stored: Mapping[Place, int] | None = None, seen: Sequence[tuple[Place, int]] = ()) -> None:
        self.positions = dict(stored or {})
        self.kept = list(seen)
        self.applied: list[tuple[Place, int]] = []
        self.caught_up: list[bool] = []
        self.restarts = 0
        self.stores = 0
        self.fails_at: int | None = None
        self.is_waiting = False

    def restore(self, identities: Mapping[str, bytes]) -> Mapping[Place, int]:
        assert identities == {TOPIC: b"id"}
        return dict(self.positions)

    def restart(self) -> None:
        self.restarts += 1
        self.positions, self.kept = {}, []

    def apply(self, records: Sequence[Record]) -> int:
        self.applied += [((record.topic, record.partition), record.offset) for record in records]
        return sum(record.offset == 7 for record in records)

    def store(self, positions: Mapping[Place, int], *, caught_up: bool) -> None:
        self.stores += 1
        if self.stores == self.fails_at:
            raise FatalError("the disk is full")
        self.positions, self.applied, self.kept = dict(positions), [], self.kept + self.applied
        self.caught_up.append(caught_up)

    def close(self) -> None: ...


async def _follow(
    log: Log, sink: Sink, until: int, begins_at_ms: int | None = None
) -> tuple[Progress, DownstreamMetrics]:
    """Follow until so many records are kept, then stop."""
    progress, metrics = Progress(needs_fold=True), DownstreamMetrics()
    following = Following(log, sink, progress, metrics, PARAMS, begins_at_ms=begins_at_ms)
    work = asyncio.create_task(following.run({TOPIC: b"id"}))
    while not work.done() and len(sink.kept) < until:  # noqa: ASYNC110  # as an operator would look on
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    following.stop()
    await asyncio.wait_for(work, 10)
    return progress, metrics


async def test_each_record_is_kept_once_with_the_positions_after_it() -> None:
    log, sink = Log({PLACES[0]: 10, PLACES[1]: 8}), Sink()
    progress, metrics = await _follow(log, sink, 18)
    assert sorted(sink.kept) == [(place, offset) for place in PLACES for offset in range(log.lengths[place])]
    assert sink.positions == {PLACES[0]: 10, PLACES[1]: 8}
    assert log.reported[-1] == sink.positions
    assert sink.caught_up == sorted(sink.caught_up)
    assert sink.caught_up[-1]
    assert not_ready(progress.status) == ()
    counts = metrics.of("downstream_records_total")
    assert (counts.labels("applied")._value.get(), counts.labels("skipped")._value.get()) == (16, 2)


async def test_after_a_failure_it_goes_on_with_the_first_record_that_is_not_kept() -> None:
    log, sink = Log({PLACES[0]: 10, PLACES[1]: 8}), Sink()
    sink.fails_at = 3
    with pytest.raises(FatalError):
        await _follow(log, sink, 18)
    kept = len(sink.kept)
    assert 0 < kept < 18
    again = Sink(sink.positions, sink.kept)
    await _follow(log, again, 18)
    assert sorted(again.kept) == [(place, offset) for place in PLACES for offset in range(log.lengths[place])]


@pytest.mark.parametrize(("first", "stored"), [(5, 3), (0, 99)])
async def test_a_position_outside_the_log_begins_again(first: int, stored: int) -> None:
    log, sink = Log({PLACES[0]: 10, PLACES[1]: 8}, first), Sink({PLACES[0]: stored, PLACES[1]: 6}, [(PLACES[0], 2)])
    await _follow(log, sink, 18 - 2 * first)
    assert sink.restarts == 1
    assert len(sink.kept) == 18 - 2 * first


async def test_a_new_partition_is_read_from_its_start() -> None:
    log, sink = Log({PLACES[0]: 10, PLACES[1]: 8}), Sink({PLACES[0]: 10})
    await _follow(log, sink, 8)
    assert {place for place, _ in sink.kept} == {PLACES[1]}
    assert sink.restarts == 0


async def test_a_partition_without_a_position_is_read_from_a_time_on() -> None:
    log, sink = Log({PLACES[0]: 10, PLACES[1]: 8}), Sink({PLACES[0]: 2})
    await _follow(log, sink, 8 + 3, begins_at_ms=5)  # the offsets of the log are its times
    assert sorted(sink.kept) == [*((PLACES[0], n) for n in range(2, 10)), *((PLACES[1], n) for n in range(5, 8))]


async def test_without_brokers_it_waits_and_its_lag_is_unknown() -> None:
    log, sink, progress = Log({PLACES[0]: 10, PLACES[1]: 8}), Sink(), Progress(needs_fold=True)
    following = Following(log, sink, progress, DownstreamMetrics(), FollowParams(store_secs=0.0, lag_secs=0.0))
    work = asyncio.create_task(following.run({TOPIC: b"id"}))

    async def shows(lag: int | None) -> None:
        while progress.status.lag_records != lag:  # noqa: ASYNC110  # as an operator would look on
            await asyncio.sleep(0.001)

    await shows(0)
    log.is_away = True
    await shows(None)
    log.is_away = False
    log.lengths[PLACES[0]] = 12
    while len(sink.kept) < 20:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    following.stop()
    await asyncio.wait_for(work, 10)


async def test_without_brokers_at_the_start_it_ends() -> None:
    log = Log(dict.fromkeys(PLACES, 0))
    log.is_away = True
    with pytest.raises(TransientError):
        await _follow(log, Sink(), 1)


async def test_an_empty_log_is_caught_up_at_once() -> None:
    log, sink = Log(dict.fromkeys(PLACES, 0)), Sink()
    progress, _ = await _follow(log, sink, 0)
    assert sink.caught_up[0]
    assert progress.status.started


async def test_what_waits_for_a_time_is_stored_without_further_records() -> None:
    log, sink = Log({PLACES[0]: 1, PLACES[1]: 0}), Sink()
    sink.is_waiting = True
    following = Following(log, sink, Progress(needs_fold=True), DownstreamMetrics(), PARAMS)
    work = asyncio.create_task(following.run({TOPIC: b"id"}))
    async with asyncio.timeout(10):
        while sink.stores < 5:  # noqa: ASYNC110  # as an operator would look on
            await asyncio.sleep(0.001)
    following.stop()
    await asyncio.wait_for(work, 10)
    assert sink.kept == [(PLACES[0], 0)]
