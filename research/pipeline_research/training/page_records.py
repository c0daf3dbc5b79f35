"""Pages as data sets have them: JSON lines with the markup, and what is known of it."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline.sources.compressed import open_plain
from pipeline.sources.errors import InputError

__all__ = ["PageRecord", "page_id", "read_page_records"]


class PageRecord(Struct, frozen=True):
    """A page with its markup; `id`, `file` or `url` is its name, `text` or `article_body` its gold text."""

    html: str
    id: str | None = None
    file: str | None = None
    url: str | None = None
    lang: str | None = None
    text: str | None = None
    article_body: str | None = msgspec.field(default=None, name="articleBody")

    @property
    def name(self) -> str:
        """The page's name in labels."""
        return page_id(self.id or self.file or self.url or "")


def read_page_records(path: Path) -> Iterator[PageRecord]:
    """Read a file of JSON lines, which may be compressed.

    Raises:
        InputError: The file is not JSON lines.
    """
    decoder = msgspec.json.Decoder(PageRecord)
    with open_plain(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise InputError(f"{path}, line {number}: {error}") from error


def page_id(name: str) -> str:
    """Return a name for files: the page's own if it is plain, else a hash of it."""
    if re.fullmatch(r"[\w-]{1,40}", name):
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:10]
