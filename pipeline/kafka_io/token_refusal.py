"""What a broker answers to a token that it does not accept becomes an error in aiokafka.

A broker answers with a description of the error, and fails the exchange once the client has acknowledged it (RFC 7628,
section 3.2.3). aiokafka takes any answer for success and goes on: the broker's next answer then looks to it like a
cluster without brokers, and the client waits for ever.
"""

from aiokafka import conn

__all__ = ["TokenExchange", "install_token_refusal"]

_ACKNOWLEDGED = b"\x01"


class TokenExchange(conn.OAuthAuthenticator):  # type: ignore[misc]  # the library has no types
    """The exchange of a token, with the acknowledgement of a refusal."""

    async def step(self, payload: bytes | None) -> tuple[bytes, bool] | None:
        """Return what to send after the broker's last answer, if anything, and whether it will answer."""
        if payload:
            return _ACKNOWLEDGED, True
        sent: tuple[bytes, bool] | None = await super().step(payload)
        return sent


def install_token_refusal() -> None:
    """Make every aiokafka client of the process notice that its token is refused."""
    conn.OAuthAuthenticator = TokenExchange
