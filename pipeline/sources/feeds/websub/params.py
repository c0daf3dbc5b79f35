"""Bounds of WebSub."""

from msgspec import Struct

__all__ = ["WebSubParams"]


class WebSubParams(Struct, frozen=True, kw_only=True):
    """When hubs are asked, and what they may send. Times in seconds."""

    verify_secs: float = 600.0
    """For which a hub may verify a request of ours. Chosen: hubs verify within seconds, busy ones within minutes."""
    renew_share: float = 0.7
    """Of a lease, after which it is renewed: hubs that fail have the rest of it to recover."""
    shortest_renew: float = 300.0
    """Before which no lease is renewed, however short a hub makes it."""
    retry: float = 300.0
    """After the first request that failed; it doubles with each further one, up to a day."""
    denied: float = 86_400.0
    """Until a hub that denied a subscription is asked again."""
    longest_lease: float = 365 * 86_400.0
    """That is believed."""
    look_secs: float = 1.0
    """Between two looks at what is due."""
    most: int = 500
    """Requests that wait for the turns of their hubs; others wait in the file."""
    max_body_bytes: int = 4 * 1024 * 1024
    """Of a push: a whole feed of the usual length. What is longer comes with the next poll."""
    max_pushes: int = 8
    """That are in memory at a time; a hub sends again what is refused."""
    max_value_chars: int = 2048
    """Of a hub, a topic or a challenge."""
