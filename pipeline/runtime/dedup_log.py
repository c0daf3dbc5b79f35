"""The deduplication log in a worker: append signatures, and return their verdicts once the log was folded that far.

Every worker folds the whole log, so all reach the same verdicts.
"""

import asyncio
from collections.abc import Mapping, Sequence

from pipeline.dedup.fold import Fold
from pipeline.domain.record import Origin, Record
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Verdict, VerdictKey, key_of
from pipeline.errors import FatalError
from pipeline.kafka_io.raw_records import RawRecords
from pipeline.runtime.fold_follower import DedupLogConfig, FoldFollower, FoldObserver
from pipeline.runtime.signature_log import SignatureAppender
from pipeline.runtime.snapshots import SnapshotStore

__all__ = ["DedupLog"]

_APPENDS = 2
"""Attempts to append a signature before the worker ends: a lost append is rare, a lost log is fatal."""


class DedupLog:
    """Appends signatures and waits for the fold's verdicts. One per process, on the main event loop."""

    def __init__(
        self,
        config: DedupLogConfig,
        fold: Fold,
        appender: SignatureAppender,
        observer: FoldObserver,
        snapshots: SnapshotStore | None,
        raw: RawRecords,
    ) -> None:
        """Take what the log needs.

        Args:
            config: Topics and time-outs.
            fold: An empty fold, which `start` fills.
            appender: Appends to the signature log.
            observer: Receives the state of the fold.
            snapshots: Where snapshots are kept; None for none.
            raw: Reads raw records again.
        """
        self._raw = raw
        self._config = config
        self._appender = appender
        self._observer = observer
        self._waiting: dict[VerdictKey, list[asyncio.Future[Verdict]]] = {}
        self._follower = FoldFollower(config, fold, observer, snapshots, self._answer)

    async def start(self) -> None:
        """Restore or rebuild the fold up to the end of the log.

        Raises:
            FatalError: This version cannot fold the log.
        """
        await self._follower.start()

    def follow(self) -> asyncio.Task[None]:
        """Start following the log after `start`; the task ends only by an error or by `stop`."""
        return self._follower.follow()

    async def stop(self) -> None:
        """Stop following; save a last snapshot."""
        await self._follower.stop()
        await self._raw.close()

    async def decide(self, signatures: Sequence[Signature]) -> list[Verdict]:
        """Append signatures and return their verdicts, in order, once this worker's fold has applied them.

        A signature whose origin and article the fold has seen is a replay: it gets the verdict of then, and nothing is
        appended.

        Raises:
            FatalError: No verdict within the time-out after the second append.
        """
        known = [self._follower.verdict_of(*key_of(signature)) for signature in signatures]
        unknown = [signature for signature, verdict in zip(signatures, known, strict=True) if verdict is None]
        if unknown:
            decided = await self._append_and_wait(unknown)
            known = [verdict or decided[key_of(s)] for s, verdict in zip(signatures, known, strict=True)]
        return [verdict for verdict in known if verdict is not None]

    def newest_at(self, origin: Origin) -> tuple[Verdict, int] | None:
        """Return the newest verdict on an article from an origin, and when it was ingested (epoch ms)."""
        return self._follower.newest_at(origin)

    async def recall(self, verdicts: Sequence[Verdict]) -> Mapping[Origin, Record | None]:
        """Return the raw records of the copies that verdicts promote; None for one that is gone."""
        origins = {verdict.promotes.origin for verdict in verdicts if verdict.promotes is not None}
        return {origin: await self._raw.read(origin.partition, origin.offset) for origin in sorted(origins, key=_place)}

    async def _append_and_wait(self, signatures: Sequence[Signature]) -> dict[VerdictKey, Verdict]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        futures: dict[VerdictKey, asyncio.Future[Verdict]] = {}
        for signature in signatures:
            future: asyncio.Future[Verdict] = loop.create_future()
            futures[key_of(signature)] = future
            self._waiting.setdefault(key_of(signature), []).append(future)
        try:
            for attempt in range(_APPENDS):
                if attempt:
                    self._observer.retried("append_timeout")
                missing = [s for s in signatures if not futures[key_of(s)].done()]
                await self._appender.append(missing)
                self._observer.produced("dedupe", self._config.signatures_topic, len(missing))
                await asyncio.wait(futures.values(), timeout=self._config.append_timeout_secs)
                if all(future.done() for future in futures.values()):
                    self._observer.appended(len(signatures), loop.time() - began)
                    return {key: future.result() for key, future in futures.items()}
            raise FatalError(f"no verdict within {self._config.append_timeout_secs} s after the second append")
        finally:
            for key, future in futures.items():
                waiting = self._waiting.get(key)
                if waiting is not None and future in waiting:
                    waiting.remove(future)
                    if not waiting:
                        del self._waiting[key]

    def _answer(self, verdict: Verdict) -> None:
        for future in self._waiting.pop(key_of(verdict), ()):
            if not future.done():
                future.set_result(verdict)


def _place(origin: Origin) -> tuple[int, int]:
    return origin.partition, origin.offset
