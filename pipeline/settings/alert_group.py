"""Settings of `news-pipeline alert`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, IPvAnyNetwork
from pydantic_settings import NoDecode

from pipeline.settings.groups import ServingSettings, split_commas

__all__ = ["AlertSettings"]

Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode, BeforeValidator(split_commas)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(split_commas)]


class AlertSettings(ServingSettings):
    """The alert service, `news-pipeline alert`."""

    port: int = Field(default=8081, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    queries: Path | None = Field(
        default=None, description="File of the saved queries and webhooks, YAML or JSON; the service needs it."
    )
    state_dir: Path = Field(
        default=Path("alert-state"),
        description="Directory of what was notified and what is still to be sent; without it, nobody is told of "
        "anything before the next start.",
    )
    reload_secs: float = Field(
        default=2.0,
        gt=0,
        le=3600,
        description="Interval at which the file of queries is looked at; SIGHUP makes it be read.",
    )
    stories: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether one notification is for a story, as the service `story` tells, instead of a cluster: "
        "`auto` reads news.memberships.v1 if it is there and waits for memberships as long as they are written, `on` "
        "always waits, `off` counts clusters.",
    )
    story_wait_secs: float = Field(
        default=2.0,
        ge=0,
        le=60,
        description="Longest time that an article which matches waits for its membership; then its cluster counts. "
        "Chosen: twice what a membership takes after its event.",
    )
    remember_days: float = Field(
        default=30.0,
        ge=8,
        le=3650,
        description="How long a story is remembered after its last notification. Not less than the exact window of "
        "deduplication and a day.",
    )
    retry_hours: float = Field(
        default=24.0,
        ge=0,
        le=720,
        description="A notification that a webhook did not take for this long becomes a dead letter.",
    )
    webhook_ports: Ports = Field(
        default=(80, 443), description="Ports that addresses of webhooks may have, comma-separated."
    )
    webhook_networks: Networks = Field(
        default=(),
        description="Networks that webhooks may be in although they are not public, such as 10.1.0.0/16, "
        "comma-separated. Whoever may edit the file of queries can then reach them.",
    )
    max_documents: int = Field(
        default=100_000,
        ge=0,
        description="Articles of the last day that are kept for the preview, of 2 to 3 KB each.",
    )
    preview_secs: float = Field(default=3.0, gt=0, le=60, description="Longest time of a preview of a query.")
