"""The raw record of a copy that is sent again, so that the copy is published in place of its canonical article."""

from typing import Final

from pipeline.domain.outcome import Reject
from pipeline.domain.record import Record
from pipeline.domain.verdict import Successor
from pipeline.text.params import IngestParams
from pipeline.wire.catalogue import TopicSpec
from pipeline.wire.output import BATCH_OVERHEAD_BYTES, OutputRecord, record_bytes
from pipeline.wire.raw import decode_raw
from pipeline.wire.replays import Place, replay_headers

__all__ = ["resent"]

_PARAMS: Final = IngestParams()
"""Limits for reading the identity of a raw record; no setting changes them."""


def resent(record: Record | None, successor: Successor, raw: TopicSpec) -> OutputRecord | None:
    """Return the raw record of a copy as it is sent again; None if that is not possible.

    Args:
        record: What is at the place that the copy came from; None if nothing is there any more.
        successor: The copy.
        raw: The raw topic.
    """
    if record is None:
        return None
    article = decode_raw(record.value, record.headers, _PARAMS)
    # The raw topic may have been deleted and created again.
    if isinstance(article, Reject) or article.article_id != successor.article_id or article.action != "publish":
        return None
    headers = replay_headers(record, Place(record.topic, record.partition, record.offset))
    if BATCH_OVERHEAD_BYTES + record_bytes(record.key, record.value, headers) > raw.max_message_bytes:
        return None
    return OutputRecord(raw.name, record.key, record.value, headers, record.timestamp_ms)
