"""Whose text it is: agencies and outlets credited by dateline, byline, closing credit or "source: X"."""

import re
from collections.abc import Sequence

from msgspec import Struct

from pipeline.domain.article import Attribution
from pipeline.text.wordlists import load_words

__all__ = ["attribute", "is_agency"]


class _Outlet(Struct, frozen=True):
    name: str
    domain: str
    agency: bool


def _outlets() -> dict[str, _Outlet]:
    """Index outlets by alias; an alias too short to be told from a word matches in its own case only."""
    index: dict[str, _Outlet] = {}
    for entry in _WORDS["names"]:
        outlet = _Outlet(entry["name"], entry["domain"], entry["agency"])
        for alias in entry["aliases"]:
            index[alias] = outlet
            if len(alias) > _SHORT_ALIAS:
                index[alias.casefold()] = outlet
    return index


_SHORT_ALIAS = 4
_WORDS = load_words("agencies")
_OUTLETS = _outlets()
_LABELS = frozenset(_WORDS["source_labels"])
_AGENCY_WORDS: tuple[str, ...] = tuple(_WORDS["agency_words"])
_NOUNS = "|".join(sorted(map(re.escape, _WORDS["outlet_nouns"]), key=len, reverse=True))

_HEAD_CHARS = 200
_TAIL_CHARS = 140
_TAIL_LINES = 4
_CREDIT_CHARS = 90
_NAME_CHARS = 60
_DATELINE_PARTS = 4
_DATELINE_CHARS = 40

_BRACKETED = re.compile(r"[(（\[/]([^()（）\[\]/]{2,50}(?:/[^()（）\[\]/]{2,30})?)[)）\]/]")
_OPENING = "(（[/"
_CLOSING = ")）]/"
_DASHES = "-–—―:،"
_DASH = re.compile(r"\s*[-–—―]{1,2}\s*|\s*:\s+|،\s+")
_LIST = re.compile(r"\s*[=/,،;+&、]\s*|\s+(?:and|und|et|y|e|i|и|و|mit|with)\s+")
_LABELLED = re.compile(r"\s*([^\W\d_][\w \u0300-\u036f\u0900-\u0dff\u0e00-\u0eff]{1,24}?)\s*[:：]\s*(\S.{0,60})$")
_RIGHTS = re.compile(r"(?:©|\(c\)|copyright)\s*(?:\d{4})?\s*([^.,|]{2,40})", re.IGNORECASE)
_RELAYED = re.compile(rf"(?:^|(?<=\s))(?:{_NOUNS})\s+[\"“«]?(\S+(?:\s\S+){{0,2}})")
_RELAY_TITLE = re.compile(rf"^(?:{_NOUNS})\s[^:]{{0,40}}:")
_QUOTES = " \"'“”«»„()[]（）.:،,*_"


def is_agency(name: str) -> bool:
    """Tell whether a name, as written in a byline, is a news agency's."""
    outlet = _lookup(name)
    return outlet.agency if outlet is not None else _calls_itself_agency(name)


def _calls_itself_agency(name: str) -> bool:
    name = name.casefold()
    return any(map(name.__contains__, _AGENCY_WORDS))


def attribute(
    lines: Sequence[str],
    title: str | None,
    authors: Sequence[str],
    source_link: str | None,
    own_domain: str | None,
) -> Attribution | None:
    """Return whom the text credits, with the words that say so; None when nothing does or it credits itself.

    `lines` are the article's before furniture was trimmed: credits often stand where furniture does.
    """
    if not lines:
        return None
    found = _at_head(lines[0]) or _at_tail(lines) or _in_authors(authors) or _labelled(lines)
    if found is None and (source_link is not None or (title is not None and _RELAY_TITLE.search(title))):
        found = _relayed(lines, source_link or title or "")
    if found is not None and own_domain is not None and found.source_domain == own_domain:
        return None
    return found


def _lookup(name: str) -> _Outlet | None:
    name = name.strip(_QUOTES)
    return _OUTLETS.get(name) or (_OUTLETS.get(name.casefold()) if len(name) > _SHORT_ALIAS else None)


