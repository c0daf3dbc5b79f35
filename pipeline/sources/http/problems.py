"""Errors as RFC 9457 has them: a kind of a closed list, a sentence, and the fields that are wrong."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from pipeline.domain.outcome import Reject

__all__ = ["MEDIA_TYPE", "STATUSES", "TITLES", "FieldError", "Kind", "Problem", "ProblemError", "of_reject"]

MEDIA_TYPE: Final = "application/problem+json"
_PREFIX: Final = "urn:news-pipeline:problem:"

Kind = Literal[
    "unauthorized",
    "other_source",
    "other_domain",
    "not_found",
    "method_not_allowed",
    "body_timeout",
    "key_in_use",
    "too_large",
    "too_many_items",
    "unsupported_media_type",
    "invalid_request",
    "invalid_article",
    "key_reused",
    "rate_limited",
    "internal",
    "busy",
    "unavailable",
    "stopping",
]
"""A public contract: the last part of `type`, and the label `kind` of a metric."""

STATUSES: Final[dict[Kind, int]] = {
    "unauthorized": 401,
    "other_source": 403,
    "other_domain": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "body_timeout": 408,
    "key_in_use": 409,
    "too_large": 413,
    "too_many_items": 413,
    "unsupported_media_type": 415,
    "invalid_request": 400,
    "invalid_article": 422,
    "key_reused": 422,
    "rate_limited": 429,
    "internal": 500,
    "busy": 503,
    "unavailable": 503,
    "stopping": 503,
}
TITLES: Final[dict[Kind, str]] = {
    "unauthorized": "A valid API key is required",
    "other_source": "The key may not send articles of this source",
    "other_domain": "The key may not send articles of this domain",
    "not_found": "There is nothing at this address",
    "method_not_allowed": "This address does not know this method",
    "body_timeout": "The body did not arrive in time",
    "key_in_use": "A request with this idempotency key is in progress",
    "too_large": "The request is too large",
    "too_many_items": "The batch has too many articles",
    "unsupported_media_type": "This kind of content is not understood",
    "invalid_request": "The request cannot be read",
    "invalid_article": "The article cannot be processed",
    "key_reused": "The idempotency key was used for another request",
    "rate_limited": "The key has sent more than it may",
    "internal": "The service failed",
    "busy": "The service holds as much as it can",
    "unavailable": "The brokers did not acknowledge",
    "stopping": "The service is stopping",
}
# Fields that a reason of dead letters is about, where its detail does not name one.
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "invalid_url": ("url",),
    "missing_identity": ("url", "id"),
    "missing_content": ("html", "text"),
    "unknown_action": ("action",),
}
_WRONG_TYPE: Final = "wrong type in "


class FieldError(Struct, frozen=True):
    """A field of an article that is wrong: its name in the raw schema, and why in words that quote nothing."""

    field: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document."""

    type: str
    title: str
    status: int
    detail: str = ""
    reason: str = ""
    """The reason that a dead letter of the same article would have."""
    errors: tuple[FieldError, ...] = ()


class ProblemError(Exception):
    """A request, or an article of a batch, that is refused."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        reason: str = "",
        errors: tuple[FieldError, ...] = (),
        retry_secs: int | None = None,
    ) -> None:
        """Take what is wrong.

        Args:
            kind: The kind of problem.
            detail: A sentence for people; quotes nothing of the request.
            reason: The reason of dead letters, for an article.
            errors: The fields that are wrong.
            retry_secs: After how many seconds the request may be sent again; None if that makes no sense.
        """
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.reason = reason
        self.errors = errors
        self.retry_secs = retry_secs

    @property
    def status(self) -> int:
        """The status of the answer."""
        return STATUSES[self.kind]

    def problem(self) -> Problem:
        """Return the document."""
        return Problem(
            type=_PREFIX + self.kind,
            title=TITLES[self.kind],
            status=self.status,
            detail=self.detail,
            reason=self.reason,
            errors=self.errors,
        )

    def body(self) -> bytes:
        """Return the document as JSON."""
        return msgspec.json.encode(self.problem())


def of_reject(reject: Reject) -> ProblemError:
    """Return the problem of an article that `ingest` would reject."""
    named = reject.detail.partition(_WRONG_TYPE)[2]
    fields = (named,) if named else _FIELDS.get(reject.reason, ())
    kind: Kind = "too_large" if reject.reason == "too_large" else "invalid_article"
    errors = tuple(FieldError(field, reject.detail) for field in fields)
    return ProblemError(kind, reject.detail, reason=reject.reason, errors=errors)
