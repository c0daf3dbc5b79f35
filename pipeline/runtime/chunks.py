"""What the transport hands to the runner: fetched records of one partition, and the lease they were fetched under."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.record import Record

__all__ = ["Chunk", "Lease"]


@dataclass(eq=False, slots=True)
class Lease:
    """One assignment of one source partition to this process.

    `producer` is the partition's transactional producer (None in at_least_once). `committed` is the offset the group
    stands at: only a chunk that starts there may be committed. `initial` says that the group had none here yet. A
    revoked lease commits nothing more; `commit_lock` is held while it does.
    """

    topic: str
    partition: int
    producer: Any
    fetched: int
    committed: int
    initial: bool = False
    revoked: bool = False
    pending: deque["Chunk"] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    commit_lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(eq=False, slots=True)
class Chunk:
    """Records of one partition, covering offsets [start, end); gaps (compaction, transaction markers) lie within.

    A chunk without records only moves the offset past markers.
    """

    lease: Lease
    records: list[Record]
    start: int
    end: int
    size_bytes: int
