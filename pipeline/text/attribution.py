"""Whom a text credits: agencies and outlets in its dateline, byline, closing credit or "Source: X"."""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from pipeline.domain.article import Attribution
from pipeline.text.outlets import Outlet, calls_itself_agency, find_outlet, without_quotes
from pipeline.text.punctuation import FULL_STOPS, SPACES
from pipeline.text.wordlists import load_words, one_of

__all__ = ["CreditParams", "attribute"]


class CreditParams(Struct, frozen=True, kw_only=True):
    """Where credits are looked for and what may stand in them. Set by hand on datelines and credits of many agencies.

    Text that only mentions an agency must not become a credit, so the limits are close.
    """

    dateline_chars: int = 200
    """The first characters of the text, in which a dateline's brackets stand."""
    dateline_parts: int = 4
    """Dashes and colons at which a dateline is divided."""
    whole_dateline_chars: int = 40
    """A first line up to this length may be a dateline of its own; of a longer one, what follows the last dash is
    text."""
    tail_lines: int = 4
    """Last lines, in which a closing credit stands."""
    tail_chars: int = 140
    """Last characters of each of them, in which closing brackets stand; twice as many for who wrote and edited it."""
    after_brackets_chars: int = 2
    """Characters that may follow those brackets, such as a full stop."""
    label_first_lines: int = 3
    """First lines in which "Source: X" is looked for."""
    label_last_lines: int = 8
    """Last lines in which "Source: X" is looked for."""
    credit_chars: int = 90
    """A longer line is no credit, and longer evidence is cut."""
    name_chars: tuple[int, int] = (2, 60)
    """Shortest and longest name of an outlet that no list contains."""
    place_words: int = 3
    """A place beside an agency in brackets has no more words."""
    byline_words: int = 4
    """A person beside an agency in a byline has no more words."""
    initials_chars: int = 4
    """Initials of an author or editor beside an agency, as in "mau/dpa", are no longer."""


_PARAMS = CreditParams()


_WORDS = load_words("agencies")
_BYLINE_WORDS = load_words("bylines")
_AND: list[str] = [*_BYLINE_WORDS["and_any_case"], *_BYLINE_WORDS["and"], *_BYLINE_WORDS["and_or_name"]]
_LABELS = frozenset(_WORDS["source_labels"])
_NOUNS = one_of(_WORDS["outlet_nouns"])
# What stands before and after the name in a line that is a credit.
_BEFORE = re.compile(rf"(?:{one_of(_WORDS['credit_before'])})\s+", re.IGNORECASE)
_AFTER = re.compile(rf"(?<!\s)\s+(?:{one_of(_WORDS['credit_after'])})[{''.join(FULL_STOPS)}]?$", re.IGNORECASE)

_BRACKETED = re.compile(r"[(（【\[/]([^()（）【】\[\]/]{2,50}(?:/[^()（）【】\[\]/]{2,30})?)[)）】\]/]")
_OPENING = "(（【[/"
_CLOSING = ")）】]/"
_DASHES = "-–—―:،"
_DASH = re.compile(rf"{SPACES}[-–—―]{{1,2}}\s*|{SPACES}:\s+|،\s+")
_LIST = re.compile(rf"{SPACES}[=/,،;+&、]\s*|(?<!\s)\s+(?:{one_of(_AND, _WORDS['with'])})\s+")
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
# "newspaper: …". Where nouns are capitalised, such a title is mostly about something else.
_RELAY_TITLE = re.compile(
    rf"^(?:{one_of([noun for noun in _WORDS['outlet_nouns'] if not noun[0].isupper()])})\s[^:]{{0,40}}:"
)


