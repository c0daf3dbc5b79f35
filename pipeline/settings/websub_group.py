"""Settings of the pushes that `news-pipeline source feeds` gets from hubs."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from pipeline.settings.groups import Group, split_commas

__all__ = ["WebSubSettings"]

_Hubs = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]


class WebSubSettings(Group):
    """WebSub: hubs that push what is new in a feed, and the address at which they do so."""

    hubs: _Hubs = Field(
        default=(),
        description="Hubs that are trusted to push, comma-separated: a host, with its port where that is not 443, or "
        "`http://` before it for a hub without TLS. None by default: feeds are only polled.",
    )
    callback_url: str | None = Field(
        default=None,
        description="URL under which hubs reach this listener, such as https://news.example/websub. Needed with hubs.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on for hubs; put what ends TLS before it.",
    )
    port: int = Field(default=8091, ge=0, le=65535, description="Port to listen on for hubs; 0 chooses a free one.")
    lease_secs: int = Field(
        default=864_000,
        ge=300,
        le=31_536_000,
        description="How long a subscription should last; hubs may decide otherwise. It is renewed before its end.",
    )
    poll_secs: float = Field(
        default=3600.0,
        ge=1,
        description="Shortest time between two polls of a feed that a hub pushes: the net for pushes that are lost.",
    )

    @field_validator("hubs")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_is_origin, value)):
            raise ValueError("hubs are hosts, such as hub.example or hub.example:8443")
        return value

    @field_validator("callback_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none.example")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("callback_url is an absolute http(s) URL without a query")
        return value

    @model_validator(mode="after")
    def _hubs_can_call_back(self) -> "WebSubSettings":
        if self.hubs and self.callback_url is None:
            raise ValueError("hubs need callback_url")
        return self


def _is_origin(hub: str) -> bool:
    try:
        parts = urlsplit(hub if "://" in hub else f"https://{hub}")
        is_whole = parts.port is None or parts.port > 0
    except ValueError:
        return False
    has_more = parts.path.strip("/") or parts.query or parts.fragment or "@" in hub
    return is_whole and parts.scheme in {"http", "https"} and bool(parts.hostname) and not has_more
