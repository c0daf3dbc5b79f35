"""Names of authors, without "By", roles, dates and addresses."""

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from pipeline.domain.article import Author
from pipeline.text.outlets import is_agency
from pipeline.text.punctuation import SPACES
from pipeline.text.wordlists import load_words, one_of
from pipeline.text.written_dates import MONTH_NAMES

__all__ = ["AuthorParams", "clean_authors"]

_WORDS = load_words("bylines")


class AuthorParams(Struct, frozen=True, kw_only=True):
    """What can be an author's name. Set by hand; Spanish, Arabic and agencies' names are the longest."""

    name_chars: tuple[int, int] = (2, 80)
    """Shortest and longest name."""
    name_words: int = 6
    """A person's name has no more words."""
    max_link_chars: int = 1000
    """A longer address of an author is left out."""


_PARAMS = AuthorParams()


_BEFORE_NAMES: list[str] = [*_WORDS["by"], *_WORDS["by_spaced"], *_WORDS["by_field"]]
_BEFORE_TWO_WORDS: list[str] = [*_WORDS["by_or_name"], *_WORDS["by_or_name_field"]]
_BEFORE_SIGNS: list[str] = [*_WORDS["by_label"], *_WORDS["by_label_field"], *_WORDS["by_reporter"]]
_BY = re.compile(
    rf"(?:{one_of(_BEFORE_NAMES)})(?:\s*[:：/]\s*|\s+)"
    rf"|(?:{one_of(_BEFORE_NAMES, _BEFORE_TWO_WORDS, _BEFORE_SIGNS)})\s*[:：/／|｜]\s*"
    # "von Jana", "Von Jana Müller", but "Di Maria" and "Von der Leyen".
    rf"|(?-i:{one_of(_BEFORE_TWO_WORDS)})\s+(?-i:(?=[^\W\d_a-zà-öø-ÿ]))"
    rf"|(?:{one_of(_BEFORE_TWO_WORDS)})\s+(?=(?-i:[^\W\d_a-zà-öø-ÿ])\S*\s\S)"
    rf"|(?:本[报報刊网網])?(?:{one_of(_WORDS['by_reporter'])})(?:\s+|(?=[\u4e00-\u9fff]{{2,4}}$))",
    re.IGNORECASE,
)
_PARTS = re.compile(rf"\s?(?:[,،;|、•·\n]|\s(?:(?i:{one_of(_WORDS['and_any_case'])})|&|{one_of(_WORDS['and'])})\s)\s?")
# These stand within Spanish, Portuguese, Italian and Catalan names, too: José Ortega y Gasset.
_AND_OR_NAME = re.compile(rf"\s(?:{one_of(_WORDS['and_or_name'])})\s")
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{2,}|[{}<>=]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_SLUG = re.compile(r"[a-z\u00df-\u00ff]{2,}(?:-[a-z\u00df-\u00ff]{2,}){1,3}|[A-Za-z][a-z]+[._][A-Za-z][a-z]{3,}")
_SLUG_SIGN = re.compile(r"[-._]")
# "Ada Okafor (42)", "Ada Okafor, 42 years": not the day of a date.
_AGE = re.compile(r",?\s\(?\d{1,2}\)?(?:\s(?:years?(?:\sold)?|Jahre|ans|años|anni|jaar|år))?$")
_ROLES = frozenset(role for role in _WORDS["role"] if " " not in role)
_ROLE_PARTS = (*_WORDS["role_part"], *(role for role in _WORDS["role"] if " " in role))
_REMEMBERED = 8192  # bylines; changes no result
_GUEST = frozenset(_WORDS["guest"])
_NOBODY = frozenset(_WORDS["nobody"])
_DEGREES = frozenset(_WORDS["degrees"])
_SUFFIXES = frozenset(_WORDS["suffixes"])
_BRACKETS = re.compile(rf"{SPACES}[(（\[][^()（）\[\]]{{0,60}}[)）\]]")
# "Ada Okafor Mar 14", "Ada Okafor 14.03.2020 10:05", but not the name before an age.
_DATE = re.compile(
    rf"(?<!\s)\s+(?:(?:{MONTH_NAMES})\.?\s\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}\.?\s(?:{MONTH_NAMES})\.?(?:\s\d{{4}})?"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})(?:[\s,T].*)?$",
    re.IGNORECASE,
)
# What a page offers beside a name, and the place from which somebody reports.
_BESIDE_NAME = re.compile(
    r"(?<!\s)\s+(?:(?:e-?mail|contact|follow|view)\s.*$|(?:reporting\s)?(?:in|from)\s(?-i:[A-Z]).*$)", re.IGNORECASE
)
_REPORTER = re.compile(r"([가-힣]{2,4})\s?(?:기자|특파원|논설위원)(?:\s.*)?$")
_STATION = re.compile(rf"{SPACES}[/／︱]\s*\S{{1,10}}(?:報導|报道|報道|电|電)$")


