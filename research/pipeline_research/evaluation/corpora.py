"""Read pages with their gold text from files of JSON lines."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from pipeline.sources.compressed import open_plain
from pipeline.sources.errors import InputError
from pipeline.text.urls import registrable_domain

__all__ = ["Corpus", "GoldPage", "is_kept_publisher", "load_corpora"]

_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_LANGUAGE = re.compile(r"<html\b[^>]{0,400}?\slang\s*=\s*[\"']?([A-Za-z]{2,3})\b", re.IGNORECASE)
_LANGUAGE_WINDOW = 5000


def is_kept_publisher(domain: str) -> bool:
    """Return whether a publisher is in the quarter that nothing is learned from or chosen on; a hash decides."""
    return hashlib.sha256(f"kept {domain}".encode()).digest()[-1] % 4 == 0


class GoldPage(Struct, frozen=True, kw_only=True):
    """A page and its gold standard: the whole text, or pieces that the text must and must not contain."""

    html: str
    url: str | None = None
    id: str | None = None
    file: str | None = None
    lang: str | None = None
    publisher: str | None = None
    text: str | None = field(default=None, name="articleBody")
    wanted: tuple[str, ...] = field(default=(), name="with")
    unwanted: tuple[str, ...] = field(default=(), name="without")

    @property
    def name(self) -> str:
        """Name of the page in reports."""
        return self.file or self.url or self.id or ""

    @property
    def has_lead(self) -> bool:
        """Whether the gold standard holds the sub-headline too: pieces do, and the texts of corpora by publisher."""
        return self.text is None or self.publisher is not None

    @property
    def language(self) -> str:
        """The language that the page, or else its corpus, states; `und` for none."""
        stated = _LANGUAGE.search(self.html, 0, _LANGUAGE_WINDOW)
        return stated[1].lower() if stated is not None else self.lang or "und"

    @property
    def is_held_out(self) -> bool:
        """Whether the page was not used for tuning: of a kept publisher, or in a half by a hash of its id or name."""
        if self.publisher is not None:
            return is_kept_publisher(registrable_domain(self.url or "") or self.publisher)
        return hashlib.sha256((self.id or self.name).encode()).digest()[-1] % 2 == 1


class Corpus(Struct, frozen=True):
    """The pages of one file, with the same kind of gold standard."""

    name: str
    pages: tuple[GoldPage, ...]

    @property
    def has_whole_texts(self) -> bool:
        """Whether the gold standard is whole bodies; otherwise it is pieces of articles, sub-headlines included."""
        return self.pages[0].text is not None


def load_corpora(directory: Path) -> Iterator[Corpus | str]:
    """Read the files of JSON lines in a directory, sorted by name; yield only the name of a file without gold text.

    Raises:
        InputError: The directory does not exist, or a file is not JSON lines.
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
                if isinstance(record, dict) and record.get("publisher") and record.get("text"):
                    record["articleBody"] = record["text"]
                if not isinstance(record, dict) or not (record.get("articleBody") or record.get("with")):
                    return
                yield msgspec.convert(record, GoldPage)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                raise InputError(f"{path}: line {number}: {error}") from error
