"""The outcome of a record in a stage: emit, drop or reject, the latter two with a reason from a closed list.

The reasons are a public contract: they appear as metric labels, in dead-letter headers and in the documentation.
"""

from typing import Final, Generic, Literal, TypeVar, get_args

from msgspec import Struct

from pipeline.domain.article import Event
from pipeline.domain.verdict import HeldBackKind

__all__ = ["DROP_REASONS", "REJECT_REASONS", "Drop", "DropReason", "Emit", "Outcome", "Reject", "RejectReason"]

T = TypeVar("T")

DropReason = Literal[HeldBackKind, "unchanged"]
"""`publish` or `dedupe` drops an article for the kind of its verdict; `cluster` drops a verdict that leaves clusters
`unchanged`."""

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
    "not_an_article",  # extraction found no article in it
    "time_limit",  # more work for the parser than the limits allow, by count
    "too_costly",  # extraction was ended because it took too much time or memory
    "kills_worker",  # workers that worked on it alone died, repeatedly
    "unexpected",  # a bug: the stage raised an exception
]

DROP_REASONS: Final[dict[str, tuple[DropReason, ...]]] = {
    "dedupe": get_args(HeldBackKind),
    "publish": get_args(HeldBackKind),
    "cluster": ("unchanged",),
    "story": ("unchanged",),
}
"""The stages that drop records, each with its reasons."""

REJECT_REASONS: Final[tuple[RejectReason, ...]] = get_args(RejectReason)


class Emit(Struct, Generic[T], frozen=True):
    """The record goes on, as `value`."""

    value: T


class Drop(Struct, frozen=True):
    """The record is held back on purpose; `event` reports it on the duplicates topic."""

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
