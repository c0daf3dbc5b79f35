"""First, last and timed offsets of partitions: of all that are asked for.

A consumer of kafka-python leaves out partitions whose leader it does not know, once it knows that of another one: its
`end_offsets` then raises KeyError, and its `offsets_for_times` returns None as if no record were so late. Asked for one
partition alone, it waits for the leader.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import TopicPartition

__all__ = ["end_offsets", "first_offsets", "has_reached", "offsets_at"]


def first_offsets(client: Any, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the first offset of each partition."""
    return _complete(client.beginning_offsets, partitions)


def end_offsets(client: Any, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the offset after the last record of each partition."""
    return _complete(client.end_offsets, partitions)


def has_reached(client: Any, ends: Mapping[TopicPartition, int]) -> bool:
    """Return whether a client has fetched all before these offsets of the partitions that it is assigned."""
    return all(client.position(where) >= end for where, end in ends.items())


def offsets_at(client: Any, partitions: Sequence[TopicPartition], time_ms: int) -> dict[TopicPartition, int]:
    """Return the offset of the first record of each partition at or after a time, or the end if there is none.

    Args:
        client: A consumer.
        partitions: Of any topics.
        time_ms: Epoch milliseconds.
    """
    ends = end_offsets(client, partitions)
    found = dict(client.offsets_for_times(dict.fromkeys(partitions, time_ms)))
    for where in partitions:
        if found.get(where) is None:
            found |= client.offsets_for_times({where: time_ms})
    return {where: ends[where] if (at := found.get(where)) is None else int(at.offset) for where in partitions}


def _complete(
    ask: Callable[[list[TopicPartition]], dict[TopicPartition, int]], partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    try:
        return ask(list(partitions))
    except KeyError:
        return {where: ask([where])[where] for where in partitions}
