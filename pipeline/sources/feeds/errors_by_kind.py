"""The kinds of failures of feeds and pages: a closed list, for metrics and `source status`."""

from typing import Final, get_args

from pipeline.fetching.errors import FailReason, RefuseReason
from pipeline.sources.feeds.items import FAILURES

__all__ = ["KINDS", "kind_of_status"]

KINDS: Final[tuple[str, ...]] = (
    *get_args(RefuseReason),
    *get_args(FailReason),
    *FAILURES,
    "robots",
    "robots_redirect",
    "robots_unreachable",
    "gone",
    "not_found",
    "forbidden",
    "rate_limited",
    "http_client",
    "http_server",
    "no_feeds",
    "page_missing",
    "not_html",
    "unexpected",
)
"""Kinds of failures. The first ones are reasons of `pipeline.fetching`."""

_OF_STATUS: Final = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "gone", 429: "rate_limited"}


def kind_of_status(status: int) -> str:
    """Return the kind of failure of an HTTP status that is no success."""
    return _OF_STATUS.get(status, "http_server" if status >= 500 else "http_client")
