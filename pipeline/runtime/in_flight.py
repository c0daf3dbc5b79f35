"""What is in flight: the chunks that were fetched and are not committed yet."""

import asyncio
from collections import Counter

from pipeline.kafka_io.chunks import Chunk, Lease

__all__ = ["InFlight"]


class InFlight:
    """Counts chunks in flight, over all partitions and for each."""

    def __init__(self, max_bytes: int, max_chunks: int) -> None:
        """Take the bounds of what is in flight, over all partitions; the chunk that reaches one still counts."""
        self._max_bytes = max_bytes
        self._max_chunks = max_chunks
        self._held: Counter[Lease] = Counter()
        self._chunks = 0
        self._room = asyncio.Event()
        self._room.set()
        self.records = 0
        self.size_bytes = 0

    def add(self, chunk: Chunk) -> None:
        """Count a chunk that was fetched."""
        self._count(chunk, 1)

    def remove(self, chunk: Chunk) -> None:
        """Stop counting a chunk that was committed or dropped."""
        self._count(chunk, -1)
        if not self._held[chunk.lease]:
            del self._held[chunk.lease]

    def split(self) -> None:
        """Count one more chunk, because one was split in two; records and bytes stay the same."""
        self._chunks += 1
        self._update()

    async def room(self) -> None:
        """Wait until less is in flight than the bounds allow."""
        await self._room.wait()

    def held(self, lease: Lease) -> int:
        """Return the number of a lease's records that are in flight."""
        return self._held[lease]

    def _count(self, chunk: Chunk, sign: int) -> None:
        self._held[chunk.lease] += sign * len(chunk.records)
        self._chunks += sign
        self.size_bytes += sign * chunk.size_bytes
        self.records += sign * len(chunk.records)
        self._update()

    def _update(self) -> None:
        if self.size_bytes >= self._max_bytes or self._chunks >= self._max_chunks:
            self._room.clear()
        else:
            self._room.set()
