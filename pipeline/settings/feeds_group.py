"""Settings of `news-pipeline source feeds`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.networks import IPvAnyNetwork
from pydantic_settings import NoDecode

from pipeline.settings.groups import MIB, Group, split_commas

__all__ = ["FeedsSettings"]

_Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode, BeforeValidator(split_commas)]
_Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(split_commas)]


class FeedsSettings(Group):
    """Feeds, sitemaps and the pages that they link to: where their state is, and how politely they are asked."""

    state_dir: Path = Field(
        default=Path("feeds-state"),
        description="Directory of the file with what is known of each feed and item. One process uses it at a time; "
        "keep it on a disk.",
    )
    pages: Literal["never", "missing", "always"] = Field(
        default="missing",
        description="Whether the page that an item links to is fetched and sent: `missing` where the item has no text.",
    )
    user_agent: str = Field(
        default="news-pipeline (+https://github.com/news-pipeline/news-pipeline)",
        min_length=3,
        max_length=300,
        pattern=r"^[\x20-\x7e]+$",
        description="What sites see; say who you are and where you can be reached. Its first word is looked for in "
        "robots.txt.",
    )
    robots: bool = Field(default=True, description="Whether robots.txt is obeyed; off only for sites of your own.")
    pause_secs: float = Field(
        default=1.0, ge=0, le=600, description="Pause between two requests to a host, unless robots.txt asks for more."
    )
    concurrency: int = Field(default=50, ge=1, le=1000, description="Hosts that are asked at the same time.")
    timeout_secs: float = Field(default=30.0, gt=0, le=600, description="Longest time of one request with redirects.")
    max_bytes: int = Field(
        default=16 * MIB, ge=1024, le=256 * MIB, description="Largest feed or page, before and after decompression."
    )
    shortest_secs: float = Field(default=120.0, ge=1, description="Shortest time between two polls of a feed.")
    longest_secs: float = Field(default=86_400.0, ge=1, description="Longest time between two polls of a feed.")
    sitemap_hours: float = Field(
        default=48.0,
        gt=0,
        description="Age of entries of sitemaps that are taken, by their own dates. Without dates, entries are taken "
        "that were not in the sitemap when it was first read.",
    )
    gone_retracts: bool = Field(
        default=False,
        description="Whether an article is retracted when its page, fetched again because its item changed, is 410.",
    )
    keep_days: int = Field(
        default=90, ge=1, description="Days for which an item is remembered that its feed does not contain any more."
    )
    ports: _Ports = Field(default=(80, 443), description="Ports that are connected to, comma-separated.")
    own_networks: _Networks = Field(
        default=(),
        description="Networks that may be connected to although they are not public, such as 10.1.0.0/16, "
        "comma-separated.",
    )