def attribute(
    lines: Sequence[str],
    title: str | None,
    authors: Sequence[str],
    source_link: str | None,
    own_domain: str | None,
) -> Attribution | None:
    """Return whom the text credits.

    Args:
        lines: The article's clean lines, with the boilerplate at its end: credits often stand there.
        title: The headline, which may state that a report is relayed.
        authors: Clean bylines: agencies are credited there, too.
        source_link: The line that states where the original report is, if there is one.
        own_domain: The publisher's registrable domain: a text that credits its own publisher credits nobody.

    Returns:
        The agency or outlet with the words that credit it as evidence; None without a credit.
    """
    if not lines:
        return None
    found = _in_first_line(lines[0]) or _in_last_lines(lines) or _in_authors(authors) or _labelled(lines)
    if found is None and (source_link is not None or (title is not None and _RELAY_TITLE.search(title))):
        found = _relayed(lines, source_link or title or "")
    if found is not None and own_domain is not None and found.source_domain == own_domain:
        return None
    return found


def _credit(outlet: Outlet, evidence: str) -> Attribution:
    evidence = evidence.strip()[: _PARAMS.credit_chars]
    if outlet.agency:
        return Attribution(evidence=evidence, agency=outlet.name, source_domain=outlet.domain)
    return Attribution(evidence=evidence, source_name=outlet.name, source_domain=outlet.domain)


def _any_of(names: str, evidence: str, *, is_allowed: Callable[[str], bool]) -> Attribution | None:
    """Return the agency, or else the outlet, that a list of names credits.

    Args:
        names: Names with separators between them.
        evidence: The text that the credit is from.
        is_allowed: Returns whether a name that is no outlet's may be in a credit; if one may not, there is no credit.
    """
    outlet = find_outlet(names)
    if outlet is not None:
        return _credit(outlet, evidence)
    parts = [part for part in _LIST.split(names) if part]
    outlets = [outlet for part in parts if (outlet := find_outlet(part)) is not None]
    if not outlets or not all(is_allowed(part) or find_outlet(part) is not None for part in parts):
        return None
    return _credit(next((outlet for outlet in outlets if outlet.agency), outlets[0]), evidence)


def _is_initials(part: str) -> bool:
    """Return whether a part can be the initials of an author or editor, as in "mau/dpa"."""
    return len(part) <= _PARAMS.initials_chars and part.isalpha()


def _is_name_or_initials(part: str) -> bool:
    """Return whether a part can be a place, as in "(서울=연합뉴스)", or initials."""
    return _is_initials(part) or _is_name(part, _PARAMS.place_words)


def _is_byline_part(part: str) -> bool:
    return _is_initials(part) or _is_name(part, _PARAMS.byline_words)


def _is_name(part: str, most_words: int) -> bool:
    words = part.split()
    return len(words) <= most_words and all(word[0] == word[0].upper() for word in words)


def _without_phrases(line: str) -> str:
    """Return a credit without the words around the name: "with material from", "contributed to this report"."""
    before = _BEFORE.match(line)
    line = line[before.end() :] if before is not None else line
    return _AFTER.sub("", line)


def _in_first_line(first: str) -> Attribution | None:
    """Find "CITY (AFP) -", "MOSCOW, March 3. /TASS/.", "دمشق - سانا" or "新华社北京3月14日电"."""
    start = first[: _PARAMS.dateline_chars]
    for match in _BRACKETED.finditer(start) if any(map(start.__contains__, _OPENING)) else ():
        names = _without_phrases(_JAPANESE_DATE.sub("", match[1]))
        found = _any_of(names, match[0], is_allowed=_is_name_or_initials)
        if found is not None:
            return found
    wired = (_WIRED.match(start) or _REPORTED.match(start)) if not start.isascii() else None
    outlet = find_outlet(wired[1]) if wired is not None else None
    if wired is not None and outlet is not None:
        return _credit(outlet, wired[0])
    return _in_dateline(first, start)


