"""Recorded verdicts, read alongside the signatures they belong to and never all in memory.

A verdict is recorded soon after its signature, but not in the same order. The verdict log is therefore read ahead until
the wanted verdicts are found: at most an hour ahead of the signatures, and not while too many verdicts wait for their
signatures. Verdicts that are not found are computed again, with the same result unless they depend on an article that
is older than the signature log. A waiting verdict is discarded once the signatures have passed its time, because its
own signature is no longer in the log.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pipeline.dedup.params import RecordedVerdictParams
from pipeline.domain.verdict import Decided, Verdict, VerdictKey, key_of
from pipeline.errors import ContractError
from pipeline.kafka_io.log_reader import LogReader
from pipeline.observability.logging import get_logger
from pipeline.wire.codec import decode_verdict_record

__all__ = ["RecordedVerdicts"]

log = get_logger(__name__)


class RecordedVerdicts:
    """Reads the verdict log from its start up to its end, once."""

    def __init__(self, reader: LogReader, end: int, params: RecordedVerdictParams) -> None:
        """Take a reader positioned at the log's start, and the log's end as the broker lists it."""
        self._params = params
        self._reader = reader
        self._end = end
        self._read_to_ms = 0
        self._passed_ms = 0
        self._waiting: OrderedDict[VerdictKey, tuple[int, Verdict]] = OrderedDict()
        """Verdicts whose signatures may still come, each with the time in ms when it was recorded."""

    @classmethod
    async def open(
        cls, topic: str, consumer_arguments: dict[str, Any], params: RecordedVerdictParams
    ) -> "RecordedVerdicts":
        """Connect to the verdict log and begin at its start."""
        reader = await LogReader.open(topic, consumer_arguments)
        try:
            first, end = await reader.bounds()
        except BaseException:  # cancelled too: nobody else has the reader yet
            await reader.close()
            raise
        reader.seek(first)
        return cls(reader, end, params)

    async def take(self, asked: Mapping[VerdictKey, int]) -> dict[VerdictKey, Verdict]:
        """Return the recorded verdicts on the next signatures.

        Args:
            asked: The keys of the signatures, each with the time in ms when it was appended.

        Returns:
            The verdicts that were found; the others are not on record.
        """
        if not asked:
            return {}
        self._discard(min(asked.values()) - self._params.skew_ms)
        missing = {key for key in asked if key not in self._waiting}
        while missing and self._may_read(max(asked.values())) and await self._has_more():
            await self._read_more(missing)
        return {key: self._waiting.pop(key)[1] for key in asked if key in self._waiting}

    async def stop(self) -> None:
        """Stop reading."""
        await self._reader.close()

    def _discard(self, passed_ms: int) -> None:
        self._passed_ms = passed_ms
        while self._waiting and next(iter(self._waiting.values()))[0] < passed_ms:
            self._waiting.popitem(last=False)

    def _may_read(self, appended_ms: int) -> bool:
        # At the bound nothing is discarded: the waiting verdicts belong to the signatures that come next.
        return self._read_to_ms <= appended_ms + self._params.ahead_ms and len(self._waiting) < self._params.max_waiting

    async def _has_more(self) -> bool:
        # Up to the last stable offset: beyond it there are always open transactions of other workers.
        return await self._reader.position() < max(self._end, self._reader.stable_end())

    async def _read_more(self, missing: set[VerdictKey]) -> None:
        for record in await self._reader.read(self._params.batch_records):
            self._read_to_ms = max(self._read_to_ms, record.timestamp_ms)
            if self._read_to_ms < self._passed_ms:
                continue
            try:
                found = decode_verdict_record(record.value or b"")
            except ContractError:
                log.warning("verdict_log_record_skipped", offset=record.offset)
                continue
            if isinstance(found, Decided):  # the signature log has a void for those that died after it
                key = key_of(found.verdict)
                self._waiting.setdefault(key, (self._read_to_ms, found.verdict))
                missing.discard(key)
