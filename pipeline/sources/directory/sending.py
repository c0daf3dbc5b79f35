"""The work of `source files`: takes each file once, from where its acknowledged records end."""

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline.domain.record import Record
from pipeline.errors import ConfigError
from pipeline.observability.logging import get_logger
from pipeline.sources.any_record import any_record
from pipeline.sources.directory.arrivals import Arrivals
from pipeline.sources.directory.state import FileMark, SentFiles
from pipeline.sources.errors import InputError
from pipeline.sources.files import FilesParams, read_files
from pipeline.sources.raw_writer import RawWriter
from pipeline.sources.service import SourceContext
from pipeline.sources.shapes.errors import ShapeError
from pipeline.sources.shapes.reading import read_xml
from pipeline.wire.output import OutputRecord

__all__ = ["DirectoryParams", "DirectorySending"]

log = get_logger(__name__)

_PRINCIPAL: Final = "files"
_SIDECAR: Final = ".headers"


class DirectoryParams(Struct, frozen=True, kw_only=True):
    """How often is looked, and how much is sent at once. Set by hand."""

    interval_secs: float = 1.0
    """Pause between two looks into the directory."""
    batch_records: int = 200
    """Records after which the acknowledgements are awaited and the place is noted."""
    batch_bytes: int = 32 * 1024 * 1024
    """Bytes after which the same happens; bounds the memory."""


class DirectorySending:
    """Sends the files of a directory, those that are there and those that arrive."""

    def __init__(
        self,
        directory: Path,
        *,
        state_dir: Path,
        settle_secs: float,
        move_to: Path | None = None,
        params: DirectoryParams | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            directory: The directory.
            state_dir: Where it is noted what was sent.
            settle_secs: How long a file must not have changed before it is taken.
            move_to: Directory on the same file system into which files are moved once sent; they stay by default.
            params: Limits.
        """
        self._directory = directory
        self._state_dir = state_dir
        self._arrivals = Arrivals(directory, settle_secs)
        self._move_to = move_to
        self._params = params or DirectoryParams()

    async def __call__(self, context: SourceContext) -> None:
        """Send files until SIGTERM.

        Raises:
            ConfigError: The directory of the state cannot be written to, or files would be moved to where they are.
            InputError: The directory is not there, or a file that was sent cannot be moved.
            TransientError: The brokers did not acknowledge.
        """
        if not self._directory.is_dir():
            raise InputError(f"{self._directory} is no directory")
        if self._move_to is not None and self._move_to.resolve().is_relative_to(self._directory.resolve()):
            raise ConfigError("--move-to must not be in the directory that is watched: its files would be sent again")
        sent = SentFiles(self._state_dir)
        writer = await RawWriter.open(context.topic, context.settings.sources, context.metrics)
        context.ready()
        try:
            while not context.stop.is_set():
                for mark in await asyncio.to_thread(self._arrivals.look, time.monotonic()):
                    if context.stop.is_set():
                        break
                    if sent.sent(mark)[1] == "begun":
                        await self._take(mark, sent, writer, context)
                    self._finish(mark, sent)
                context.metrics.succeeded()
                await _pause(context.stop, self._params.interval_secs)
        finally:
            await writer.close()
            sent.close()

    async def _take(self, mark: FileMark, sent: SentFiles, writer: RawWriter, context: SourceContext) -> None:
        """Send the rest of a file. One that cannot be read on is noted as done as it is: only a new version helps."""
        done, _ = sent.sent(mark)
        records = islice(_records(Path(mark.path)), done, None)
        try:
            while batch := await asyncio.to_thread(self._batch, records, context):
                context.progress.taken()
                await asyncio.gather(*map(writer.write, batch))
                context.progress.committed()
                done += len(batch)
                sent.note(mark, done, "begun")
                if context.stop.is_set():
                    return
        except (InputError, ShapeError, OSError) as error:
            context.metrics.failed("unreadable")
            log.warning("file_unreadable", file=Path(mark.path).name, sent=done, **{"error.message": str(error)})
            sent.note(mark, done, "unreadable")
        else:
            log.info("file_sent", file=Path(mark.path).name, sent=done)
            sent.note(mark, done, "sent")

    def _batch(self, records: Iterator[Record], context: SourceContext) -> list[OutputRecord]:
        """Read the next records of a file."""
        batch: list[OutputRecord] = []
        size = 0
        for record in records:
            now_ms = time.time_ns() // 1_000_000
            batch.append(any_record(context.topic, record.value, record.headers, _PRINCIPAL, now_ms))
            size += len(record.value or b"")
            if len(batch) >= self._params.batch_records or size >= self._params.batch_bytes:
                break
        return batch

    def _finish(self, mark: FileMark, sent: SentFiles) -> None:
        """Move a file away that was sent; after a crash before that, it is moved without being sent again."""
        if self._move_to is None or sent.sent(mark)[1] != "sent":
            return
        path = Path(mark.path)
        target = _free(self._move_to / path.relative_to(self._directory))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            sidecar = path.with_name(path.name + _SIDECAR)
            if sidecar.is_file():
                sidecar.replace(target.with_name(target.name + _SIDECAR))
            path.replace(target)
        except OSError as error:
            # It is noted as sent, so a restart only tries to move it again.
            raise InputError(f"{path.name} cannot be moved to {self._move_to}: {error.strerror or error}") from error
        sent.forget(mark.path)


def _records(path: Path) -> Iterator[Record]:
    if path.suffix.lower() != ".xml":
        yield from read_files([path], now_ms=0)
        return
    if path.stat().st_size > FilesParams().max_record_bytes:
        raise ShapeError("the XML is too large")
    for number, value in enumerate(read_xml(path.read_bytes())):
        yield Record(topic=str(path), partition=0, offset=number, timestamp_ms=0, key=None, value=value)


def _free(target: Path) -> Path:
    """Return a name that is not taken: that of the target, or one with a number behind it."""
    found, number = target, 0
    while found.exists():
        number += 1
        found = target.with_name(f"{target.name}.{number}")
    return found


async def _pause(stop: asyncio.Event, secs: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), secs)
    except TimeoutError:
        return