def _in_dateline(first: str, start: str) -> Attribution | None:
    if len(first) > _PARAMS.whole_dateline_chars and not any(map(start[: _PARAMS.credit_chars].__contains__, _DASHES)):
        return None
    parts = _DASH.split(start[: _PARAMS.credit_chars], maxsplit=_PARAMS.dateline_parts)
    # What follows the last dash is text, unless the dateline has a line to itself or ends with a stop.
    if len(first) > _PARAMS.whole_dateline_chars:
        agency, stop, _ = parts.pop().partition(". ")
        parts += [agency] if stop and parts else []
    for part in parts:
        outlet = find_outlet(part)
        if outlet is not None:
            return _credit(outlet, start[: start.find(part) + len(part)])
    return None


def _in_last_lines(lines: Sequence[str]) -> Attribution | None:
    """Find a closing credit: "(AFP)", "/dpa", a line that is just the agency's name, or its copyright line."""
    for line in reversed(lines[-_PARAMS.tail_lines :]):
        found = _in_closing_line(line) if len(line) <= _PARAMS.credit_chars else None
        found = found or _in_last_brackets(line[-_PARAMS.tail_chars :])
        if found is not None:
            return found
        signed = _SIGNED.search(line[-2 * _PARAMS.tail_chars :]) if "eporting by " in line else None
        if signed is not None and _SIGNER is not None:
            return _credit(_SIGNER, signed[0])
    return None


def _in_closing_line(line: str) -> Attribution | None:
    found = _any_of(_without_phrases(line), line, is_allowed=_is_initials)
    if found is None and (rights := _RIGHTS.search(line)) is not None:
        found = _any_of(rights[1], line, is_allowed=_is_name_or_initials)
    return found


def _in_last_brackets(tail: str) -> Attribution | None:
    """Find an outlet in the brackets with which a line ends."""
    if not any(map(tail[-1 - _PARAMS.after_brackets_chars :].__contains__, _CLOSING)):
        return None
    for match in _BRACKETED.finditer(tail):
        if len(tail) - match.end() <= _PARAMS.after_brackets_chars:
            found = _any_of(_without_phrases(match[1]), match[0], is_allowed=_is_name_or_initials)
            if found is not None:
                return found
    return None


def _in_authors(authors: Sequence[str]) -> Attribution | None:
    for author in authors:
        found = _any_of(author, author, is_allowed=_is_byline_part)
        if found is not None:
            return found
        if len(author) <= _PARAMS.name_chars[1] and calls_itself_agency(author):
            return Attribution(evidence=author, agency=without_quotes(author))
    return None


def _labelled(lines: Sequence[str]) -> Attribution | None:
    """Find "Source: X" in a line of its own near the beginning or the end."""
    for line in (*lines[: _PARAMS.label_first_lines], *lines[-_PARAMS.label_last_lines :]):
        if len(line) > _PARAMS.credit_chars or not (":" in line or "：" in line):
            continue
        match = _LABELLED.match(line)
        if match is None or match[1].strip().casefold() not in _LABELS:
            continue
        found = _any_of(match[2], line, is_allowed=_is_byline_part)
        if found is not None:
            return found
        name = without_quotes(match[2])
        if _can_be_name(name) and calls_itself_agency(name):
            return Attribution(evidence=line[: _PARAMS.credit_chars], agency=name)
        if _can_be_name(name):
            return Attribution(evidence=line[: _PARAMS.credit_chars], source_name=name)
    return None


def _can_be_name(name: str) -> bool:
    shortest, longest = _PARAMS.name_chars
    return shortest <= len(name) <= longest


def _relayed(lines: Sequence[str], cue: str) -> Attribution:
    """Return the source of a relayed report: the first known outlet that is named as a site, newspaper or agency."""
    for line in lines:
        for match in _RELAYED.finditer(line):
            words = match[1].split()
            for size in range(len(words), 0, -1):
                outlet = find_outlet(" ".join(words[:size]))
                if outlet is not None:
                    named = without_quotes(" ".join(words[:size]))
                    return _credit(outlet, line[match.start() : match.start(1)] + named)
    return Attribution(evidence=cue[: _PARAMS.credit_chars])
