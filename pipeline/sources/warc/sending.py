"""Sends archives: batches are read in a thread of their own, and the position is stored when all is acknowledged."""

import asyncio
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from pipeline.observability.logging import get_logger
from pipeline.sources.raw_topic import PRINCIPAL, RawTopic
from pipeline.sources.raw_writer import RawWriter
from pipeline.sources.service import SourceContext
from pipeline.sources.warc.archive import open_archive
from pipeline.sources.warc.batches import Batch, read_batches
from pipeline.sources.warc.pages import Page
from pipeline.sources.warc.params import WarcParams
from pipeline.sources.warc.progress import Progress, ProgressFile
from pipeline.wire.output import OutputRecord

__all__ = ["WarcSending"]

log = get_logger(__name__)

_PRINCIPAL: Final = ((PRINCIPAL, b"warc"),)


class WarcSending:
    """The work of `source warc`: all archives, one after the other, each from where its progress stands."""

    def __init__(
        self, archives: Sequence[Path], *, state_dir: Path | None = None, again: bool, params: WarcParams | None = None
    ) -> None:
        """Read nothing yet.

        Args:
            archives: The files.
            state_dir: Directory of the files that keep the progress; beside each archive by default.
            again: Whether to begin at the beginning, whatever was sent before.
            params: Limits.
        """
        self._archives = archives
        self._state_dir = state_dir
        self._again = again
        self._params = params or WarcParams()
        self.given_up = 0
        """Archives whose rest could not be read."""

    async def __call__(self, context: SourceContext) -> None:
        """Send everything, or as far as SIGTERM lets it.

        Raises:
            InputError: An archive or its progress cannot be read or stored, or has changed since it was begun.
            TransientError: The brokers did not acknowledge.
        """
        writer = await RawWriter.open(context.topic, context.settings.sources, context.metrics)
        context.ready()
        # Readers of archives may only be used in the thread that made them.
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warc")
        try:
            for archive in self._archives:
                if not context.stop.is_set():
                    await self._send(archive, writer, context, pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            await writer.close()

    async def _send(self, archive: Path, writer: RawWriter, context: SourceContext, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        file = ProgressFile(archive, context.topic.name, self._state_dir)
        progress = await loop.run_in_executor(pool, file.fresh if self._again else file.load)
        if progress.done:
            log.info("archive_was_sent_before", archive=archive.name)
            return
        batches = self._batches(archive, progress, context.topic)
        try:
            coming = loop.run_in_executor(pool, next, batches, None)
            while (batch := await coming) is not None and not context.stop.is_set():
                coming = loop.run_in_executor(pool, next, batches, None)  # read while the former one is sent
                progress = await self._sent(batch, writer, context)
                await loop.run_in_executor(None, file.store, progress)
                if batch.given_up:
                    self.given_up += 1
                    log.error("archive_given_up", archive=archive.name, offset=progress.position.offset)
        finally:
            await asyncio.wait({coming})
            await loop.run_in_executor(pool, batches.close)
        log.info(
            "archive_ended",
            archive=archive.name,
            done=progress.done,
            sent=progress.counts.sent,
            skipped=dict(progress.counts.skipped),
        )

    def _batches(self, archive: Path, progress: Progress, topic: RawTopic) -> Generator[Batch]:
        def to_record(page: Page) -> OutputRecord:
            return topic.record(page.value, (*page.headers, *_PRINCIPAL), time.time_ns() // 1_000_000)

        with open_archive(archive) as stream:
            yield from read_batches(stream, progress, self._params, to_record)

    async def _sent(self, batch: Batch, writer: RawWriter, context: SourceContext) -> Progress:
        """Send a batch and return the progress, once every record of it is acknowledged."""
        context.progress.taken()
        await asyncio.gather(*map(writer.write, batch.records))
        context.progress.committed()
        context.metrics.succeeded()
        for reason, count in batch.skipped.items():
            context.metrics.skipped(reason, count)
        return batch.progress
