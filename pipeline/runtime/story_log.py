"""The log of sketches in a `story` worker: the stories in memory, and what was folded of them and not committed yet.

Unlike clusters, stories are changed in place, before the commit. What the records after the committed offset changed is
kept until they are committed, so that a unit that is worked on again, after a failed commit or under another lease,
gives the same. A fold that is ahead of the group does no harm: whoever commits, the log is the same.

The fold is saved in snapshots, because a million articles take minutes to fold.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pipeline.domain.record import Record
from pipeline.errors import ContractError, FatalError
from pipeline.observability.logging import get_logger
from pipeline.runtime.committed_log import CommittedLog, CommittedLogConfig
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.stories.fold import Folded, Stories
from pipeline.stories.params import StoryParams
from pipeline.stories.preparing import Prepared, prepare
from pipeline.stories.snapshot import pack, unpack
from pipeline.wire.codec import decode_sketch

__all__ = ["StoryLog", "StoryObserver"]

log = get_logger(__name__)


class StoryObserver(Protocol):
    """Receives the state of the stories, for metrics and readiness."""

    def storied(self, articles: int, stories: int) -> None:
        """Note the number of articles in the window, and of stories with several articles."""
        ...

    def caught_up(self, seconds: float) -> None:
        """Note that the stories have reached the group's offset for the first time, and after how long."""
        ...

    def stories_saved(self, *, ok: bool) -> None:
        """Note that a snapshot was written, or that writing it failed."""
        ...


class _Fresh:
    """What a snapshot is restored into."""

    def __init__(self, params: StoryParams, lane: str) -> None:
        self._params = params
        self._lane = lane

    def restored(self, data: memoryview) -> Stories:
        return unpack(data, self._params, self._lane)


class StoryLog(CommittedLog):
    """Keeps the stories at the group's committed offset or ahead of it. One per process."""

    def __init__(
        self,
        config: CommittedLogConfig,
        params: StoryParams,
        lane: str,
        observer: StoryObserver,
        is_idle: Callable[[], bool],
        snapshots: SnapshotStore | None = None,
        snapshot_interval_secs: float = 300.0,
    ) -> None:
        """Start with no stories.

        Args:
            config: Topic, group and consumer arguments.
            params: Bounds and thresholds of stories.
            lane: The lane of the log; empty for live traffic.
            observer: Receives the state of the stories.
            is_idle: Whether the log's partition is not assigned to this worker, so that another one commits.
            snapshots: Where snapshots are kept; None for none.
            snapshot_interval_secs: Time between two snapshots.
        """
        super().__init__(config, observer.caught_up, is_idle)
        self.stories = Stories(params, lane)
        self._observer = observer
        self._snapshots = snapshots
        self._interval_secs = snapshot_interval_secs
        self._saved_at = float("-inf")
        self._folded_to = 0
        self._ahead: dict[int, Folded] = {}
        self.guard = threading.Lock()
        """Held while the stories are changed or read: units are worked on in a thread."""

    def fold(self, record: Record, sketch: Prepared) -> Folded:
        """Fold a record that is to be committed, or return what it changed if it is folded already.

        The caller holds `guard`.

        Raises:
            FatalError: The record was committed already.
        """
        known = self._ahead.get(record.offset)
        if known is not None:
            return known
        if record.offset < self._folded_to:
            raise FatalError(f"the stories are at offset {self._folded_to} of their log, not at {record.offset}")
        folded = self.stories.apply(sketch, record.offset, record.timestamp_ms)
        self._ahead[record.offset] = folded
        self._folded_to = record.offset + 1
        return folded

    async def adopt(self, start: int, end: int) -> None:
        """Note that offsets [start, end) of the log were committed; save a snapshot if it is time.

        Raises:
            FatalError: The stories are not at offset `start`.
        """
        if self._position != start:
            raise FatalError(f"the stories are at offset {self._position} of their log, not at {start}")
        self._committed(end)
        await self._save_in_time()

    async def stop(self) -> None:
        """Stop following; save a last snapshot."""
        await super().stop()
        await self._save()

    async def _forget(self, first: int, committed: int) -> int:
        self._ahead = {}
        saved = None
        if self._snapshots is not None:
            fresh = _Fresh(self.stories.params, self.stories.table.lane)
            saved = await asyncio.to_thread(self._snapshots.load, fresh)
        if saved is not None and first <= saved[0] <= committed:
            self._folded_to, self.stories = saved
            log.info("stories_restored", position=saved[0], articles=len(self.stories))
            return saved[0]
        if saved is not None:
            log.warning("snapshot_discarded", reason="outside the log, or after the committed offset")
        self.stories = Stories(self.stories.params, self.stories.table.lane)
        self._folded_to = first
        return first

    def _fold(self, records: Sequence[Any], reached: int) -> None:
        read = []
        for record in records:
            if record.offset < self._folded_to:
                continue  # this worker was ahead when it lost the partition
            with contextlib.suppress(ContractError):  # a dead letter was written when this record was processed
                read.append((record, decode_sketch(record.value or b"")))
        prepared = prepare([sketch for _, sketch in read])
        with self.guard:
            for (record, _), one in zip(read, prepared, strict=True):
                self.stories.apply(one, record.offset, record.timestamp_ms)
        self._committed(reached)

    def _committed(self, end: int) -> None:
        self._position = end
        for offset in list(self._ahead):  # a copy: the thread may be folding the next unit
            if offset < end:
                del self._ahead[offset]
        self._observer.storied(len(self.stories), len(self.stories.table.open))

    async def _save_in_time(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._saved_at >= self._interval_secs:
            self._saved_at = now
            await self._save()

    async def _save(self) -> None:
        """Write a snapshot, unless the fold is ahead of the committed offset."""
        if self._snapshots is None or self._ahead or not self._position:
            return
        self._observer.stories_saved(ok=await asyncio.to_thread(self._write, self._snapshots))

    def _write(self, snapshots: SnapshotStore) -> bool:
        with self.guard:
            if self._ahead:
                return True  # a unit was begun meanwhile; the next one is saved
            position, image = self._position, pack(self.stories)
        return snapshots.save(position, image)
