"""Counts what shards send each other."""

from collections import Counter
from typing import Final

__all__ = ["ANSWER_BYTES", "HEADER_BYTES", "NUMBER_BYTES", "ROW_BYTES", "Traffic"]

HEADER_BYTES: Final = 16
"""Of every message about one article: its place in the log and the time of the fold."""
NUMBER_BYTES: Final = 8
"""A row in a message."""
ANSWER_BYTES: Final = NUMBER_BYTES + 1
"""A row in an answer of a share of bands, with the number of values that agree."""
ROW_BYTES: Final = 144
"""The fields of a row, without facts and packed verdict."""


class Traffic:
    """Messages between different shards.

    Attributes:
        messages: Number of messages by kind. A request and its answer are two.
        bytes: Their bytes by kind, before compression.
    """

    def __init__(self) -> None:
        """Count nothing yet."""
        self.messages: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def sent(self, kind: str, start: int, end: int, size: int) -> None:
        """Count a message of `size` bytes beside its header from one shard to another; to itself, none is sent."""
        if start != end:
            self.messages[kind] += 1
            self.bytes[kind] += HEADER_BYTES + size
