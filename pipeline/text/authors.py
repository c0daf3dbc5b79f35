"""Names of authors, without "By", roles, dates and addresses."""

import re
from collections.abc import Iterable

from pipeline.domain.article import Author
from pipeline.text.attribution import is_agency

__all__ = ["clean_authors"]

_MAX_NAME_CHARS = 80
_BY = re.compile(
    r"^(?:by|von|par|por|di|da|door|av|af|przez|autor(?:a|e|es)?|author|text|foto|written by|reported by|автор|текст|"
    r"بقلم|كتب|كتبت|إعداد|نویسنده|מאת|yazan|oleh|लेखक|作者|記者|记者|文|기자)\b\s*[:：/]?\s+|^(?:作者|記者|记者|文)\s*[:：/|]\s*",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*(?:[,،;|、•·\n]|\s(?:and|und|et|y|e|i|и|و|&|ve|och|og|en|dan)\s)\s*", re.IGNORECASE)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{2,}|[{}<>=]", re.IGNORECASE)
_ROLE = re.compile(
    r"\b(?:staff|editors?|reporters?|correspondents?|writers?|journalists?|redaktion|redacci[oó]n|redazione|r[ée]daction|"
    r"redação|redactie|admin|administrator|webmaster|news desk|newsroom|team|contributor|columnist|producer|guest|"
    r"редакция|редактор|корреспондент|محرر|مراسل|هيئة التحرير|编辑|記者|记者)\b",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]{0,60}[)）\]]")


def clean_authors(raw: Iterable[tuple[str, str | None]], limit: int) -> tuple[Author, ...]:
    """Return the people and agencies among raw bylines (name, url), without repetition, at most `limit`."""
    authors: dict[str, Author] = {}
    for byline, url in raw:
        for name in _names(byline):
            key = name.casefold()
            if key not in authors:
                authors[key] = Author(name=name, url=url if _is_link(url) else None, is_agency=is_agency(name))
            if len(authors) >= limit:
                return tuple(authors.values())
    return tuple(authors.values())


def _is_link(url: str | None) -> bool:
    return url is not None and url.startswith(("https://", "http://")) and len(url) <= 1000


def _names(byline: str) -> list[str]:
    byline = " ".join(byline[:500].split())
    byline = _BY.sub("", byline)
    names = []
    for part in _PARTS.split(byline):
        name = _BRACKETS.sub("", _BY.sub("", part)).strip(" .-–—:*_\"'“”/")
        if _is_name(name):
            names.append(name)
    return names


def _is_name(name: str) -> bool:
    """Tell whether it can be a person's or agency's name: letters, short, no role, no address."""
    if not 2 <= len(name) <= _MAX_NAME_CHARS or _NOT_A_NAME.search(name) or not any(map(str.isalpha, name)):
        return False
    if is_agency(name):
        return True
    return len(name.split()) <= 6 and _ROLE.search(name) is None
