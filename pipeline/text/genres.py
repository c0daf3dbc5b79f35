"""Find the genre of an article in what its page, its address and its headline state about it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from pipeline.domain.genre import GENRE_CODES, Genre, GenreEvidence, GenreName
from pipeline.text.wordlists import load_words

__all__ = ["GenreInput", "GenreParams", "find_genre"]


class GenreParams(Struct, frozen=True, kw_only=True):
    """How much is read in search of a genre, set by hand."""

    max_mark_chars: int = 30
    """A mark before or behind a headline is shorter; what stands there otherwise is a part of the headline."""
    max_labels: int = 20
    """Labels of a page; further ones are tags rather than sections."""
    max_path_parts: int = 8
    """Parts of an address between slashes."""
    line_chars: int = 400
    """The line that names a distributor of press releases stands in so many characters at the beginning of a text."""


_PARAMS = GenreParams()
_WORDS = load_words("genres")


def _by_word(kind: str) -> dict[str, GenreName]:
    lists: Mapping[GenreName, Sequence[str]] = _WORDS[kind]
    return {word: name for name, words in lists.items() for word in words}


_TYPES: Final = _by_word("types")
_LABELS: Final = _by_word("labels")
_MARKS: Final = _by_word("marks")
_PATHS: Final = _by_word("paths")
_SLUGS: Final = _by_word("slugs")
_LINES: Final = _by_word("lines")

_LABEL_PARTS: Final = re.compile(r"(?:(?<!\s)\s++)?[/|>»›,;]\s*+")
_PAIRS: Final = ("[]", "()", "【】", "〈〉", "《》", "「」", "［］", "<>", "（）")
_BRACKETS: Final = {pair[0]: pair[1] for pair in _PAIRS}
_CLOSING: Final = {close: opening for opening, close in _BRACKETS.items()}
_AFTER_MARK: Final = re.compile(r"(?:(?<!\s)\s++)?[:：|│┃]\s*+|(?<!\s)\s++[-–—•·]\s++|[.!]\s++")
_BEFORE_MARK: Final = re.compile(r"(?:(?<!\s)\s++)?[|│┃]\s*+|(?<!\s)\s++[-–—•·]\s++")


class GenreInput(Struct, frozen=True, kw_only=True):
    """What may state a genre. The strings are clean."""

    types: Sequence[str] = ()
    """Types of schema.org that the page gives its article."""
    labels: Sequence[str] = ()
    """Sections and genres that the record and the page state."""
    url: str | None = None
    headline: str = ""
    title: str | None = None
    """The page's title, which may end with a section and the site's name."""
    text: str = ""
    """The article's text."""


def find_genre(given: GenreInput, params: GenreParams = _PARAMS) -> Genre | None:
    """Return the genre by the surest evidence there is; None for what is likely a report."""
    found: tuple[GenreName | None, GenreEvidence]
    for found in (
        (_first(_TYPES, given.types), "json-ld"),
        (_of_labels(given.labels[: params.max_labels]), "label"),
        (_of_address(given.url, params), "url"),
        (_of_headline(given.headline, params) or _of_title(given.title, params), "headline"),
        (_of_text(given.text[: params.line_chars]), "text"),
    ):
        name, evidence = found
        if name is not None:
            return Genre(code=GENRE_CODES[name], name=name, evidence=evidence)
    return None


def _first(known: Mapping[str, GenreName], words: Iterable[str]) -> GenreName | None:
    return next((known[word] for word in words if word in known), None)


def _of_labels(labels: Sequence[str]) -> GenreName | None:
    folded = [label.casefold().strip() for label in labels]
    return _first(_LABELS, folded) or _first(_LABELS, (part for label in folded for part in _LABEL_PARTS.split(label)))


def _of_address(url: str | None, params: GenreParams) -> GenreName | None:
    """Return the genre that a part of the path names, or the last part's words; the last part alone is a headline."""
    if url is None:
        return None
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    *sections, last = [part for part in path.lower().split("/") if part][: params.max_path_parts] or [""]
    name = _first(_PATHS, sections)
    if name is not None or "-" not in last:
        return name
    slug = f"-{last.partition('.')[0]}-"
    return next((name for word, name in _SLUGS.items() if f"-{word}-" in slug), None)


def _of_headline(headline: str, params: GenreParams) -> GenreName | None:
    """Return the genre that a mark at the beginning or the end of a headline names."""
    text = headline.strip()
    if not text:
        return None
    return _mark_at_start(text, params) or _mark_at_end(text, params)


def _mark_at_start(text: str, params: GenreParams) -> GenreName | None:
    closing = _BRACKETS.get(text[0])
    if closing is not None:
        end = text.find(closing, 1, params.max_mark_chars + 2)
        return _MARKS.get(text[1:end].strip().casefold()) if end > 0 else None
    found = _AFTER_MARK.search(text, 0, params.max_mark_chars + 3)
    return _MARKS.get(text[: found.start()].casefold()) if found is not None else None


def _mark_at_end(text: str, params: GenreParams) -> GenreName | None:
    opening = _CLOSING.get(text[-1])
    if opening is not None:
        start = text.rfind(opening, max(0, len(text) - params.max_mark_chars - 2))
        return _MARKS.get(text[start + 1 : -1].strip().casefold()) if start > 0 else None
    *_, last = _BEFORE_MARK.split(text[-params.max_mark_chars - 3 :])
    return _MARKS.get(last.casefold()) if len(last) < min(len(text), params.max_mark_chars) else None


def _of_title(title: str | None, params: GenreParams) -> GenreName | None:
    """Return the genre that a part of a page's title names, between the headline and the site's name."""
    if not title:
        return None
    parts = _BEFORE_MARK.split(title)
    return _first(_MARKS, (part.casefold() for part in parts[1:] if len(part) <= params.max_mark_chars))


def _of_text(text: str) -> GenreName | None:
    folded = text.casefold()
    return next((name for line, name in _LINES.items() if line in folded), None)
