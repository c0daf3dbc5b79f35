"""`news-pipeline replay`."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter
from kafka import TopicPartition

from pipeline.cli.exits import UsageError
from pipeline.cli.numbers import Rate
from pipeline.cli.progress import show_progress
from pipeline.cli.signals import sigterm_unwinds
from pipeline.cli.times import read_time
from pipeline.errors import ConfigError
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.copies import Pace, UnitParams, copier
from pipeline.ops.lane_replay import Copied, LaneCopy, Range, Source
from pipeline.settings import Settings, load_settings

__all__ = ["replay"]


def replay(
    *,
    lane: str,
    start: Annotated[str, Parameter(name="--from")],
    end: Annotated[str | None, Parameter(name="--to")] = None,
    rate: Rate = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    again: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Copy raw records of a time into a lane, in the order in which they came, to process them again.

    Live traffic is not touched: its raw topic is read, nothing else. How far the copy has come is remembered on the
    cluster, so an interrupted command is simply repeated. Workers with NEWS_LANE set to the lane do the rest.

    Parameters
    ----------
    lane:
        The lane, whose topics must be there: `NEWS_LANE=… news-pipeline topics apply` creates them.
    start:
        The first time, by the timestamps of the raw topic, such as 2026-11-23T12:00:00Z.
    end:
        The time to stop before; now by default.
    dry_run:
        Only say about how many records there are.
    again:
        Also copy what was copied into the lane before; its workers will see it as repeats.
    """
    settings = load_settings()
    lane_settings = _in_lane(settings, lane)
    wanted = _range(start, end)
    pace = Pace(rate)
    topic = catalogue_for(settings).stage("ingest").reads
    lane_catalogue = catalogue_for(lane_settings)
    spec = lane_catalogue.topic(lane_catalogue.stage("ingest").reads)
    group = lane_settings.group("replay")
    with consumer(settings.kafka, enable_auto_commit=False, group_id=group) as client:
        source = Source(client, topic)
        count = len(client.partitions_for_topic(spec.name) or ())
        if not count:
            raise ConfigError(
                f"{spec.name} is not on the cluster; `NEWS_LANE={lane} news-pipeline topics apply` creates it"
            )
        if dry_run:
            starts = _starts(source, wanted, again=again)
            print(f"about {source.waiting(wanted, starts)} records would be copied from {topic} to {spec.name}")
            return 0
        done = Copied()
        with (
            sigterm_unwinds(),
            _reported(done, topic, spec.name),
            copier(lane_settings, "replay", spec.max_message_bytes) as sender,
            show_progress("copied") as show,
        ):
            work = LaneCopy(
                source, sender, spec.name, group=group, max_bytes=spec.max_message_bytes, lane_partitions=count
            )
            # Only now: the sender has stopped a former command, which could still commit until then.
            starts = _starts(source, wanted, again=again)
            work.run(source.records(wanted, starts), done, pace, UnitParams(), show)
    return int(done.too_large > 0)


def _starts(source: Source, wanted: Range, *, again: bool) -> dict[TopicPartition, int]:
    """Return where to begin, having said what is left out: there is one mark a partition, not one for each range."""
    starts = source.starts(wanted, again=again)
    if passed := source.passed_over(wanted, starts):
        print(
            f"news-pipeline: about {passed} records of this time are not copied, because the lane's copies have come "
            "past them; --again copies them",
            file=sys.stderr,
        )
    return starts


def _range(start: str, end: str | None) -> Range:
    now_ms = int(time.time() * 1000)
    to_ms = now_ms if end is None else min(now_ms, read_time(end, "--to"))
    wanted = Range(read_time(start, "--from"), to_ms)
    if wanted.from_ms >= wanted.to_ms:
        raise UsageError("--from must be before --to, and in the past")
    return wanted


def _in_lane(settings: Settings, lane: str) -> Settings:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", lane):
        raise UsageError(f"--lane: up to 40 lower-case letters, digits and hyphens, not {lane}")
    if lane == settings.lane:
        raise UsageError("--lane is the lane that NEWS_LANE says to copy from")
    return settings.model_copy(update={"lane": lane})


@contextmanager
def _reported(done: Copied, topic: str, target: str) -> Iterator[None]:
    """Say how far it came, also when it is interrupted."""
    try:
        yield
    finally:
        print(f"{done.records} records copied from {topic} to {target}")
        if done.next_offsets:
            reached = " ".join(f"{partition}:{offset}" for partition, offset in sorted(done.next_offsets.items()))
            print(f"next offsets: {reached}")
        if done.too_large:
            print(f"news-pipeline: {done.too_large} records are too large with their new headers", file=sys.stderr)
