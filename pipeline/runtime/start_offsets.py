"""Where a lease begins: at the committed offset, if that is one of this log."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from pipeline.errors import ConfigError
from pipeline.kafka_io.attempt_marks import NOTHING
from pipeline.kafka_io.chunks import Taken
from pipeline.kafka_io.start_position import StartPosition
from pipeline.observability.logging import get_logger

__all__ = ["StartObserver", "StartOffsets"]

log = get_logger(__name__)

_ENDS_READS = 5
_PAUSE_SECS = 0.2


class StartObserver(Protocol):
    """Receives what became of committed offsets, for metrics."""

    def expired(self, topic: str, offsets: int) -> None:
        """Note input that retention removed before it was read."""
        ...

    def log_replaced(self, topic: str) -> None:
        """Note a partition whose committed offset was one of another log of that name."""
        ...


class StartOffsets:
    """Chooses the offsets at which the leases of a group begin."""

    def __init__(self, group: str, observer: StartObserver, start_from: StartPosition | None) -> None:
        """Take the group, who is told, and where a group without offsets begins (None: at the start of a whole log)."""
        self._group = group
        self._observer = observer
        self._start_from = start_from

    async def choose(self, consumer: Any, taken: Mapping[Any, Taken], log_id: str) -> list[tuple[int, bool]]:
        """Return per partition the offset to begin at, and whether it differs from the committed one.

        Args:
            consumer: The group's consumer.
            taken: What was found with each partition.
            log_id: Identifies the topic among all that had its name; empty if the broker knows nothing.

        Raises:
            ConfigError: Somebody has to say where to begin.
        """
        partitions = list(taken)
        first = await consumer.beginning_offsets(partitions)
        ends = await self._ends(consumer, taken, log_id)
        return [await self._start(consumer, tp, taken[tp], log_id, first[tp], ends[tp]) for tp in partitions]

    async def _ends(self, consumer: Any, taken: Mapping[Any, Taken], log_id: str) -> Mapping[Any, int]:
        """Return the ends of partitions; one before the committed offset is asked for again.

        A broker that has just begun to lead may know of less than was committed, for moments. To wait longer would cost
        the membership: no heartbeats are sent meanwhile.
        """
        compared = {tp: found.offset or 0 for tp, found in taken.items() if not _is_of_another_log(found, log_id)}
        ends: Mapping[Any, int] = {}
        for _ in range(_ENDS_READS):
            ends = await consumer.end_offsets(list(taken))
            if all(offset <= ends[tp] for tp, offset in compared.items()):
                break
            await asyncio.sleep(_PAUSE_SECS)
        return ends

    async def _start(self, consumer: Any, tp: Any, found: Taken, log_id: str, first: int, end: int) -> tuple[int, bool]:
        place = {"topic": tp.topic, "partition": tp.partition, "committed": found.offset}
        if found.offset is None:
            return await self._first_start(consumer, tp, first), True
        if _is_of_another_log(found, log_id):
            # Nothing of the new log was read. To begin anywhere else would pass over records that nobody has seen.
            log.error("log_replaced", **place, start=first, former=found.mark.log, present=log_id)
            self._observer.log_replaced(tp.topic)
            return first, True
        if found.mark == NOTHING:
            # By another program, such as kafka-consumer-groups, or by a version without marks.
            log.warning("offset_set_by_others", **place)
        if found.offset < first:
            # The records are lost already, and stopping here would lose more: continue, and raise an alert.
            log.error("records_expired_unread", **place, start=first)
            self._observer.expired(tp.topic, first - found.offset)
            return first, True
        # Without transactions it may be the embedded broker, which reports ends that are too low.
        if found.offset > end and found.producer is not None:
            raise ConfigError(
                f"{tp.topic}-{tp.partition} ends at {end}, before the offset {found.offset} of group {self._group}: "
                "the log was cut or restored from a backup, and what was written since cannot be told from what was "
                "read; choose an offset (docs/operations.md, Topics created again and clusters restored)"
            )
        return found.offset, False

    async def _first_start(self, consumer: Any, tp: Any, first: int) -> int:
        if self._start_from is not None:
            return await self._start_from.offset(consumer, tp, first)
        if first > 0:
            raise ConfigError(
                f"group {self._group} has no offset on {tp.topic}-{tp.partition}, whose log starts at {first}: "
                "choose a start with --from earliest, --from latest or --from and a time"
            )
        return 0


def _is_of_another_log(found: Taken, log_id: str) -> bool:
    return bool(log_id and found.mark.log and found.mark.log != log_id)
