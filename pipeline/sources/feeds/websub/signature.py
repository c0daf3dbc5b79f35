"""The signature of a push: a hub shows that it knows the secret of the subscription."""

import hashlib
import hmac
from typing import Final

__all__ = ["is_signed"]

_METHODS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""Those that the recommendation names."""


def is_signed(body: bytes, header: str | None, secret: str) -> bool:
    """Return whether a body has the signature that its header `X-Hub-Signature` states.

    Args:
        body: As it came.
        header: `method=hexadecimal`.
        secret: Of the subscription.
    """
    method, _, stated = (header or "").strip().partition("=")
    if method.lower() not in _METHODS or not stated.isascii():
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method.lower())).hexdigest()
    return hmac.compare_digest(expected, stated.strip().lower())
