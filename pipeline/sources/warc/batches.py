"""Reads an archive in batches of raw records, each with the position to continue from once it is acknowledged."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from pipeline.sources.raw_topic import RefusedRecordError
from pipeline.sources.warc.archive import Archive, Damage, Found
from pipeline.sources.warc.pages import CutRecordError, Page, page_of
from pipeline.sources.warc.params import WarcParams
from pipeline.sources.warc.positions import Position
from pipeline.sources.warc.progress import Counts, Progress
from pipeline.wire.output import OutputRecord

__all__ = ["Batch", "read_batches"]

DAMAGED = "damaged"
"""Reason of places that cannot be read."""


class Batch(Struct, frozen=True, kw_only=True):
    """Some pages of an archive.

    Attributes:
        records: The pages, ready to be sent.
        progress: The progress once they are acknowledged.
        skipped: By reason, how many records among them are no pages, and how many places could not be read.
        given_up: Whether the rest of the archive cannot be read.
    """

    records: list[OutputRecord]
    progress: Progress
    skipped: dict[str, int]
    given_up: bool = False


def read_batches(
    stream: BinaryIO, progress: Progress, params: WarcParams, to_record: Callable[[Page], OutputRecord]
) -> Iterator[Batch]:
    """Yield batches from where the progress stands to the end of the archive.

    Args:
        stream: The archive.
        progress: Its progress so far.
        params: Limits, and the size of a batch.
        to_record: Makes a record to send; may raise `RefusedRecordError`, which counts the page as skipped.
    """
    reader = _Reader(stream, progress, params, to_record)
    while not reader.is_done:
        yield reader.batch()


class _Reader:
    def __init__(
        self, stream: BinaryIO, progress: Progress, params: WarcParams, to_record: Callable[[Page], OutputRecord]
    ) -> None:
        self._archive = Archive(stream, params, progress.position)
        self._items = iter(self._archive)
        self._progress = progress
        self._params = params
        self._to_record = to_record
        self.is_done = progress.done

    def batch(self) -> Batch:
        """Read up to the size of a batch."""
        records: list[OutputRecord] = []
        skipped: dict[str, int] = {}
        given_up = False
        position, size = self._progress.position, 0
        while len(records) < self._params.batch_records and size < self._params.batch_bytes:
            item = next(self._items, None)
            if item is None:
                self.is_done = True
                break
            position = item.after
            made = self._made(item)
            if isinstance(made, OutputRecord):
                records.append(made)
                size += len(made.value or b"")
            elif made is not None:
                skipped[made] = skipped.get(made, 0) + 1
            given_up |= isinstance(item, Damage) and item.ended
        self._progress = self._after(position, len(records), skipped)
        return Batch(records=records, progress=self._progress, skipped=skipped, given_up=given_up)

    def _made(self, item: Found | Damage) -> OutputRecord | str | None:
        """Return the record of a page, or the reason why there is none; None for what its damage counts."""
        if isinstance(item, Damage):
            return DAMAGED
        try:
            page = page_of(item.record, self._params)
        except CutRecordError:
            return None
        if not isinstance(page, Page):
            return page
        try:
            return self._to_record(page)
        except RefusedRecordError as refusal:
            return refusal.reason

    def _after(self, position: Position, sent: int, skipped: dict[str, int]) -> Progress:
        counts = self._progress.counts
        reasons = {
            reason: counts.skipped.get(reason, 0) + skipped.get(reason, 0) for reason in counts.skipped | skipped
        }
        return replace(
            self._progress,
            position=position,
            counts=Counts(sent=counts.sent + sent, skipped=reasons),
            done=self.is_done,
        )
