"""Read the two logs of deduplication, signatures and verdicts, up to their present ends, and count their records."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from pipeline.dedup.fold import FOLD_VERSION
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Record
from pipeline.domain.signature import Activate, LogRecord, Signature, Void
from pipeline.domain.verdict import COPIES, Decided, Lost, Verdict, VerdictRecord
from pipeline.errors import ContractError
from pipeline.ops.offsets import end_offsets, first_offsets
from pipeline.ops.topic_reader import BoundedTopicReader, partitions_of
from pipeline.wire.catalogue import SIGNATURES, VERDICTS, Catalogue
from pipeline.wire.codec import decode_log_record, decode_verdict_record

__all__ = ["LogBounds", "LogEntry", "LogName", "LogStatistics", "bounds_of", "log_entries", "statistics"]

LogName = Literal["signatures", "verdicts"]
_TOPICS: dict[LogName, str] = {"signatures": SIGNATURES, "verdicts": VERDICTS}


class LogBounds(Struct, frozen=True):
    """The first offset that a log still has, and the offset after its last record."""

    first: int
    end: int


class LogEntry(Struct, frozen=True, kw_only=True):
    """One record of one of the logs.

    `at_ms` is when it was appended, epoch milliseconds. `record` is None when this version cannot decode it.
    """

    log: LogName
    offset: int
    at_ms: int
    record: LogRecord | VerdictRecord | None


class LogStatistics(Struct, kw_only=True):
    """Counts of the records of both logs."""

    signatures: int = 0
    articles: set[ArticleId] = field(default_factory=set)
    voids: int = 0
    """Articles that were rejected after their verdict, by the voids in the signature log."""
    activations: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    """Articles that were rejected after their verdict, by the voids in the verdict log."""
    syndicated: Counter[str] = field(default_factory=Counter)
    """Copies of another publisher's text, by the publisher of the copy."""
    undecodable: Counter[LogName] = field(default_factory=Counter)
    times_ms: dict[LogName, tuple[int, int]] = field(default_factory=dict)
    """When the first and the last record of each log were appended, epoch milliseconds."""
    ends: dict[LogName, int] = field(default_factory=dict)
    """The offset after the last record that was read of each log."""
    activated: int | None = None
    """The version of the fold that the last control record activates."""
    decided_by: int = FOLD_VERSION
    """The version of the fold that made the last recorded verdict."""

    @property
    def fold_version(self) -> int:
        """The active version of the fold, as a worker that starts now would find it."""
        return self.decided_by if self.activated is None else self.activated


def bounds_of(client: Any, catalogue: Catalogue, log: LogName) -> LogBounds:
    """Return the bounds of a log.

    Raises:
        ConfigError: The log is not on the cluster.
    """
    (where,) = partitions_of(client, [catalogue.full_name(_TOPICS[log])])
    return LogBounds(first_offsets(client, [where])[where], end_offsets(client, [where])[where])


def log_entries(client: Any, catalogue: Catalogue, logs: Sequence[LogName]) -> Iterator[LogEntry]:
    """Read logs from their start to their present end, merged in the order of time.

    Raises:
        ConfigError: A log is not on the cluster.
    """
    names = {catalogue.full_name(_TOPICS[log]): log for log in logs}
    partitions = partitions_of(client, names)
    ends = {where.topic: end for where, end in end_offsets(client, partitions).items()}
    now_ms = time.time_ns() // 1_000_000

    def is_later(record: Record) -> bool:
        # The offset alone does not decide: the embedded broker reports ends that are too low.
        return record.offset >= ends[record.topic] and record.timestamp_ms > now_ms

    for record in BoundedTopicReader(client, dict.fromkeys(partitions), is_later).by_time():
        log = names[record.topic]
        yield LogEntry(log=log, offset=record.offset, at_ms=record.timestamp_ms, record=_decoded(log, record.value))


def statistics(entries: Iterable[LogEntry]) -> LogStatistics:
    """Count the records of logs."""
    found = LogStatistics()
    for entry in entries:
        first_ms, _ = found.times_ms.get(entry.log, (entry.at_ms, 0))
        found.times_ms[entry.log] = first_ms, entry.at_ms
        found.ends[entry.log] = entry.offset + 1
        _count(found, entry)
    return found


def _count(found: LogStatistics, entry: LogEntry) -> None:
    match entry.record:
        case Signature(article_id=article):
            found.signatures += 1
            found.articles.add(article)
        case Void():
            found.voids += 1
        case Activate(fold_version=version):
            found.activations += 1
            found.activated = version
        case Decided(verdict=verdict, publisher=publisher):
            found.kinds[verdict.kind] += 1
            found.decided_by = verdict.fold_version
            if _is_syndicated(verdict):
                found.syndicated[publisher or verdict.source or "unknown"] += 1
        case Lost():
            found.lost += 1
        case None:
            found.undecodable[entry.log] += 1


def _is_syndicated(verdict: Verdict) -> bool:
    return verdict.syndicated and verdict.kind in COPIES


def _decoded(log: LogName, value: bytes | None) -> LogRecord | VerdictRecord | None:
    try:
        return decode_log_record(value or b"") if log == "signatures" else decode_verdict_record(value or b"")
    except ContractError:
        return None
