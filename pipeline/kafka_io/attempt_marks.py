"""Marks of attempts: what the metadata of a committed offset says about the work on the records after it.

A worker that is killed cannot report which record killed it. Its last commits can: the next owner of the partition
reads the mark with the offset, on whatever machine it runs. A mark travels with every commit at no cost; only the
beginning and the end of a lease, and attempts at suspects, need a commit of their own.
"""

from functools import lru_cache

import msgspec
from msgspec import Struct
from msgspec.structs import replace

__all__ = ["HELD", "NOTHING", "AttemptMark"]


class AttemptMark(Struct, frozen=True, omit_defaults=True):
    """What is known of the attempts at the records that follow a committed offset.

    Attributes:
        held: Whether a worker has the partition. Found on a partition that is taken over, it says that the former owner
            ended without handing the partition over.
        deaths: Workers that died while they may have been working on records from the offset to `until`.
        until: Offset after the last suspect; 0 without any.
        trying: Offset after the records that are being worked on. Set only while there are suspects.
        alone: Workers that died while they worked on the first of these records and on nothing else.
        log: The beginning of the id of the topic that the offset is in; empty on a broker without ids. Another topic
            may have the name by now.
    """

    held: bool = False
    deaths: int = 0
    until: int = 0
    trying: int = 0
    alone: int = 0
    log: str = ""

    def passed(self, offset: int, *, tried: bool) -> "AttemptMark":
        """Return the mark for the commit of a later offset.

        Args:
            offset: The offset; the records before it have killed nobody.
            tried: Whether there were any: offsets without a record tell nothing about the record after them.
        """
        if offset >= self.until:
            return AttemptMark(held=self.held, log=self.log)
        return replace(self, trying=0, alone=0 if tried else self.alone)

    def handed_over(self) -> "AttemptMark":
        """Return the mark of a partition that its owner hands over; what was suspected remains so."""
        return replace(self, held=False, trying=0)

    def encode(self) -> str:
        """Return the metadata of the offset: JSON, or nothing for a partition about which there is nothing to say."""
        return _encode(self)

    @classmethod
    def decode(cls, metadata: str | None) -> "AttemptMark":
        """Read the metadata of an offset; that of another program says nothing."""
        try:
            return msgspec.json.decode(metadata, type=cls) if metadata else NOTHING
        except msgspec.DecodeError:
            return NOTHING


NOTHING = AttemptMark()
HELD = AttemptMark(held=True)


@lru_cache(maxsize=64)
def _encode(mark: AttemptMark) -> str:
    return "" if mark == NOTHING else msgspec.json.encode(mark).decode()
