"""Lines of libraries are limited by kind, and none is left out without being counted."""

import logging

from pipeline.observability.line_limit import SUPPRESSED, LineLimit, LineLimitParams

PARAMS = LineLimitParams(burst=3, interval_secs=30)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def line(name: str = "aiokafka.client", number: int = 1, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error is not None else None
    return logging.LogRecord(name, logging.ERROR, "client.py", number, "failed %s", ("x",), info)


def counts(records: list[logging.LogRecord]) -> list[int | None]:
    return [getattr(record, SUPPRESSED, None) for record in records]


def test_a_burst_passes_then_one_line_in_an_interval_that_counts_the_others() -> None:
    clock = Clock()
    limit = LineLimit(["aiokafka"], PARAMS, clock)
    written = []
    for hundredth in range(6001):  # 60 s
        clock.now = 1000 + hundredth / 100
        written += limit.due(line())
    assert counts(written) == [None, None, None, 2997, 3000]
    rest = limit.rest()
    assert len(written) + sum(count - 1 for count in counts(written + rest) if count) + len(rest) == 6001


def test_kinds_are_told_apart_by_place_and_error() -> None:
    limit = LineLimit(["aiokafka"], PARAMS, Clock())
    for _ in range(10):
        limit.due(line())
    assert limit.due(line(number=2))
    assert limit.due(line(error=OSError()))
    assert limit.due(line(error=ValueError()))
    assert not limit.due(line())


def test_what_was_left_out_is_said_when_any_line_comes_after_the_interval() -> None:
    clock = Clock()
    limit = LineLimit(["aiokafka"], PARAMS, clock)
    for _ in range(10):
        limit.due(line())
    clock.now += 31
    other = line("pipeline.runtime")
    summary, *rest = limit.due(other)
    assert (summary.name, counts([summary])) == ("aiokafka.client", [7])
    assert rest == [other]
    assert limit.rest() == []


def test_a_kind_that_was_quiet_begins_anew() -> None:
    clock = Clock()
    limit = LineLimit(["aiokafka"], PARAMS, clock)
    assert sum(len(limit.due(line())) for _ in range(3)) == 3
    clock.now += 31
    assert counts(limit.due(line())) == [None]


def test_other_loggers_are_not_limited() -> None:
    limit = LineLimit(["aiokafka", "pipeline.kafka_io"], PARAMS, Clock())
    for name in ("pipeline.runtime", "aiokafkaesque", "root"):
        assert sum(len(limit.due(line(name))) for _ in range(50)) == 50
    assert sum(len(limit.due(line("pipeline.kafka_io.transport"))) for _ in range(50)) == 3
