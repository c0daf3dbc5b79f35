"""What became of a record in a stage: one disjoint value, with a reason from a closed list.

The reasons are a public contract: metric label, dead-letter header, documentation.
"""

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from pipeline.domain.article import Event

__all__ = ["DROP_REASONS", "REJECT_REASONS", "Drop", "DropReason", "Emit", "Outcome", "Reject", "RejectReason"]

T = TypeVar("T")

DropReason = Literal["exact", "near", "repeat", "stale", "unknown_article", "unchanged"]
"""Why an article is held back by `dedupe`: the kind of its verdict. `unchanged`: a verdict changes no cluster."""


RejectReason = Literal[
    "empty_value",  # null or zero bytes (a tombstone on the raw topic)
    "too_large",  # over the limit for raw bytes, or the article would not fit the internal topics
    "undecodable",  # not UTF-8 or the stated encoding; corrupt content-encoding
    "invalid_json",  # not JSON, truncated, NaN, lone surrogates, too deep
    "invalid_schema",  # JSON of the wrong shape or types
    "unsupported_content_type",
    "unknown_action",
    "invalid_url",
    "missing_identity",  # neither url nor id, nor a source to which the text belongs
    "missing_content",  # neither html nor text
    "too_deep",  # markup nested past the limit
    "not_an_article",  # nothing that reads as an article was found in it
    "time_limit",  # extraction took longer than the limit for one record
    "unexpected",  # a bug: the stage raised
]

DROP_REASONS: dict[str, tuple[DropReason, ...]] = {
    "dedupe": ("exact", "near", "repeat", "stale", "unknown_article"),
    "cluster": ("unchanged",),
}
"""Stages that drop, and why."""

REJECT_REASONS: tuple[RejectReason, ...] = RejectReason.__args__  # type: ignore[attr-defined]


class Emit(Struct, Generic[T], frozen=True):
    """The record goes on, as `value`."""

    value: T


class Drop(Struct, frozen=True):
    """The record is held back on purpose; `event` says so on the duplicates topic."""

    reason: DropReason
    event: Event


class Reject(Struct, frozen=True):
    """The record can never be processed; it goes to the dead-letter topic.

    Attributes:
        reason: From the closed list above.
        detail: One sentence for people; never quotes content.
        exception_class: Name of the exception that a stage raised, such as `KeyError`; None where none was raised.
    """

    reason: RejectReason
    detail: str
    exception_class: str | None = None


Outcome = Emit[T] | Drop | Reject
