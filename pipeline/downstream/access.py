"""Who may ask: the host that a request names, and the token that it shows."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

__all__ = ["Access", "Refusal"]

_OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_REALM: Final = 'realm="news-pipeline", charset="UTF-8"'


class Refusal(Struct, frozen=True):
    """The answer to a request that is refused."""

    status: int
    text: str
    headers: Mapping[str, str]


class Access:
    """Decides from the headers of a request alone."""

    def __init__(self, token: str | None) -> None:
        """Take the token, or None for a server that only its own machine can reach."""
        self._token = None if token is None else token.encode()

    def refusal(self, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request is refused, or None.

        Without a token, only the names of this machine are served: a page of a stranger whose name resolves to the
        loopback address (DNS rebinding) could otherwise read the answers in the browser of a user.

        Args:
            headers: The headers of the request; names compare without case.
        """
        if self._token is None:
            name = headers.get("Host", "").rpartition(":")[0] or headers.get("Host", "")
            if name.lower() in _OWN_NAMES or headers.get("Host", "").lower() in _OWN_NAMES:
                return None
            return Refusal(421, "421: this server answers for localhost only\n", {})
        shown = _shown(headers.get("Authorization", ""))
        if shown is not None and hmac.compare_digest(shown, self._token):
            return None
        # Both schemes: programs send a bearer token, browsers ask for a password.
        return Refusal(401, "401: a token is required\n", {"WWW-Authenticate": f"Basic {_REALM}, Bearer {_REALM}"})


def _shown(authorization: str) -> bytes | None:
    """Return the token of a header, which is the password in the scheme `Basic`."""
    scheme, _, content = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return content.strip().encode("utf-8", "surrogateescape")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(content.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return None
