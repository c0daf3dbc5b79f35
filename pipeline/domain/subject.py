"""Subjects of articles, the reasons for none, and the vector of a text's meaning."""

from typing import Literal

from msgspec import Struct

__all__ = ["ReaderChoice", "ReaderName", "Subject", "SubjectsReason", "TextVector"]

ReaderName = Literal["encoder", "fast"]
"""Who reads a text: the encoder, which takes milliseconds, or the static model, which takes a fraction of one."""

ReaderChoice = Literal["cascade", "encoder", "fast"]
"""Who answers: one reader, or the fast one that asks the encoder where it is unsure."""

SubjectsReason = Literal["no_text", "language_unsupported", "below_floor"]
"""Why an article has no subject: nothing to read, no reader knows its words, or nothing probable enough."""


class Subject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An IPTC Media Topic, `medtop:` and eight digits; `local_name` is its name in the article's language.

    A subject of the second level has the code of the top-level one to which it belongs as its `parent`.
    `confidence` is a calibrated probability; `reliable` says that such answers are right 19 times of 20; `method` says
    which reader answered.
    """

    code: str
    parent: str | None = None
    name: str
    confidence: float
    reliable: bool
    method: ReaderName
    scheme_version: str
    local_name: str | None = None


class TextVector(Struct, frozen=True, kw_only=True):
    """The encoder's vector of a text's meaning: whole numbers of 8 bits with a common scale, which is dropped.

    Vectors of the same `model` are compared by the cosine of their angle.
    """

    model: str
    dimensions: int
    values: bytes
