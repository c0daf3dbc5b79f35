"""The settings of authentication by OAuth."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from pipeline.settings.groups import Group

__all__ = ["OAuthSettings"]

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class OAuthSettings(Group):
    """A token endpoint, and the client that gets tokens there (grant of client credentials)."""

    token_url: str | None = Field(default=None, description="Token endpoint, https://…; required by OAUTHBEARER.")
    client_id: str | None = Field(default=None, description="Name of the client; required by OAUTHBEARER.")
    client_secret: SecretStr | None = Field(default=None, description="Its secret; required by OAUTHBEARER.")
    scope: str | None = Field(default=None, description="Scopes to ask for, separated by spaces.")
    extensions: str = Field(
        default="",
        pattern=r"^([A-Za-z]+=[\x21-\x2b\x2d-\x7e]+(,[A-Za-z]+=[\x21-\x2b\x2d-\x7e]+)*)?$",
        description="SASL extensions, `name=value`, comma-separated; Confluent Cloud needs `logicalCluster=lkc-…`.",
    )
    ca_file: Path | None = Field(
        default=None, description="Authorities of the endpoint's certificate, PEM; those of the system when unset."
    )

    @field_validator("token_url")
    @classmethod
    def _is_private(cls, value: str | None) -> str | None:
        """Refuse an address to which the secret would be sent in clear text; one on this machine is for trials."""
        parts = urlsplit(value or "https://unset")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)):
            raise ValueError("is not an address with https://")
        if parts.username or parts.password:
            raise ValueError("contains a user name; use client_id and client_secret")
        return value

    @property
    def complete(self) -> bool:
        """Whether a token can be asked for."""
        secret = self.client_secret.get_secret_value() if self.client_secret is not None else ""
        return bool(self.token_url and self.client_id and secret)

    @property
    def named_extensions(self) -> dict[str, str]:
        """The extensions by name."""
        pairs = (item.partition("=") for item in self.extensions.split(",") if item)
        return {name: value for name, _, value in pairs}