def _credit(outlet: _Outlet, evidence: str) -> Attribution:
    evidence = evidence.strip()[:_CREDIT_CHARS]
    if outlet.agency:
        return Attribution(evidence=evidence, agency=outlet.name, source_domain=outlet.domain)
    return Attribution(evidence=evidence, source_name=outlet.name, source_domain=outlet.domain)


def _any_of(names: str, evidence: str) -> Attribution | None:
    outlet = _lookup(names)
    if outlet is None:
        for name in _LIST.split(names):
            outlet = _lookup(name)
            if outlet is not None:
                break
    return _credit(outlet, evidence) if outlet is not None else None


def _at_head(first: str) -> Attribution | None:
    """Find "CITY (AFP) -", "MOSCOW, March 3. /TASS/." or "دمشق - سانا"."""
    head = first[:_HEAD_CHARS]
    for match in _BRACKETED.finditer(head) if any(map(head.__contains__, _OPENING)) else ():
        found = _any_of(match[1], match[0])
        if found is not None:
            return found
    if len(first) > _DATELINE_CHARS and not any(map(head[:_CREDIT_CHARS].__contains__, _DASHES)):
        return None
    parts = _DASH.split(head[:_CREDIT_CHARS], maxsplit=_DATELINE_PARTS)
    # What follows the last dash is text, unless the dateline has a line to itself.
    for part in parts if len(first) <= _DATELINE_CHARS else parts[:-1]:
        outlet = _lookup(part)
        if outlet is not None:
            return _credit(outlet, head[: head.find(part) + len(part)])
    return None


def _at_tail(lines: Sequence[str]) -> Attribution | None:
    """Find a closing credit: "(AFP)", "/dpa", a line that is just the agency's name, or its copyright line."""
    for line in reversed(lines[-_TAIL_LINES:]):
        if len(line) <= _CREDIT_CHARS:
            found = _any_of(line, line)
            if found is not None:
                return found
            rights = _RIGHTS.search(line)
            if rights is not None:
                found = _any_of(rights[1], line)
                if found is not None:
                    return found
        found = _in_last_brackets(line[-_TAIL_CHARS:])
        if found is not None:
            return found
    return None


def _in_last_brackets(tail: str) -> Attribution | None:
    """Find an outlet in brackets that end with the text, give or take two characters."""
    if not any(map(tail[-3:].__contains__, _CLOSING)):
        return None
    for match in _BRACKETED.finditer(tail):
        if len(tail) - match.end() <= 2:
            found = _any_of(match[1], match[0])
            if found is not None:
                return found
    return None


def _in_authors(authors: Sequence[str]) -> Attribution | None:
    for author in authors:
        found = _any_of(author, author)
        if found is not None:
            return found
        if len(author) <= _NAME_CHARS and _calls_itself_agency(author):
            return Attribution(evidence=author, agency=author.strip(_QUOTES))
    return None


def _labelled(lines: Sequence[str]) -> Attribution | None:
    """Find "Source: X" in a line of its own near the head or the tail."""
    for line in (*lines[:3], *lines[-8:]):
        if len(line) > _CREDIT_CHARS or not (":" in line or "：" in line):
            continue
        match = _LABELLED.match(line)
        if match is None or match[1].strip().casefold() not in _LABELS:
            continue
        found = _any_of(match[2], line)
        if found is not None:
            return found
        name = match[2].strip(_QUOTES)
        if 2 <= len(name) <= _NAME_CHARS and _calls_itself_agency(name):
            return Attribution(evidence=line[:_CREDIT_CHARS], agency=name)
        if 2 <= len(name) <= _NAME_CHARS:
            return Attribution(evidence=line[:_CREDIT_CHARS], source_name=name)
    return None


def _relayed(lines: Sequence[str], cue: str) -> Attribution:
    """Find which outlet a relayed report came from: the first known one named as a site, newspaper, agency."""
    for line in lines:
        for match in _RELAYED.finditer(line):
            words = match[1].split()
            for size in range(len(words), 0, -1):
                outlet = _lookup(" ".join(words[:size]))
                if outlet is not None:
                    return _credit(outlet, line[match.start() : match.start(1)] + " ".join(words[:size]).strip(_QUOTES))
    return Attribution(evidence=cue[:_CREDIT_CHARS])
