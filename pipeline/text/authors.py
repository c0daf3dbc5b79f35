"""Names of authors, without "By", roles, dates and addresses."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pipeline.domain.article import Author
from pipeline.text.outlets import is_agency
from pipeline.text.wordlists import load_words

__all__ = ["clean_authors"]

_WORDS = load_words("bylines")


def _one_of(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_MAX_BYLINE_CHARS = 500
_MAX_NAME_CHARS = 80
_MAX_NAME_WORDS = 6
_BY = re.compile(
    rf"(?:{_one_of(_WORDS['by'])})(?:\s*[:：/]\s*|\s+)"
    rf"|(?:{_one_of([*_WORDS['by'], *_WORDS['by_or_name'], *_WORDS['by_label']])})\s*[:：/／|｜]\s*"
    # "von Jana", "Von Jana Müller", but "Di Maria" and "Von der Leyen".
    rf"|(?-i:{_one_of(_WORDS['by_or_name'])})\s+(?-i:(?=[^\W\d_a-zà-öø-ÿ]))"
    rf"|(?:{_one_of(_WORDS['by_or_name'])})\s+(?=(?-i:[^\W\d_a-zà-öø-ÿ])\S*\s\S)"
    r"|(?:本[报報刊网網])?(?:记者|記者|作者)(?:\s+|(?=[\u4e00-\u9fff]{2,4}$))",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\s*(?:[,،;|、•·\n]|\s(?:[Aa][Nn][Dd]|[Uu][Nn][Dd]|et|и|та|و|&|ve|och|og|en|dan)\s)\s*",
)
# In Spanish, Portuguese, Italian and Catalan names too: José Ortega y Gasset.
_AND_OR_NAME = re.compile(r"\s(?:y|e|i)\s")
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{2,}|[{}<>=]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_ROLES = frozenset(role for role in _WORDS["role"] if " " not in role)
_ROLE_PARTS = (*_WORDS["role_part"], *(role for role in _WORDS["role"] if " " in role))
_REMEMBERED = 8192
_GUEST = frozenset(_WORDS["guest"])
_NOBODY = frozenset(_WORDS["nobody"])
_DEGREES = frozenset(_WORDS["degrees"])
_SUFFIXES = frozenset(_WORDS["suffixes"])
_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]{0,60}[)）\]]")
# "Ada Okafor Mar 14", "Ada Okafor 14.03.2020 10:05".
_DATE = re.compile(
    r"\s+(?:[A-Z][a-z]{2,8}\.?\s\d{1,2}(?:st|nd|rd|th)?|\d{1,2}\.?\s[^\W\d_]{3,10}\.?(?:\s\d{4})?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\d{4}-\d{2}-\d{2})(?:[\s,T].*)?$"
)
_REPORTER = re.compile(r"([가-힣]{2,4})\s?(?:기자|특파원|논설위원)(?:\s.*)?$")
_STATION = re.compile(r"\s*[/／︱]\s*\S{1,10}(?:報導|报道|報道|电|電)$")


def clean_authors(raw: Iterable[tuple[str, str | None]], limit: int) -> tuple[Author, ...]:
    """Return the people and agencies among raw bylines (name, url), without repetition, at most `limit`."""
    authors: dict[str, Author] = {}
    for byline, url in raw:
        for name in _names(byline[:_MAX_BYLINE_CHARS]):
            key = name.casefold()
            if key not in authors:
                authors[key] = Author(name=name, url=url if _is_link(url) else None, is_agency=is_agency(name))
            if len(authors) >= limit:
                return tuple(authors.values())
    return tuple(authors.values())


def _is_link(url: str | None) -> bool:
    return url is not None and url.startswith(("https://", "http://")) and len(url) <= 1000


@lru_cache(maxsize=_REMEMBERED)
def _names(byline: str) -> tuple[str, ...]:
    """Split and clean a byline; a source's authors come again and again."""
    byline = " ".join(byline.split())
    names: list[str] = []
    for part in _parts(_without_by(_STATION.sub("", byline))):
        name = _BRACKETS.sub("", _without_by(_STATION.sub("", part.strip())))
        name = _DATE.sub("", name).strip(" .-–—:*_\"'“”/")
        reporter = _REPORTER.match(name)
        name = reporter[1] if reporter is not None else name
        folded = name.casefold()
        if folded in _SUFFIXES and names:
            names[-1] = f"{names[-1]} {name}"
        elif folded not in _DEGREES and _is_name(name):
            names.append(name)
    return tuple(names)


def _without_by(text: str) -> str:
    match = _BY.match(text)
    return text[match.end() :] if match is not None else text


def _parts(byline: str) -> list[str]:
    """Split a byline into names."""
    parts: list[str] = []
    for part in _PARTS.split(byline):
        split = _AND_OR_NAME.split(part)
        parts += split if all(" " in name.strip() for name in split) else [part]
    return parts


def _is_name(name: str) -> bool:
    """Tell whether it can be a person's or agency's name: letters, short, no role, no address."""
    if not 2 <= len(name) <= _MAX_NAME_CHARS or _NOT_A_NAME.search(name) or not any(map(str.isalpha, name)):
        return False
    if is_agency(name):
        return True
    words = name.casefold().split()
    if name.casefold() in _NOBODY or all(word in _GUEST for word in words):
        return False
    if not _ROLES.isdisjoint(_WORD.findall(name.casefold())):
        return False
    return len(words) <= _MAX_NAME_WORDS and not any(map(name.casefold().__contains__, _ROLE_PARTS))
