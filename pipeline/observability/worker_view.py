"""What a person wants to know about workers at a glance, computed from their metrics."""

from collections.abc import Sequence
from typing import get_args

from msgspec import Struct

from pipeline.domain.stage import StageName
from pipeline.models.subjects.taxonomy import SUBJECT_NAMES
from pipeline.observability.samples import Samples, grown, quantile, summed

__all__ = ["Part", "Reading", "StageView", "WorkerView", "view_of"]

_SUBJECT = "medtop:"
_ORDER: tuple[str, ...] = get_args(StageName)


class Reading(Struct, frozen=True):
    """The metrics of one worker at two times.

    Attributes:
        now: The present values.
        before: Earlier values of the same process; None to look at the whole time since its start.
        secs: Seconds between the two.
    """

    now: Samples
    before: Samples | None
    secs: float


class StageView(Struct, frozen=True, kw_only=True):
    """One stage in all workers that were looked at. Rates are records per second; latencies are seconds.

    Attributes:
        stage: Its name.
        topic: The topic that it reads, or would read if it were a service of its own.
        records: Records consumed since the workers started.
        consumed: Rate of records consumed.
        emitted: Rate of records emitted.
        dropped: Rate of records dropped.
        rejected: Rate of records rejected.
        latency: Median, 95th and 99th percentile of the time until the stage's commit; None without an article in
            the time that was looked at, and for stages that hand their articles on in memory.
        lag_records: Records of the topic that wait; None if the stage reads no topic here, or the lag is unknown.
        last_commit_at: Unix time of the last commit with records; None before the first.
    """

    stage: str
    topic: str
    records: int
    consumed: float
    emitted: float
    dropped: float
    rejected: float
    latency: tuple[float, float, float] | None
    lag_records: int | None
    last_commit_at: float | None


class Part(Struct, frozen=True):
    """One value of a label: how many since the start, and how many per second."""

    name: str
    records: int
    per_sec: float


class WorkerView(Struct, frozen=True, kw_only=True):
    """One worker, or several added up.

    Attributes:
        secs: Length of the time that rates and latencies are about.
        stages: The stages, in the order of the chain.
        partitions: Topic, partition, lag, and offsets behind an open transaction, of each assigned partition.
        dead_letters: Dead letters by stage and reason, most first.
        languages: Articles by language, most first.
        subjects: Articles by the English name of their surest subject, most first.
        verdicts: Verdicts by kind, most first.
        cores: CPU time per second, all threads together.
        resident_bytes: Memory.
        in_progress: Records fetched and not yet committed.
    """

    secs: float
    stages: tuple[StageView, ...]
    partitions: tuple[tuple[str, int, int, int], ...]
    dead_letters: tuple[Part, ...]
    languages: tuple[Part, ...]
    subjects: tuple[Part, ...]
    verdicts: tuple[Part, ...]
    cores: float
    resident_bytes: int
    in_progress: int

    @property
    def lag_records(self) -> int | None:
        """Records that wait in the assigned partitions; None if no partition's lag is known."""
        return sum(lag for _, _, lag, _ in self.partitions) if self.partitions else None


def view_of(readings: Sequence[Reading]) -> WorkerView:
    """Add up the readings of several workers; rates are the sums of their rates."""
    now = summed(reading.now for reading in readings)
    rates = summed(_per_second(reading) for reading in readings)
    partitions = _partitions(readings)
    lags: dict[str, int] = {}
    for topic, _, lag, _ in partitions:
        lags[topic] = lags.get(topic, 0) + lag
    consumed = now.by("records_consumed_total", "stage")
    return WorkerView(
        secs=max((reading.secs for reading in readings), default=0.0),
        stages=tuple(_stage(name, readings, now, rates, lags) for name in _ORDER if name in consumed),
        partitions=partitions,
        dead_letters=_reasons(now, rates),
        languages=_parts(now, rates, "articles_by_language_total", "language"),
        subjects=tuple(
            Part(SUBJECT_NAMES.get(part.name.removeprefix(_SUBJECT), part.name), part.records, part.per_sec)
            for part in _parts(now, rates, "articles_by_subject_total", "subject")
        ),
        verdicts=_parts(now, rates, "verdicts_total", "kind"),
        cores=rates.of_process("cpu_seconds_total"),
        resident_bytes=int(now.of_process("resident_memory_bytes")),
        in_progress=int(now.total("records_in_progress")),
    )


def _per_second(reading: Reading) -> Samples:
    growth = grown(reading.now, reading.before).values
    return Samples({series: value / reading.secs for series, value in growth.items()} if reading.secs > 0 else {})


def _stage(name: str, readings: Sequence[Reading], now: Samples, rates: Samples, lags: dict[str, int]) -> StageView:
    topic = next(iter(now.by("records_consumed_total", "topic", stage=name)), "")
    outcomes = rates.by("records_processed_total", "outcome", stage=name)
    shares = [quantile(share, rates, "end_to_end_latency_seconds", stage=name) for share in (0.5, 0.95, 0.99)]
    last = max(
        (reading.now.maximum("last_record_processed_timestamp_seconds", stage=name) or 0.0 for reading in readings),
        default=0.0,
    )
    p50, p95, p99 = shares
    return StageView(
        stage=name,
        topic=topic,
        records=int(now.total("records_consumed_total", stage=name)),
        consumed=rates.total("records_consumed_total", stage=name),
        emitted=outcomes.get("emit", 0.0),
        dropped=outcomes.get("drop", 0.0),
        rejected=outcomes.get("reject", 0.0),
        latency=(p50, p95, p99) if p50 is not None and p95 is not None and p99 is not None else None,
        lag_records=lags.get(topic),
        last_commit_at=last or None,
    )


def _partitions(readings: Sequence[Reading]) -> tuple[tuple[str, int, int, int], ...]:
    """Return the lag by partition; the larger one where two workers show the same, as they may after a rebalance."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for reading in readings:
        undecided = {(row["topic"], row["partition"]): value for row, value in reading.now.rows("undecided_records")}
        for row, value in reading.now.rows("consumer_lag_records"):
            place = (row["topic"], int(row["partition"]))
            pair = (int(value), int(undecided.get((row["topic"], row["partition"]), 0)))
            found[place] = max(found.get(place, pair), pair)
    return tuple((topic, number, *pair) for (topic, number), pair in sorted(found.items()))


def _reasons(now: Samples, rates: Samples) -> tuple[Part, ...]:
    name = "dead_letters_produced_total"
    parts = [
        Part(f"{row['stage']}: {row['reason']}", int(letters), rates.total(name, **row))
        for row, letters in now.rows(name)
        if letters
    ]
    return tuple(sorted(parts, key=_most_first))


def _parts(now: Samples, rates: Samples, name: str, label: str) -> tuple[Part, ...]:
    per_sec = rates.by(name, label)
    parts = [Part(key, int(value), per_sec.get(key, 0.0)) for key, value in now.by(name, label).items() if value]
    return tuple(sorted(parts, key=_most_first))


def _most_first(part: Part) -> tuple[int, str]:
    return -part.records, part.name
