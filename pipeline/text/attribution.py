"""Whose text it is: agencies and outlets credited by dateline, byline, closing credit or "source: X"."""

import re
from collections.abc import Callable, Sequence

from pipeline.domain.article import Attribution
from pipeline.text.outlets import Outlet, calls_itself_agency, find_outlet, without_quotes
from pipeline.text.wordlists import load_words

__all__ = ["attribute"]


def _one_of(phrases: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, phrases), key=len, reverse=True))


_WORDS = load_words("agencies")
_LABELS = frozenset(_WORDS["source_labels"])
_NOUNS = _one_of(_WORDS["outlet_nouns"])
# What stands before and after the name in a line that is a credit.
_BEFORE = re.compile(rf"(?:{_one_of(_WORDS['credit_before'])})\s+", re.IGNORECASE)
_AFTER = re.compile(rf"\s+(?:{_one_of(_WORDS['credit_after'])})[.。]?$", re.IGNORECASE)

_HEAD_CHARS = 200
_TAIL_CHARS = 140
_TAIL_LINES = 4
_CREDIT_CHARS = 90
_NAME_CHARS = 60
_NAME_WORDS = 3
_INITIALS_CHARS = 4
_BYLINE_WORDS = 4
_DATELINE_PARTS = 4
_DATELINE_CHARS = 40

_BRACKETED = re.compile(r"[(（【\[/]([^()（）【】\[\]/]{2,50}(?:/[^()（）【】\[\]/]{2,30})?)[)）】\]/]")
_OPENING = "(（【[/"
_CLOSING = ")）】]/"
_DASHES = "-–—―:،"
_DASH = re.compile(r"\s*[-–—―]{1,2}\s*|\s*:\s+|،\s+")
_LIST = re.compile(r"\s*[=/,،;+&、]\s*|\s+(?:and|und|et|y|e|i|и|و|mit|with|avec|con|com)\s+")
_LABELLED = re.compile(
    r"[(（【\[]?\s*([^\W\d_][\w \u0300-\u036f\u0900-\u0dff\u0e00-\u0eff]{1,24}?)\s*[:：]\s*(\S.{0,60})$"
)
_RIGHTS = re.compile(r"(?:©|\(c\)|copyright)\s*(?:\d{4})?\s*([^.,|]{2,40})", re.IGNORECASE)
# "新华社北京3月14日电", "据新华社报道"; "به گزارش ایسنا،".
_WIRED = re.compile(
    r"[（(【\[]?(?:据|據)?([\u4e00-\u9fff]{2,3}?[社网網])[^，。、：:\n]{0,18}?(?:\d{1,2}日[^，。\n]{0,4}[电電讯訊]|报道|報道|報導|消息)"
)
_REPORTED = re.compile(r"(?:به گزارش|به نقل از)\s+(?:خبرگزاری\s+|خبرنگار\s+)?([^،,.:\n]{2,30})[،,]")
_JAPANESE_DATE = re.compile(r"\d{1,2}月\d{1,2}日\s*")
# How Reuters signs: "(Reporting by Ada Okafor; Editing by Lin Wei)".
_SIGNED = re.compile(r"\(?Reporting by [^()]{2,80}?[;.]\s?(?:\w+ )*?(?:Writing|Editing) by ", re.IGNORECASE)
_SIGNER = find_outlet("Reuters")
_RELAYED = re.compile(rf"(?:^|(?<=\s))(?:{_NOUNS})\s+[\"“«]?(\S+(?:\s\S+){{0,2}})")
# Where nouns are capitalised, such a title is mostly about something else.
_RELAY_TITLE = re.compile(
    rf"^(?:{_one_of([noun for noun in _WORDS['outlet_nouns'] if not noun[0].isupper()])})\s[^:]{{0,40}}:"
)


def attribute(
    lines: Sequence[str],
    title: str | None,
    authors: Sequence[str],
    source_link: str | None,
    own_domain: str | None,
) -> Attribution | None:
    """Return whom the text credits, with the words that say so; None when nothing does or it credits itself.

    `lines` are the article's before boilerplate was trimmed: credits often stand where boilerplate does.
    """
    if not lines:
        return None
    found = _at_head(lines[0]) or _at_tail(lines) or _in_authors(authors) or _labelled(lines)
    if found is None and (source_link is not None or (title is not None and _RELAY_TITLE.search(title))):
        found = _relayed(lines, source_link or title or "")
    if found is not None and own_domain is not None and found.source_domain == own_domain:
        return None
    return found


def _credit(outlet: Outlet, evidence: str) -> Attribution:
    evidence = evidence.strip()[:_CREDIT_CHARS]
    if outlet.agency:
        return Attribution(evidence=evidence, agency=outlet.name, source_domain=outlet.domain)
    return Attribution(evidence=evidence, source_name=outlet.name, source_domain=outlet.domain)


def _any_of(names: str, evidence: str, *, beside: Callable[[str], bool]) -> Attribution | None:
    """Find the agency, or else the outlet, among names; whatever else there is must be what may stand beside them."""
    outlet = find_outlet(names)
    if outlet is not None:
        return _credit(outlet, evidence)
    parts = [part for part in _LIST.split(names) if part]
    outlets = [outlet for part in parts if (outlet := find_outlet(part)) is not None]
    if not outlets or not all(beside(part) or find_outlet(part) is not None for part in parts):
        return None
    return _credit(next((outlet for outlet in outlets if outlet.agency), outlets[0]), evidence)


