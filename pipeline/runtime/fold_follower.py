"""Keeps the fold of a worker at the end of the signature log: catches up at start, then follows, and saves snapshots.

A starting worker restores a snapshot, or folds the log from its start and adopts the recorded verdicts.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Protocol

from pipeline.dedup.fold import Fold, FoldStats
from pipeline.dedup.params import RecordedVerdictParams
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import LogRecord, Signature
from pipeline.domain.stage import StageName
from pipeline.domain.verdict import Verdict, key_of
from pipeline.errors import ContractError, FatalError
from pipeline.kafka_io.log_reader import LogReader
from pipeline.observability.label_values import RetryReason
from pipeline.observability.logging import get_logger
from pipeline.runtime.recorded_verdicts import RecordedVerdicts
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.wire.codec import decode_log_record

__all__ = ["DedupLogConfig", "FoldFollower", "FoldObserver"]

log = get_logger(__name__)

_ADOPTED_PER_FOLDED: Final = 2
"""Signatures with recorded verdicts that are read at once for one that is folded: they take less than half the time."""

_Entry = tuple[int, LogRecord, int]
"""Offset, record, and the time in ms since the epoch when it was appended."""


class FoldObserver(Protocol):
    """Receives the state of the fold, for metrics and readiness."""

    def folded(self, *, position: int, end: int, undecodable: int, stats: FoldStats) -> None:
        """Note the position of the fold, the end of the log, the records skipped so far and the fold's contents."""
        ...

    def appended(self, signatures: int, wait_secs: float) -> None:
        """Note that signatures got their verdicts, and how long they waited."""
        ...

    def produced(self, stage: StageName, topic: str, records: int) -> None:
        """Note records that were written outside a transaction."""
        ...

    def retried(self, reason: RetryReason) -> None:
        """Note that something is tried again."""
        ...

    def caught_up(self, seconds: float) -> None:
        """Note that the fold has reached the end of the log for the first time, and after how long."""
        ...

    def saved(self, *, ok: bool) -> None:
        """Note that a snapshot was written, or that writing it failed."""
        ...


@dataclass(frozen=True, slots=True)
class DedupLogConfig:
    """Topics, time-outs and sizes of the log.

    Attributes:
        signatures_topic: Topic of the signature log.
        verdicts_topic: Topic of the verdict log.
        append_timeout_secs: Longest wait for the verdicts on appended signatures.
        skip_offsets: Offsets of the signature log that the fold passes over.
        snapshot_interval_secs: Time between two snapshots.
        consumer_arguments: Servers, security and fetch sizes, as AIOKafkaConsumer takes them.
        batch_records: Signatures folded without giving control back to the event loop; 500 take about 50 ms.
        recorded: How signatures are matched with recorded verdicts.
    """

    signatures_topic: str
    verdicts_topic: str
    append_timeout_secs: float
    skip_offsets: frozenset[int]
    snapshot_interval_secs: float
    consumer_arguments: dict[str, Any]
    batch_records: int = 500
    recorded: RecordedVerdictParams = field(default_factory=RecordedVerdictParams)


