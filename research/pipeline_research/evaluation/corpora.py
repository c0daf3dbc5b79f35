"""Pages with gold text, from files of JSON lines."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from pipeline.sources.compressed import open_plain
from pipeline.sources.errors import InputError

__all__ = ["Corpus", "GoldPage", "load_corpora"]

_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_LANGUAGE = re.compile(r"<html\b[^>]{0,400}?\slang\s*=\s*[\"']?([A-Za-z]{2,3})\b", re.IGNORECASE)
_LANGUAGE_WINDOW = 5000


class GoldPage(Struct, frozen=True, kw_only=True):
    """A page and what is right for it: the whole text, or pieces that must and must not be in it."""

    html: str
    url: str | None = None
    id: str | None = None
    file: str | None = None
    lang: str | None = None
    text: str | None = field(default=None, name="articleBody")
    wanted: tuple[str, ...] = field(default=(), name="with")
    unwanted: tuple[str, ...] = field(default=(), name="without")

    @property
    def name(self) -> str:
        """What the page is called in reports, and what decides its half."""
        return self.file or self.url or self.id or ""

    @property
    def language(self) -> str:
        """The language the page or else its corpus states, `und` for none; corpora state one for all their pages."""
        stated = _LANGUAGE.search(self.html, 0, _LANGUAGE_WINDOW)
        return stated[1].lower() if stated is not None else self.lang or "und"

    @property
    def is_held_out(self) -> bool:
        """Whether it belongs to the half on which nothing was chosen."""
        return hashlib.sha256((self.id or self.name).encode()).digest()[-1] % 2 == 1


class Corpus(Struct, frozen=True):
    """Pages of one file, all labelled alike."""

    name: str
    pages: tuple[GoldPage, ...]

    @property
    def has_whole_texts(self) -> bool:
        """Whether the gold is the article's body; otherwise it is pieces of all that belongs to the article."""
        return self.pages[0].text is not None


def load_corpora(directory: Path) -> Iterator[Corpus | str]:
    """Read every file of JSON lines in a directory, by name; a file without gold text gives its name instead.

    Raises:
        InputError: The directory is none, or a file is no JSON lines.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    for path in sorted(directory.iterdir()):
        if path.name.endswith(_ENDINGS):
            name = path.name.partition(".jsonl")[0]
            pages = tuple(_labelled(path))
            yield Corpus(name, pages) if pages else name


def _labelled(path: Path) -> Iterator[GoldPage]:
    with open_plain(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                record: Any = msgspec.json.decode(line)
                if not isinstance(record, dict) or not (record.get("articleBody") or record.get("with")):
                    return
                yield msgspec.convert(record, GoldPage)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                raise InputError(f"{path}: line {number}: {error}") from error
