"""A token for SASL OAUTHBEARER."""

from msgspec import Struct

__all__ = ["Token"]


class Token(Struct, frozen=True):
    """A token, and the seconds that it is valid from when it was asked for."""

    text: str
    life_secs: float

    def __repr__(self) -> str:
        """Return no part of the token: whoever has it is authenticated."""
        return f"Token({self.life_secs} s)"