def _is_initials(part: str) -> bool:
    """Tell whether it can be the initials of an author or editor, as in "mau/dpa"."""
    return len(part) <= _INITIALS_CHARS and part.isalpha()


def _is_name_or_initials(part: str) -> bool:
    """Tell whether it can be a place, as in "(서울=연합뉴스)"."""
    return _is_initials(part) or _is_name(part, _NAME_WORDS)


def _is_byline_part(part: str) -> bool:
    return _is_initials(part) or _is_name(part, _BYLINE_WORDS)


def _is_name(part: str, most_words: int) -> bool:
    words = part.split()
    return len(words) <= most_words and all(word[0] == word[0].upper() for word in words)


def _without_phrases(line: str) -> str:
    """Return a credit without the words around the name: "with material from", "contributed to this report"."""
    before = _BEFORE.match(line)
    line = line[before.end() :] if before is not None else line
    return _AFTER.sub("", line)


def _at_head(first: str) -> Attribution | None:
    """Find "CITY (AFP) -", "MOSCOW, March 3. /TASS/.", "دمشق - سانا" or "新华社北京3月14日电"."""
    head = first[:_HEAD_CHARS]
    for match in _BRACKETED.finditer(head) if any(map(head.__contains__, _OPENING)) else ():
        names = _without_phrases(_JAPANESE_DATE.sub("", match[1]))
        found = _any_of(names, match[0], beside=_is_name_or_initials)
        if found is not None:
            return found
    wired = (_WIRED.match(head) or _REPORTED.match(head)) if not head.isascii() else None
    outlet = find_outlet(wired[1]) if wired is not None else None
    if wired is not None and outlet is not None:
        return _credit(outlet, wired[0])
    return _in_dateline(first, head)


def _in_dateline(first: str, head: str) -> Attribution | None:
    if len(first) > _DATELINE_CHARS and not any(map(head[:_CREDIT_CHARS].__contains__, _DASHES)):
        return None
    parts = _DASH.split(head[:_CREDIT_CHARS], maxsplit=_DATELINE_PARTS)
    # What follows the last dash is text, unless the dateline has a line to itself or ends with a stop.
    if len(first) > _DATELINE_CHARS:
        agency, stop, _ = parts.pop().partition(". ")
        parts += [agency] if stop and parts else []
    for part in parts:
        outlet = find_outlet(part)
        if outlet is not None:
            return _credit(outlet, head[: head.find(part) + len(part)])
    return None


def _at_tail(lines: Sequence[str]) -> Attribution | None:
    """Find a closing credit: "(AFP)", "/dpa", a line that is just the agency's name, or its copyright line."""
    for line in reversed(lines[-_TAIL_LINES:]):
        found = _in_closing_line(line) if len(line) <= _CREDIT_CHARS else None
        found = found or _in_last_brackets(line[-_TAIL_CHARS:])
        if found is not None:
            return found
        signed = _SIGNED.search(line[-2 * _TAIL_CHARS :]) if "eporting by " in line else None
        if signed is not None and _SIGNER is not None:
            return _credit(_SIGNER, signed[0])
    return None


def _in_closing_line(line: str) -> Attribution | None:
    found = _any_of(_without_phrases(line), line, beside=_is_initials)
    if found is None and (rights := _RIGHTS.search(line)) is not None:
        found = _any_of(rights[1], line, beside=_is_name_or_initials)
    return found


def _in_last_brackets(tail: str) -> Attribution | None:
    """Find an outlet in brackets that end with the text, give or take two characters."""
    if not any(map(tail[-3:].__contains__, _CLOSING)):
        return None
    for match in _BRACKETED.finditer(tail):
        if len(tail) - match.end() <= 2:
            found = _any_of(_without_phrases(match[1]), match[0], beside=_is_name_or_initials)
            if found is not None:
                return found
    return None


def _in_authors(authors: Sequence[str]) -> Attribution | None:
    for author in authors:
        found = _any_of(author, author, beside=_is_byline_part)
        if found is not None:
            return found
        if len(author) <= _NAME_CHARS and calls_itself_agency(author):
            return Attribution(evidence=author, agency=without_quotes(author))
    return None


def _labelled(lines: Sequence[str]) -> Attribution | None:
    """Find "Source: X" in a line of its own near the head or the tail."""
    for line in (*lines[:3], *lines[-8:]):
        if len(line) > _CREDIT_CHARS or not (":" in line or "：" in line):
            continue
        match = _LABELLED.match(line)
        if match is None or match[1].strip().casefold() not in _LABELS:
            continue
        found = _any_of(match[2], line, beside=_is_byline_part)
        if found is not None:
            return found
        name = without_quotes(match[2])
        if 2 <= len(name) <= _NAME_CHARS and calls_itself_agency(name):
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
                outlet = find_outlet(" ".join(words[:size]))
                if outlet is not None:
                    named = without_quotes(" ".join(words[:size]))
                    return _credit(outlet, line[match.start() : match.start(1)] + named)
    return Attribution(evidence=cue[:_CREDIT_CHARS])