class FoldFollower:
    """Applies the records of the signature log to the fold, in order."""

    def __init__(
        self,
        config: DedupLogConfig,
        fold: Fold,
        observer: FoldObserver,
        snapshots: SnapshotStore | None,
        decided: Callable[[Verdict], None],
    ) -> None:
        """Take what following needs.

        Args:
            config: Topics and sizes.
            fold: An empty fold, which `start` fills.
            observer: Receives the state of the fold.
            snapshots: Where snapshots are kept; None for none.
            decided: Receives every verdict that the fold makes.
        """
        self._config = config
        self._fold = fold
        self._observer = observer
        self._snapshots = snapshots
        self._decided = decided
        self._reader: LogReader | None = None
        self._tail: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._position = 0
        self._undecodable = 0
        self._saved_at = 0.0

    def verdict_of(self, origin: Origin, article: ArticleId) -> Verdict | None:
        """Return the verdict on an article from an origin in the window, or None."""
        return self._fold.verdict_of(origin, article)

    def newest_at(self, origin: Origin) -> tuple[Verdict, int] | None:
        """Return the newest verdict on an article from an origin, and when it was ingested (epoch ms)."""
        return self._fold.newest_at(origin)

    async def start(self) -> None:
        """Restore or rebuild the fold up to the end of the log.

        Raises:
            FatalError: This version cannot fold the log.
        """
        began = asyncio.get_running_loop().time()
        reader = await LogReader.open(self._config.signatures_topic, self._config.consumer_arguments)
        self._reader = reader
        first, end = await reader.bounds()
        recorded = None
        if not await self._restore(first, end):
            recorded = await RecordedVerdicts.open(
                self._config.verdicts_topic, self._config.consumer_arguments, self._config.recorded
            )
        try:
            reader.seek(self._position)
            # The stable end of fetches counts too: the embedded broker lists an end that is too low.
            while self._position < max(end, reader.stable_end()):
                await self._fold_next(reader, recorded)
            await asyncio.to_thread(self._fold.index)
        finally:
            if recorded is not None:
                await recorded.stop()
        self._saved_at = asyncio.get_running_loop().time()
        self._observer.caught_up(self._saved_at - began)

    def follow(self) -> asyncio.Task[None]:
        """Start following the log after `start`; the task ends only by an error or by `stop`."""
        if self._reader is None:
            raise RuntimeError("the log is followed after `start`")
        self._tail = asyncio.create_task(self._follow(self._reader), name="dedup-log-tail")
        return self._tail

    async def stop(self) -> None:
        """Stop following; save a last snapshot."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
            if self._tail.cancelled():  # after an error the fold may be half updated
                await self._save()
        if self._writing is not None:
            await self._writing
        if self._reader is not None:
            await self._reader.close()

    async def _follow(self, reader: LogReader) -> None:
        while True:
            await self._fold_next(reader, None)
            now = asyncio.get_running_loop().time()
            if self._snapshots is not None and now - self._saved_at >= self._config.snapshot_interval_secs:
                await self._save()
                self._saved_at = now

    async def _fold_next(self, reader: LogReader, recorded: RecordedVerdicts | None) -> None:
        most = self._config.batch_records * (1 if recorded is None else _ADOPTED_PER_FOLDED)
        entries = self._decoded(await reader.read(most))
        if recorded is None:
            self._apply(entries)
        else:
            await self._adopt(entries, recorded)
        position = await reader.position()
        self._position = position
        self._observer.folded(
            position=position,
            end=max(reader.high_water(), position),
            undecodable=self._undecodable,
            stats=self._fold.stats(),
        )
        await asyncio.sleep(0)

    def _decoded(self, fetched: Sequence[Any]) -> list[_Entry]:
        entries = []
        for record in fetched:
            if record.offset in self._config.skip_offsets:
                continue
            try:
                entries.append((record.offset, decode_log_record(record.value or b""), record.timestamp_ms))
            except ContractError:
                self._undecodable += 1  # the same in every worker, because all read the same log
                log.warning("signature_log_record_skipped", offset=record.offset)
        return entries

    def _apply(self, entries: Sequence[_Entry]) -> None:
        verdicts = self._fold.apply_all([(record, append_time_ms) for _, record, append_time_ms in entries])
        for offset, _, _ in entries:
            try:
                verdict = next(verdicts)
            except FatalError:
                raise
            except Exception as error:
                raise FatalError(f"the fold failed at offset {offset}: {type(error).__name__}: {error}") from error
            if verdict is not None:
                self._decided(verdict)

    async def _adopt(self, entries: Sequence[_Entry], recorded: RecordedVerdicts) -> None:
        """Adopt the recorded verdicts and compute the others, in the order of the log."""
        keys = [key_of(record) if isinstance(record, Signature) else None for _, record, _ in entries]
        asked = {key: entry[2] for key, entry in zip(keys, entries, strict=True) if key is not None}
        # The fold's own verdicts were taken before; looking for them again would read an hour ahead for nothing.
        own = [key for key, is_own in zip(asked, self._fold.are_known(list(asked)), strict=True) if is_own]
        are_new = len(asked) == len(keys) and not own
        for key in own:
            del asked[key]
        known = await recorded.take(asked)
        verdicts = [None if key is None else known.get(key) for key in keys]
        for adopting, run in groupby(zip(entries, verdicts, strict=True), lambda pair: pair[1] is not None):
            if adopting:
                pairs = [(record, verdict, at) for (_, record, at), verdict in run]
                self._fold.adopt_all(pairs, are_new=are_new)  # type: ignore[arg-type]  # of signatures with verdicts
            else:
                if self._fold.unindexed > self._config.batch_records:
                    await asyncio.to_thread(self._fold.index)
                self._apply([entry for entry, _ in run])

    async def _restore(self, first: int, end: int) -> bool:
        """Load a usable snapshot, if there is one, and set the position to fold from."""
        self._position = first
        if self._snapshots is None:
            return False
        saved = await asyncio.to_thread(self._snapshots.load, self._fold)
        if saved is None or not first <= saved[0] <= end:
            return False  # none, or one that is older than the log's start or newer than its end
        self._position, self._fold = saved
        return True

    async def _save(self) -> None:
        """Take a snapshot, during which the fold is paused, and write it while the fold continues."""
        if self._snapshots is None:
            return
        if self._writing is not None:
            await self._writing
        position = self._position
        image = await asyncio.to_thread(self._fold.snapshot)
        self._writing = asyncio.create_task(self._write(self._snapshots, position, image), name="snapshot")

    async def _write(self, snapshots: SnapshotStore, position: int, image: Sequence[bytes | memoryview]) -> None:
        self._observer.saved(ok=await asyncio.to_thread(snapshots.save, position, image))
