"""Why a request has no answer."""

from typing import Literal

from pipeline.errors import PipelineError

__all__ = ["FailReason", "FetchFailed", "FetchRefused", "RefuseReason"]

RefuseReason = Literal["malformed", "scheme", "credentials", "port", "address", "redirects"]
"""A rule of ours: the same request is refused again."""
FailReason = Literal["dns", "connect", "tls", "timeout", "protocol", "too_large", "undecodable"]
"""The other side or the network: a later request may be answered."""


class FetchRefused(PipelineError):  # noqa: N818  a refusal is no error of the program
    """A URL must not be requested. The message has neither path nor query."""

    def __init__(self, reason: RefuseReason, detail: str) -> None:
        """Take the rule that decided, and a sentence for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason: RefuseReason = reason


class FetchFailed(PipelineError):  # noqa: N818  as above
    """A request was made and has no usable answer. The message has neither path nor query."""

    def __init__(self, reason: FailReason, detail: str) -> None:
        """Take the kind of failure, and a sentence for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason: FailReason = reason
