"""The dedup log as a worker lives with it: append signatures, tail the log, fold it, answer with verdicts.

Every worker folds the whole log, so all reach the same verdicts. A worker that starts restores a snapshot, or adopts
the verdicts on record while it folds the log from its start; only then is it caught up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

import aiokafka
from aiokafka.structs import TopicPartition

from pipeline.dedup.fold import Fold, FoldStats
from pipeline.domain.signature import LogRecord, Signature
from pipeline.domain.verdict import Verdict
from pipeline.errors import ContractError, FatalError
from pipeline.observability.logging import get_logger
from pipeline.runtime.recorded_verdicts import Key, RecordedVerdicts, key_of
from pipeline.runtime.signature_log import SignatureAppender
from pipeline.runtime.snapshots import SnapshotStore
from pipeline.wire.codec import decode_log_record

__all__ = ["DedupLog", "DedupLogConfig", "FoldObserver"]

log = get_logger(__name__)

_POLL_MS = 500
_MAX_RECORDS = 500  # folded without a pause for the event loop: about 50 ms

_Entry = tuple[int, LogRecord, int]
"""Offset, record, when it was appended."""


class FoldObserver(Protocol):
    """Who wants to know how the fold is doing (metrics, readiness)."""

    def folded(self, *, position: int, end: int, undecodable: int, stats: FoldStats) -> None:
        """Note how far the fold is, where the log ends, and what the fold holds."""
        ...

    def appended(self, signatures: int, wait_secs: float) -> None:
        """Note signatures that were appended and how long their verdicts took."""
        ...

    def caught_up(self, seconds: float) -> None:
        """Note that the fold has reached the log's end for the first time."""
        ...

    def saved(self, *, ok: bool) -> None:
        """Note that a snapshot was written, or could not be."""
        ...


@dataclass(frozen=True, slots=True)
class DedupLogConfig:
    """Where the log is and how patient to be with it."""

    signatures_topic: str
    verdicts_topic: str
    append_timeout_secs: float
    skip_offsets: frozenset[int]
    snapshot_interval_secs: float
    consumer_arguments: dict[str, Any]