def clean_authors(raw: Iterable[tuple[str, str | None]], limit: int) -> tuple[Author, ...]:
    """Return the people and agencies that bylines name, without repetition.

    Args:
        raw: Pairs of a byline, which may name several and whose characters are clean, and an address or None.
        limit: At most so many are returned.
    """
    authors: dict[str, Author] = {}
    for byline, url in raw:
        for name in _names(byline):
            key = _key(name)
            if key not in authors:
                authors[key] = Author(name=name, url=url if _is_link(url) else None, is_agency=is_agency(name))
            if len(authors) >= limit:
                return tuple(authors.values())
    return tuple(authors.values())


def _key(name: str) -> str:
    """Return what two spellings of a name share: "Surname, Given" is "Given Surname", "emma.may" is "Emma May"."""
    return " ".join(sorted(_WORD.findall(name.casefold()))) or name


def _is_link(url: str | None) -> bool:
    return url is not None and url.startswith(("https://", "http://")) and len(url) <= _PARAMS.max_link_chars


@lru_cache(maxsize=_REMEMBERED)
def _names(byline: str) -> tuple[str, ...]:
    """Return the names in a byline; remembered, because a source has the same authors every day."""
    byline = _in_words(_AGE.sub("", " ".join(byline.split())))
    names: list[str] = []
    parts = _parts(_without_by(_STATION.sub("", byline)))
    for part in _turned(parts, byline):
        name = _BRACKETS.sub("", _without_by(_STATION.sub("", part.strip())))
        name = _BESIDE_NAME.sub("", _DATE.sub("", name)).strip(" .-–—:*_\"'“”/")
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


def _in_words(byline: str) -> str:
    """Write a name that is given as a part of an address as a name: "emma-mackenzie", "Emma.Mackenzie"."""
    if _SLUG.fullmatch(byline) is None or is_agency(byline) or any(map(is_agency, _SLUG_SIGN.split(byline))):
        return byline
    return _SLUG_SIGN.sub(" ", byline).title()


def _turned(parts: list[str], byline: str) -> list[str]:
    """Put "Surname, Given" in order; leave out the place behind a person: "Ada Okafor, London"."""
    if len(parts) != 2 or byline.count(",") != 1 or is_agency(parts[1]):
        return parts
    first, second = (part.strip() for part in parts)
    words = first.split()
    if not words or not words[-1][0].isupper() or not second[:1].isupper() or second.casefold() in _SUFFIXES | _DEGREES:
        return parts
    if is_agency(first):
        return parts if " " in second else parts[:1]
    is_surname = len(words) == 1 or all(word.islower() for word in words[:-1])
    if is_surname and 1 <= len(second.split()) <= 2 and _NOT_A_NAME.search(second) is None:
        return [f"{second} {first}"]
    return parts[:1] if len(words) > 1 and " " not in second and second.isalpha() else parts


def _parts(byline: str) -> list[str]:
    """Split a byline at commas, words for and, and the like."""
    parts: list[str] = []
    for part in _PARTS.split(byline):
        split = _AND_OR_NAME.split(part)
        parts += split if all(" " in name.strip() for name in split) else [part]
    return parts


def _is_name(name: str) -> bool:
    """Return whether it can be the name of a person or an agency: short, with letters, no role, no address."""
    shortest, longest = _PARAMS.name_chars
    if not shortest <= len(name) <= longest or _NOT_A_NAME.search(name) or not any(map(str.isalpha, name)):
        return False
    if is_agency(name):
        return True
    words = name.casefold().split()
    if name.casefold() in _NOBODY or all(word in _GUEST for word in words):
        return False
    if not _ROLES.isdisjoint(_WORD.findall(name.casefold())):
        return False
    return len(words) <= _PARAMS.name_words and not any(map(name.casefold().__contains__, _ROLE_PARTS))
