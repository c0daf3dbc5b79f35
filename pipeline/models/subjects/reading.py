"""What a reader is given, and what it returns: one logit for each top-level subject, perhaps also for those below."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from pipeline.domain.subject import ReaderName

__all__ = ["Reader", "Reading", "SubjectInput"]


class SubjectInput(Struct, frozen=True):
    """A text that is classified."""

    headline: str = ""
    body: str = ""
    language: str | None = None
    """BCP 47 tag, as detected; None for an unknown language."""


class Reading(Struct, frozen=True):
    """A reader's answer about one text.

    Attributes:
        reader: Who answered.
        logits: Shape (17,): one for each top-level Media Topic, in the order of `CODES`; not calibrated.
        words: Words or subwords that were read; calibration depends on it.
        vector: The text's vector of meaning as int8, 384 bytes, its scale dropped; None from a reader without one.
        second: Shape (121,): one for each subject of the second level, in the order of `SECOND_LEVEL`; None from a
            reader that does not tell them.
    """

    reader: ReaderName
    logits: tuple[float, ...]
    words: int
    vector: bytes | None = None
    second: tuple[float, ...] | None = None


class Reader(Protocol):
    """Reads texts. The answer about a text does not depend on the texts beside it."""

    @property
    def name(self) -> ReaderName:
        """Who answers."""
        ...

    @property
    def version(self) -> str:
        """Version of the weights; appears in events."""
        ...

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        """Return one reading per text, in order; None for a text of which too little is known."""
        ...
