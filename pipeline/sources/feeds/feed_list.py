"""The list of feeds: YAML, or OPML as feed readers export it."""

from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError, fromstring

import msgspec
import yaml
from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.sources.feeds.body_text import EntitiesError, decode_body, without_doctype
from pipeline.text.urls import canonical_url

__all__ = ["ListedFeed", "Pages", "read_feed_list"]

Pages = Literal["never", "missing", "always"]
"""When the page that an item links to is fetched: `missing` is where the item has no text of its own."""
_MAX_BYTES: Final = 16 * 1024 * 1024


class ListedFeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the list.

    Attributes:
        url: A feed, a sitemap, an index of sitemaps, or a home page that names its feeds.
        source: The name of the outlet in events; the host by default.
        language: BCP 47, of items that state none.
        pages: As the setting, for this feed alone.
    """

    url: str
    source: str | None = None
    language: str | None = None
    pages: Pages | None = None

    @property
    def name(self) -> str:
        """The name of the outlet."""
        return self.source or (urlsplit(self.url).hostname or "").removeprefix("www.")


class _Listed(Struct, frozen=True, forbid_unknown_fields=True):
    feeds: tuple[ListedFeed | str, ...]


def read_feed_list(path: Path) -> tuple[ListedFeed, ...]:
    """Return the feeds of a file, each once, in its order.

    Raises:
        ConfigError: It cannot be read, or an entry is no feed; the message says which.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES} bytes")
    listed = _opml(path, data) if path.suffix.lower() in {".opml", ".xml"} else _yaml(path, data)
    for number, feed in enumerate(listed, 1):
        if canonical_url(feed.url) is None:
            raise ConfigError(f"{path}: entry {number} has no absolute http(s) URL")
    if not listed:
        raise ConfigError(f"{path}: no feeds")
    return tuple({feed.url: feed for feed in reversed(listed)}.values())[::-1]


def _yaml(path: Path, data: bytes) -> list[ListedFeed]:
    try:
        found = yaml.safe_load(data)
        listed = msgspec.convert(found if isinstance(found, dict) else {"feeds": found}, _Listed)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return [ListedFeed(url=feed.strip()) if isinstance(feed, str) else feed for feed in listed.feeds]


def _opml(path: Path, data: bytes) -> list[ListedFeed]:
    try:
        root = fromstring(without_doctype(decode_body(data, None)))  # noqa: S314  no document type is left
    except (ParseError, EntitiesError, ValueError) as error:
        raise ConfigError(f"{path}: not OPML") from error
    outlines = ({name.lower(): value for name, value in outline.attrib.items()} for outline in root.iter("outline"))
    return [
        ListedFeed(
            url=outline["xmlurl"].strip(),
            source=outline.get("title") or outline.get("text") or None,
            language=outline.get("language") or None,
        )
        for outline in outlines
        if outline.get("xmlurl", "").strip()
    ]
