"""The verdicts on record, read along with the signatures they belong to and never all in memory.

A verdict is recorded soon after its signature, but not in the same order. So the log of verdicts is read ahead until
the wanted ones are there: at most an hour ahead of the signatures, and at most so many verdicts at once. Those not
found are decided anew, which says the same unless it turns on an article older than the log of signatures.
"""

from collections.abc import Collection
from typing import Any, Final

from aiokafka.structs import TopicPartition

from pipeline.domain.record import Origin
from pipeline.domain.verdict import Decided, Verdict
from pipeline.errors import ContractError
from pipeline.runtime.logging import get_logger
from pipeline.wire.codec import decode_verdict_record

__all__ = ["RecordedVerdicts"]

log = get_logger(__name__)

_AHEAD_MS: Final = 3_600_000
_MOST_WAITING: Final = 250_000  # about 300 MB
_POLL_MS: Final = 500
_MAX_RECORDS: Final = 2000


class RecordedVerdicts:
    """The log of verdicts from its start up to the end it has when it is reached."""

    def __init__(self, consumer: Any, partition: TopicPartition, end: int) -> None:
        """Take a consumer of that partition, at its start."""
        self._consumer = consumer
        self._partition = partition
        self._end = end
        self._read_to_ms = 0
        self._waiting: dict[Origin, Verdict] = {}

    async def take(self, origins: Collection[Origin], appended_ms: int) -> dict[Origin, Verdict]:
        """Return the verdicts on signatures that were appended at about that time, as far as they are on record."""
        missing = {origin for origin in origins if origin not in self._waiting}
        while missing and self._read_to_ms <= appended_ms + _AHEAD_MS and await self._has_more():
            await self._read(missing)
        return {origin: self._waiting.pop(origin) for origin in origins if origin in self._waiting}

    async def stop(self) -> None:
        """Stop reading."""
        await self._consumer.stop()

    async def _has_more(self) -> bool:
        # Up to what is stable: behind it there are always open transactions of other workers.
        end = max(self._end, self._consumer.last_stable_offset(self._partition) or 0)
        return bool(await self._consumer.position(self._partition) < end)

    async def _read(self, missing: set[Origin]) -> None:
        fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
        for record in fetched.get(self._partition, ()):
            self._read_to_ms = max(self._read_to_ms, record.timestamp_ms)
            try:
                found = decode_verdict_record(record.value or b"")
            except ContractError:
                log.warning("verdict_log_record_skipped", offset=record.offset)
                continue
            if isinstance(found, Decided):  # what died after it, the signature log says too
                self._waiting.setdefault(found.verdict.origin, found.verdict)
                missing.discard(found.verdict.origin)
        for orphan in list(self._waiting)[: max(0, len(self._waiting) - _MOST_WAITING)]:
            del self._waiting[orphan]  # its signature is older than the log of signatures
