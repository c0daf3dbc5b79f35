"""The headline: found, cleaned of the site's name, and taken out of the body."""

import re
from collections.abc import Sequence

from pipeline.text.boilerplate import line_key

__all__ = ["agrees", "first_line_title", "is_site_name", "without_site_name", "without_title"]

_SEPARATOR = re.compile(
    r"\s+[|–—\-·•»›:]{1,2}\s+|:\s+|\s*[|｜]\s*|[-–—_](?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,12}$)"
)
# A shorter beginning of another title may be a section's or the site's name.
_MIN_TITLE_CHARS = 15
_SENTENCE_ENDS = (".", "。", "।", "۔", "،", ",", ";", "؛")
_TITLE_WINDOW = 4
_SITE_MAX_CHARS = 40


def first_line_title(lines: Sequence[str], max_chars: int) -> str | None:
    """Return the first line if it reads as a title: short, not a full sentence, with text after it."""
    if len(lines) < 2:
        return None
    first = lines[0]
    if len(first) > max_chars:
        return None
    key = line_key(first)
    if not key:
        return None
    if any(line_key(line) == key for line in lines[1:_TITLE_WINDOW] if len(line) <= max_chars):
        return first
    if first.endswith(_SENTENCE_ENDS) or not any(len(line) > len(first) for line in lines[1:]):
        return None
    return first


def without_title(lines: Sequence[str], title: str | None, max_chars: int) -> list[str]:
    """Drop repetitions of the title among the first lines."""
    if not title:
        return list(lines)
    key = line_key(title)
    kept = [line for line in lines[:_TITLE_WINDOW] if len(line) > max_chars or line_key(line) != key]
    return [*kept, *lines[_TITLE_WINDOW:]]


def agrees(headline: str, claim: str) -> bool:
    """Tell whether a claim is the headline, perhaps with the site's name; a site's name alone is no headline."""
    if headline.casefold() not in claim.casefold():
        return False
    if len(headline) * 2 >= len(claim):
        return True
    begins = len(headline) >= _MIN_TITLE_CHARS and claim.casefold().startswith(headline.casefold())
    return begins and _SEPARATOR.match(claim, len(headline)) is not None


def is_site_name(title: str, names: Sequence[str]) -> bool:
    """Tell whether a title is one of the site's names."""
    return _squeezed(title) in {_squeezed(name) for name in names}


def without_site_name(title: str, names: Sequence[str]) -> str:
    """Cut " | Site" from the end or "Site: " from the start of a title, where the site is known by one of `names`."""
    parts = list(_SEPARATOR.finditer(title))
    if not parts:
        return title
    known = {_squeezed(name) for name in names if name}
    end = len(title)
    while parts and _is_site(title[parts[-1].end() : end], known):
        end = parts.pop().start()
    title = title[:end].rstrip()
    if not parts:
        return title
    head = title[: parts[0].start()]
    if len(head) <= _SITE_MAX_CHARS and _squeezed(head) in known:
        return title[parts[0].end() :].lstrip()
    return title


def _squeezed(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _is_site(tail: str, known: set[str]) -> bool:
    if len(tail) > _SITE_MAX_CHARS:
        return False
    tail = _squeezed(tail)
    return bool(tail) and any(tail == name or (len(name) > 3 and (tail in name or name in tail)) for name in known)
