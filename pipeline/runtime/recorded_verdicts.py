"""The verdicts on record, read along with the signatures they belong to and never all in memory.

A verdict is recorded soon after its signature, but not in the same order. So the log of verdicts is read ahead until
the wanted ones are there: at most an hour ahead of the signatures, and no further while so many verdicts wait for
theirs. Those not found are decided anew, which says the same unless it turns on an article older than the log of
signatures. A verdict that waits is let go when the signatures have passed its time: its own is not in the log any more.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.structs import TopicPartition

from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin
from pipeline.domain.signature import Signature
from pipeline.domain.verdict import Decided, Verdict
from pipeline.errors import ContractError
from pipeline.observability.logging import get_logger
from pipeline.wire.codec import decode_verdict_record

__all__ = ["Key", "RecordedVerdicts", "key_of"]

log = get_logger(__name__)

_AHEAD_MS: Final = 3_600_000
_SKEW_MS: Final = 300_000
"""How far the clocks of two brokers, each of which dates one log, may be apart."""
_MOST_WAITING: Final = 250_000  # about 300 MB
_POLL_MS: Final = 500
_MAX_RECORDS: Final = 2000

Key = tuple[Origin, ArticleId]
"""What a verdict is on. An origin alone may be of another article: raw topics are made anew."""


def key_of(found: Signature | Verdict) -> Key:
    """Return what a verdict is on, from it or from the signature."""
    return found.origin, found.article_id


class RecordedVerdicts:
    """The log of verdicts from its start up to the end it has when it is reached."""

    def __init__(self, consumer: Any, partition: TopicPartition, end: int) -> None:
        """Take a consumer of that partition, at its start."""
        self._consumer = consumer
        self._partition = partition
        self._end = end
        self._read_to_ms = 0
        self._passed_ms = 0
        self._waiting: OrderedDict[Key, tuple[int, Verdict]] = OrderedDict()
        """Verdicts whose signatures may still come, each with when it was recorded."""

    async def take(self, asked: Mapping[Key, int]) -> dict[Key, Verdict]:
        """Return the verdicts on the next signatures, as far as on record; `asked` says when each was appended."""
        if not asked:
            return {}
        self._let_go(min(asked.values()) - _SKEW_MS)
        missing = {key for key in asked if key not in self._waiting}
        while missing and self._may_read(max(asked.values())) and await self._has_more():
            await self._read_more(missing)
        return {key: self._waiting.pop(key)[1] for key in asked if key in self._waiting}

    async def stop(self) -> None:
        """Stop reading."""
        await self._consumer.stop()

    def _let_go(self, passed_ms: int) -> None:
        self._passed_ms = passed_ms
        while self._waiting and next(iter(self._waiting.values()))[0] < passed_ms:
            self._waiting.popitem(last=False)

    def _may_read(self, appended_ms: int) -> bool:
        # At the bound nothing is let go: what waits is of the signatures that come next.
        return self._read_to_ms <= appended_ms + _AHEAD_MS and len(self._waiting) < _MOST_WAITING

    async def _has_more(self) -> bool:
        # Up to what is stable: behind it there are always open transactions of other workers.
        end = max(self._end, self._consumer.last_stable_offset(self._partition) or 0)
        return bool(await self._consumer.position(self._partition) < end)

    async def _read_more(self, missing: set[Key]) -> None:
        fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
        for record in fetched.get(self._partition, ()):
            self._read_to_ms = max(self._read_to_ms, record.timestamp_ms)
            if self._read_to_ms < self._passed_ms:
                continue
            try:
                found = decode_verdict_record(record.value or b"")
            except ContractError:
                log.warning("verdict_log_record_skipped", offset=record.offset)
                continue
            if isinstance(found, Decided):  # what died after it, the signature log says too
                key = key_of(found.verdict)
                self._waiting.setdefault(key, (self._read_to_ms, found.verdict))
                missing.discard(key)
