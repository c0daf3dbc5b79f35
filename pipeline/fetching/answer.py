"""What came back for a request."""

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Answer"]


class Answer(Struct, frozen=True, kw_only=True):
    """A response that was read whole.

    Attributes:
        url: Where it came from, after all redirects.
        permanent_url: Where to ask the next time: the last URL that was reached by permanent redirects alone.
        status: Its HTTP status.
        headers: By name in lower case; the first value where a name comes twice, but all values of `link`.
        body: Decoded from its content-encoding.
    """

    url: str
    permanent_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
