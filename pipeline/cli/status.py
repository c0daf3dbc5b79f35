"""`news-pipeline status`."""

from contextlib import closing
from typing import Annotated

import msgspec
from cyclopts import Parameter

from pipeline.domain.times import from_epoch_ms
from pipeline.ops.clients import catalogue_for, require_topics
from pipeline.ops.status import GroupStatus, LogStatus, PipelineStatus, StatusProbe
from pipeline.settings import load_settings

__all__ = ["status"]


def status(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Print the state of the pipeline, as the brokers know it; no worker is asked.

    For each consumer group that has committed offsets: its workers and how many partitions each has (0: on standby),
    how much is unread, since when, and how long until retention may delete it. For both logs of deduplication: their
    extent, and the version of the fold that is in force. The exit code is 1 when a group has unread records and no
    worker.

    Parameters
    ----------
    json:
        Print everything as one JSON object, by partition.
    """
    settings = load_settings()
    catalogue = catalogue_for(settings)
    require_topics(settings.kafka, *(topics.reads for topics in catalogue.stages.values()))
    with closing(StatusProbe(settings, catalogue)) as probe:
        found = probe.measure()
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        print("\n".join(lines(found)))
    return int(any(group.lag_records and not group.members for group in found.groups))


def lines(found: PipelineStatus) -> list[str]:
    """Return the state as text for people."""
    text = [line for group in found.groups for line in _group(group, found.at_ms)]
    text += ["no group has committed an offset"] if not found.groups else []
    text += [_log(one) for one in found.logs]
    version = found.fold_version if found.fold_version is not None else "unknown, because the logs are empty"
    return [*text, f"version of the fold in force: {version}"]


def _group(group: GroupStatus, now_ms: int) -> list[str]:
    lag = sum(one.lag.undecided for one in group.unread)
    held = f", {lag} of them behind an open transaction" if lag else ""
    text = [f"{group.group}: {group.lag_records} records unread{held}, {len(group.members) or 'no'} workers"]
    if group.oldest_ms is not None:
        text.append(f"  oldest unread record: {_since(group.oldest_ms, now_ms)}")
    left = [secs for one in group.unread if (secs := one.retention_left_secs(now_ms)) is not None]
    if left:
        text.append(f"  retention may delete it in {_long(min(left))}")
    if expired := sum(one.lag.expired for one in group.unread):
        text.append(f"  {expired} offsets expired before they were read")
    text += [f"  worker {one.client_id} at {one.host}: {one.partitions} partitions" for one in group.members]
    return text


def _log(one: LogStatus) -> str:
    if one.first_ms is None or one.last_ms is None:
        return f"{one.topic}: empty"
    span = f"from {from_epoch_ms(one.first_ms)} to {from_epoch_ms(one.last_ms)}"
    return f"{one.topic}: offsets {one.start} to {one.end}, {span}"


def _since(at_ms: int, now_ms: int) -> str:
    return f"{from_epoch_ms(at_ms)}, {_long(max(0, now_ms - at_ms) / 1000)} ago"


def _long(seconds: float) -> str:
    """Return a time in its two largest units."""
    parts: list[str] = []
    rest = max(0, round(seconds))
    for name, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, length)
        if number or (name == "s" and not parts):
            parts.append(f"{number} {name}")
    return " ".join(parts[:2])
