"""Read topics up to their present end. Records that are appended during the reading are left out."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kafka import TopicPartition

from pipeline.domain.record import Record
from pipeline.errors import ConfigError
from pipeline.ops.offsets import end_offsets, first_offsets

__all__ = ["BoundedTopicReader", "partitions_of", "record_at"]

_POLL_MS = 300
_MAX_RECORDS = 8  # at once; each may be as large as a record that is not cut, some 30 MB
_MOST_WAITING_BYTES = 64 * 1024 * 1024  # limit of the records that wait for older ones of other partitions
_RECORD_BYTES = 500  # memory that a record takes besides its value
_FETCH_TIMEOUT_MS = 10_000


def partitions_of(client: Any, topics: Iterable[str]) -> list[TopicPartition]:
    """Return all partitions of topics.

    Raises:
        ConfigError: A topic is not on the cluster, or the client may not describe it.
    """
    found = []
    for topic in topics:
        numbers = client.partitions_for_topic(topic)
        if not numbers:
            raise ConfigError(f"topic {topic} is not on the cluster; `news-pipeline topics apply` creates ours")
        found += [TopicPartition(topic, number) for number in sorted(numbers)]
    return found


def record_at(client: Any, topic: str, partition: int, offset: int) -> Record | None:
    """Return the committed record at an offset; None when it has expired or the offset holds no record."""
    where = TopicPartition(topic, partition)
    if partition not in (client.partitions_for_topic(topic) or ()):
        return None
    client.assign([where])
    first, end = first_offsets(client, [where])[where], end_offsets(client, [where])[where]
    if offset < first:
        return None
    client.seek(where, offset)
    # Poll once even past the end: the embedded broker reports ends that are too low.
    polled = client.poll(timeout_ms=_FETCH_TIMEOUT_MS if offset < end else _POLL_MS, max_records=1)
    found = next(iter(polled.get(where, ())), None)
    return _record(found) if found is not None and found.offset == offset else None


class BoundedTopicReader:
    """Reads the committed records of partitions, from given offsets up to the ends at construction."""

    def __init__(
        self, client: Any, starts: Mapping[TopicPartition, int | None], is_later: Callable[[Record], bool]
    ) -> None:
        """Prepare to read.

        Args:
            client: A consumer that nothing else uses.
            starts: First offset to read of each partition; None for the start of its log.
            is_later: Returns whether a record is past the range; reading a partition stops at its first such record.
        """
        self._client = client
        self._is_later = is_later
        self._open = set(starts)
        self._paused: set[TopicPartition] = set()
        client.assign(list(starts))
        self._ends = end_offsets(client, list(starts))
        for where, offset in starts.items():
            if offset is None:
                client.seek_to_beginning(where)
            else:
                client.seek(where, offset)

    def records(self) -> Iterator[Record]:
        """Yield the records as they are fetched: in order within a partition."""
        while self._open:
            for records in self._poll(frozenset()).values():
                yield from records

    def by_time(self) -> Iterator[Record]:
        """Yield the records in the order of their timestamps, without changing the order within a partition."""
        waiting: dict[TopicPartition, deque[Record]] = {where: deque() for where in self._open}
        heads: list[tuple[int, TopicPartition]] = []
        size = 0
        crowded = False
        while self._open or heads:
            # Remain crowded until half has been yielded, so that partitions are paused and resumed rarely.
            crowded = size > (_MOST_WAITING_BYTES // 2 if crowded else _MOST_WAITING_BYTES)
            full = frozenset(where for where, records in waiting.items() if records) if crowded else frozenset()
            for where, records in self._poll(full).items():
                if records and not waiting[where]:
                    heapq.heappush(heads, (records[0].timestamp_ms, where))
                waiting[where].extend(records)
                size += sum(map(_size, records))
            while heads and all(waiting[where] for where in self._open):
                _, where = heapq.heappop(heads)
                record = waiting[where].popleft()
                size -= _size(record)
                yield record
                if waiting[where]:
                    heapq.heappush(heads, (waiting[where][0].timestamp_ms, where))

    def _poll(self, full: frozenset[TopicPartition]) -> dict[TopicPartition, list[Record]]:
        """Fetch from the open partitions that are not in `full`; `full` have records waiting."""
        asked = self._open - full
        if not asked:
            return {}
        self._pause(set(self._ends) - asked)
        fetched = self._client.poll(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
        found: dict[TopicPartition, list[Record]] = {}
        for where, polled in fetched.items():
            found[where] = []
            for record in map(_record, polled):
                if self._is_later(record):
                    self._open.discard(where)
                    break
                found[where].append(record)
        if not fetched:
            # Both conditions are needed: the embedded broker's ends are too low, and a slow fetch is empty too.
            self._open -= {where for where in asked if self._client.position(where) >= self._ends[where]}
        return found

    def _pause(self, wanted: set[TopicPartition]) -> None:
        """Pause and resume only what differs: the client discards what it has fetched of a partition that it pauses."""
        self._client.pause(*(wanted - self._paused))
        self._client.resume(*(self._paused - wanted))
        self._paused = wanted


def _size(record: Record) -> int:
    return len(record.value or b"") + _RECORD_BYTES


def _record(fetched: Any) -> Record:
    return Record(
        topic=fetched.topic,
        partition=fetched.partition,
        offset=fetched.offset,
        timestamp_ms=fetched.timestamp,
        key=fetched.key,
        value=fetched.value,
        headers=tuple(fetched.headers or ()),
    )