class DedupLog:
    """Appends signatures and waits for the fold's verdicts. One per process; lives on the main event loop."""

    def __init__(
        self,
        config: DedupLogConfig,
        fold: Fold,
        appender: SignatureAppender,
        observer: FoldObserver,
        snapshots: SnapshotStore | None,
    ) -> None:
        """Take a fresh fold; `start` fills it."""
        self._config = config
        self._fold = fold
        self._appender = appender
        self._observer = observer
        self._snapshots = snapshots
        self._partition = TopicPartition(config.signatures_topic, 0)
        self._waiting: dict[Key, list[asyncio.Future[Verdict]]] = {}
        self._consumer: Any = None
        self._tail: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._position = 0
        self._undecodable = 0
        self._saved_at = 0.0

    async def start(self) -> None:
        """Restore or rebuild the fold up to the log's end, then follow it.

        Raises:
            FatalError: The log cannot be folded by this version.
        """
        began = asyncio.get_running_loop().time()
        self._consumer = aiokafka.AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            **self._config.consumer_arguments,
        )
        await self._consumer.start()
        self._consumer.assign([self._partition])
        first, end = await self._bounds(self._consumer, self._partition)
        recorded = None if await self._restore(first, end) else await self._recorded_verdicts()
        try:
            self._consumer.seek(self._partition, self._position)
            # What fetches say is stable counts too: the embedded broker's list of offsets says less than it has.
            while self._position < max(end, self._consumer.last_stable_offset(self._partition) or 0):
                await self._fold_next(recorded)
        finally:
            if recorded is not None:
                await recorded.stop()
        self._saved_at = asyncio.get_running_loop().time()
        self._observer.caught_up(self._saved_at - began)

    def follow(self) -> asyncio.Task[None]:
        """Start following the log; the task ends only by an error or by `stop`."""
        self._tail = asyncio.create_task(self._follow(), name="dedup-log-tail")
        return self._tail

    async def stop(self) -> None:
        """Stop following; save a last snapshot."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
            if self._tail.cancelled():  # what an error has left half done must not be restored
                await self._save()
        if self._writing is not None:
            await self._writing
        if self._consumer is not None:
            await self._consumer.stop()

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        """Append signatures and return their verdicts, in order, once the own fold has applied them.

        An origin that the fold knows, of the same article, is a replay: its verdict stands and nothing is appended.

        Raises:
            FatalError: The log did not give a verdict in time, twice.
        """
        known = [self._fold.verdict_of(*key_of(signature)) for signature in signatures]
        unknown = [signature for signature, verdict in zip(signatures, known, strict=True) if verdict is None]
        if unknown:
            decided = await self._append_and_wait(unknown)
            known = [verdict or decided[key_of(s)] for s, verdict in zip(signatures, known, strict=True)]
        return [verdict for verdict in known if verdict is not None]

    async def _append_and_wait(self, signatures: Sequence[Signature]) -> dict[Key, Verdict]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        futures: dict[Key, asyncio.Future[Verdict]] = {}
        for signature in signatures:
            future: asyncio.Future[Verdict] = loop.create_future()
            futures[key_of(signature)] = future
            self._waiting.setdefault(key_of(signature), []).append(future)
        try:
            for _ in range(2):
                await self._appender.append([s for s in signatures if not futures[key_of(s)].done()])
                await asyncio.wait(futures.values(), timeout=self._config.append_timeout_secs)
                if all(future.done() for future in futures.values()):
                    self._observer.appended(len(signatures), loop.time() - began)
                    return {key: future.result() for key, future in futures.items()}
            raise FatalError(f"no verdict within {self._config.append_timeout_secs} s of a second append")
        finally:
            for key, future in futures.items():
                waiting = self._waiting.get(key)
                if waiting is not None and future in waiting:
                    waiting.remove(future)
                    if not waiting:
                        del self._waiting[key]

    async def _follow(self) -> None:
        while True:
            await self._fold_next(None)
            now = asyncio.get_running_loop().time()
            if self._snapshots is not None and now - self._saved_at >= self._config.snapshot_interval_secs:
                await self._save()
                self._saved_at = now

    async def _fold_next(self, recorded: RecordedVerdicts | None) -> None:
        fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
        entries = self._decoded(fetched.get(self._partition, ()))
        if recorded is None:
            self._apply(entries)
        else:
            await self._adopt(entries, recorded)
        position = await self._consumer.position(self._partition)
        self._position = position
        highwater = self._consumer.highwater(self._partition)
        self._observer.folded(
            position=position,
            end=max(highwater or 0, position),
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
                self._undecodable += 1  # alike in every worker: the log is the same for all
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
                self._answer(verdict)

    def _answer(self, verdict: Verdict) -> None:
        for future in self._waiting.pop(key_of(verdict), ()):
            if not future.done():
                future.set_result(verdict)

    async def _adopt(self, entries: Sequence[_Entry], recorded: RecordedVerdicts) -> None:
        """Adopt what is on record, decide the rest, in the order of the log."""
        asked = {key_of(record): at for _, record, at in entries if isinstance(record, Signature)}
        # What the fold knows was taken before: to look for that again would read an hour ahead in vain.
        asked = {key: at for key, at in asked.items() if self._fold.verdict_of(*key) is None}
        known = await recorded.take(asked)

        def is_known(entry: _Entry) -> bool:
            return isinstance(entry[1], Signature) and key_of(entry[1]) in known

        for adopting, run in groupby(entries, is_known):
            if adopting:
                pairs = [(record, at) for _, record, at in run if isinstance(record, Signature)]
                self._fold.adopt_all([(signature, known[key_of(signature)], at) for signature, at in pairs])
            else:
                self._apply(list(run))

    async def _restore(self, first: int, end: int) -> bool:
        """Load a usable snapshot, if there is one; set the position to fold from."""
        self._position = first
        if self._snapshots is None:
            return False
        saved = await asyncio.to_thread(self._snapshots.load, self._fold)
        if saved is None or not first <= saved[0] <= end:  # older than the log's start, or newer than its end
            return False
        self._position, self._fold = saved
        return True

    async def _recorded_verdicts(self) -> RecordedVerdicts:
        partition = TopicPartition(self._config.verdicts_topic, 0)
        consumer = aiokafka.AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            **self._config.consumer_arguments,
        )
        await consumer.start()
        consumer.assign([partition])
        first, end = await self._bounds(consumer, partition)
        consumer.seek(partition, first)
        return RecordedVerdicts(consumer, partition, end)

    async def _bounds(self, consumer: Any, partition: TopicPartition) -> tuple[int, int]:
        first = (await consumer.beginning_offsets([partition]))[partition]
        end = (await consumer.end_offsets([partition]))[partition]
        return int(first), int(end)

    async def _save(self) -> None:
        """Take a snapshot, for which the fold stands still, and write it while the fold goes on."""
        if self._snapshots is None:
            return
        if self._writing is not None:
            await self._writing
        position = self._position
        image = await asyncio.to_thread(self._fold.snapshot)
        self._writing = asyncio.create_task(self._write(self._snapshots, position, image), name="snapshot")

    async def _write(self, snapshots: SnapshotStore, position: int, image: Sequence[bytes | memoryview]) -> None:
        self._observer.saved(ok=await asyncio.to_thread(snapshots.save, position, image))
