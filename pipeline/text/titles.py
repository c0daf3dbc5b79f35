"""The headline: chosen, cleaned of the site's name, and taken out of the body. All strings are clean already."""

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from pipeline.text.boilerplate import line_key
from pipeline.text.punctuation import FULL_STOPS, SPACES

__all__ = ["TitleParams", "choose_title", "first_line_title", "is_section_name", "without_site_name", "without_title"]


class TitleParams(Struct, frozen=True, kw_only=True):
    """Thresholds of titles, set by hand."""

    window_lines: int = 4
    """The title is repeated within the first lines only; further down a line that equals it is a sub-headline."""
    beginning_chars: int = 15
    """A heading that is less than half of another title, but its beginning up to a separator, must be this long: a
    shorter one may be a section's or the site's name."""
    site_name_chars: int = 40
    """A longer part of a title is no site's name."""
    section_words: int = 2
    """The name of a section has no more words; some addresses have the whole headline in a folder."""
    within_name_chars: int = 4
    """A site's name this long, of letters and digits, may also be a part of a title's part, or the other way round; a
    shorter one must be equal to it."""


_PARAMS = TitleParams()
_SEPARATOR = re.compile(
    rf"(?<!\s)\s+[|–—\-·•»›:]{{1,2}}\s+|:\s+|{SPACES}[|｜]\s*"
    r"|[-–—_](?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,12}$)"
)
# A title may well end with an exclamation or a question mark.
_NOT_AFTER_TITLES = (*FULL_STOPS, "،", ",", ";", "؛")


def choose_title(
    stated: Sequence[str], title_element: str | None, headlines: Sequence[str], names: Sequence[str]
) -> str | None:
    """Choose among a page's titles.

    Args:
        stated: Titles of the page's metadata, by falling trust.
        title_element: The page's <title>.
        headlines: The page's first-level headings, in order.
        names: The site's names.

    Returns:
        The first heading that agrees with another title, else the first title stated, else <title>, else the first
        heading, without the site's name; None without any of them.
    """
    headlines = [
        headline
        for headline in headlines
        if not _is_site_name(headline, names) and not _is_other_part(headline, title_element or "", stated)
    ]
    stated = [title for title in stated if not _is_site_name(title, names)]
    if title_element is not None and _is_site_name(title_element, names):
        title_element = None
    for headline in headlines:
        if any(_agrees(headline, title) for title in [*stated, title_element or ""]):
            return headline
    title = stated[0] if stated else title_element or next(iter(headlines), None)
    return without_site_name(title, names) if title is not None else None


def is_section_name(title: str, section: str | None, url: str | None) -> bool:
    """Return whether a title is only the name of the section: as the page states it, or of a folder in its address."""
    if len(title.split()) > _PARAMS.section_words:
        return False
    name = _squeezed(title)
    folders = urlsplit(url).path.strip("/").split("/")[:-1] if url is not None else []
    return name in {_squeezed(unquote(folder)) for folder in folders} or (
        section is not None and name == _squeezed(section)
    )


def first_line_title(lines: Sequence[str], max_chars: int) -> str | None:
    """Return the first line if it reads as a title: short, not a full sentence, with longer text after it."""
    if not lines:
        return None
    first = lines[0]
    if len(first) > max_chars:
        return None
    key = line_key(first)
    if not key:
        return None
    if any(line_key(line) == key for line in lines[1 : _PARAMS.window_lines] if len(line) <= max_chars):
        return first
    if first.endswith(_NOT_AFTER_TITLES) or not any(len(line) > len(first) for line in lines[1:]):
        return None
    return first


def without_title(lines: Sequence[str], title: str | None, max_chars: int) -> list[str]:
    """Drop repetitions of the title among the first lines; longer lines than `max_chars` stay."""
    if not title:
        return list(lines)
    key = line_key(title)
    window = _PARAMS.window_lines
    kept = [line for line in lines[:window] if len(line) > max_chars or line_key(line) != key]
    return [*kept, *lines[window:]]


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
    beginning = title[: parts[0].start()]
    if len(beginning) <= _PARAMS.site_name_chars and _squeezed(beginning) in known:
        return title[parts[0].end() :].lstrip()
    return title


def _agrees(headline: str, title: str) -> bool:
    """Return whether a title is the headline, perhaps with the site's name; a site's name alone is no headline."""
    if headline.casefold() not in title.casefold():
        return False
    if len(headline) * 2 >= len(title):
        return True
    begins = len(headline) >= _PARAMS.beginning_chars and title.casefold().startswith(headline.casefold())
    return begins and _SEPARATOR.match(title, len(headline)) is not None


def _is_other_part(headline: str, title_element: str, stated: Sequence[str]) -> bool:
    """Return whether a heading is what <title> has beside the title that is stated: the site's name."""
    whole, part = title_element.casefold(), headline.casefold()
    if part not in whole or part == whole:
        return False
    others = (title.casefold() for title in stated)
    return any(title in whole and title not in part and part not in title for title in others)


def _is_site_name(title: str, names: Sequence[str]) -> bool:
    return _squeezed(title) in {_squeezed(name) for name in names}


def _squeezed(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _is_site(part: str, known: set[str]) -> bool:
    """Return whether a part of a title is one of the site's names, or contains one, or is contained in one."""
    if len(part) > _PARAMS.site_name_chars:
        return False
    part = _squeezed(part)
    return bool(part) and any(
        part == name or (len(name) >= _PARAMS.within_name_chars and (part in name or name in part)) for name in known
    )
