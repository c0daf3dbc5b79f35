"""`news-pipeline replay`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter
from kafka import TopicPartition

from pipeline.cli.arguments import Rate, UsageError, read_lane, read_time
from pipeline.cli.progress import show_progress
from pipeline.cli.signals import sigterm_unwinds
from pipeline.errors import ConfigError
from pipeline.ops.clients import catalogue_for, consumer
from pipeline.ops.lane_replay import CopyProgress, LaneCopy, RawTopicReader, TimeRange
from pipeline.ops.resending import RateLimiter, UnitParams, resender
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
    """Copy the raw records of a time range into a lane, in the order of their timestamps, to process them again.

    Live traffic is not affected: its raw topic is only read. The cluster stores the progress, so repeat an interrupted
    command to continue it. Start workers with NEWS_LANE set to the lane to process the copies.

    Parameters
    ----------
    lane:
        The lane, whose topics must exist: `NEWS_LANE=… news-pipeline topics apply` creates them.
    start:
        Start of the time range, by the timestamps of the raw topic, such as 2026-11-23T12:00:00Z.
    end:
        End of the time range, exclusive; now by default.
    dry_run:
        Only print about how many records would be copied.
    again:
        Also copy records that were copied into the lane before; `dedupe` will treat them as repeats.
    """
    settings = load_settings()
    lane_settings = _in_lane(settings, lane)
    wanted = _range(start, end)
    limiter = RateLimiter(rate)
    topic = catalogue_for(settings).stage("ingest").reads
    lane_catalogue = catalogue_for(lane_settings)
    spec = lane_catalogue.topic(lane_catalogue.stage("ingest").reads)
    group = lane_settings.group("replay")
    with consumer(settings.kafka, enable_auto_commit=False, group_id=group) as client:
        source = RawTopicReader(client, topic)
        count = len(client.partitions_for_topic(spec.name) or ())
        if not count:
            raise ConfigError(
                f"{spec.name} is not on the cluster; `NEWS_LANE={lane} news-pipeline topics apply` creates it"
            )
        if dry_run:
            starts = _starts(source, wanted, again=again)
            print(f"about {source.waiting(wanted, starts)} records would be copied from {topic} to {spec.name}")
            return 0
        done = CopyProgress()
        with (
            sigterm_unwinds(),
            _reported(done, topic, spec.name),
            resender(lane_settings, "replay", spec.max_message_bytes) as sender,
            show_progress("copied") as show,
        ):
            work = LaneCopy(
                source, sender, spec.name, group=group, max_bytes=spec.max_message_bytes, lane_partitions=count
            )
            # Read after the sender was opened, which fences an earlier command: until then that could commit progress.
            starts = _starts(source, wanted, again=again)
            work.run(source.records(wanted, starts), done, limiter, UnitParams(), show)
    return int(done.too_large > 0)


def _starts(source: RawTopicReader, wanted: TimeRange, *, again: bool) -> dict[TopicPartition, int]:
    """Return the offsets to begin at; report what is left out.

    The progress is one offset per partition, so records before it are left out even if no earlier range had them.
    """
    starts = source.starts(wanted, again=again)
    if passed := source.passed_over(wanted, starts):
        print(
            f"news-pipeline: about {passed} records of this time are not copied, because an earlier replay into this "
            "lane went past them; --again copies them",
            file=sys.stderr,
        )
    return starts


def _range(start: str, end: str | None) -> TimeRange:
    now_ms = int(time.time() * 1000)
    to_ms = now_ms if end is None else min(now_ms, read_time(end, "--to"))
    wanted = TimeRange(read_time(start, "--from"), to_ms)
    if wanted.from_ms >= wanted.to_ms:
        raise UsageError("--from must be before --to and in the past")
    return wanted


def _in_lane(settings: Settings, lane: str) -> Settings:
    if read_lane(lane) == settings.lane:
        raise UsageError("--lane is the lane of NEWS_LANE, from which records are copied; give another lane")
    return settings.model_copy(update={"lane": lane})


@contextmanager
def _reported(done: CopyProgress, topic: str, target: str) -> Iterator[None]:
    """Print the result after the block, even when that was interrupted."""
    try:
        yield
    finally:
        print(f"{done.records} records copied from {topic} to {target}")
        if done.next_offsets:
            reached = " ".join(f"{partition}:{offset}" for partition, offset in sorted(done.next_offsets.items()))
            print(f"next offsets: {reached}")
        if done.too_large:
            print(f"news-pipeline: {done.too_large} records are too large and were not copied", file=sys.stderr)
