"""Pages that show something instead of an article: requests for consent, offers to subscribe, notices to programs."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.text.phrases import Phrases, TextWords
from pipeline.text.wordlists import load_words

__all__ = [
    "WallParams",
    "asks_for_consent",
    "is_no_article",
    "offers_subscription",
    "without_embeds",
    "without_notices",
]


class WallParams(Struct, frozen=True, kw_only=True):
    """When a text is no article, set by hand."""

    wall_chars: int = 1500
    """Consent pages are shorter; longer texts that mention cookies are about them."""
    no_article_part: int = 3
    """A page that is no article at all is shorter than one part in this many of `wall_chars`."""
    consent_phrases: int = 2
    """A longer page than one part of `wall_chars` has so many different phrases of consent, if it is a consent page."""
    consent_share: float = 0.5
    """Share of the text between the first and the last of them, their paragraphs included."""
    block_rest_chars: int = 12
    """What stands before such words in the title of a block page: a number, an apology."""
    block_site_chars: int = 30
    """What stands behind them: a site's name."""
    min_letters: int = 2
    """A text without so many letters is none; one that is only short is flagged."""
    letter_window: int = 40
    """Letters are looked for in so many characters of each paragraph."""
    block_line_chars: int = 200
    """What a server sends instead of an article shows in so many characters of the title and the first line; an
    article may mention captchas further down."""
    notice_chars: int = 10_000
    """The longest notices, which name every use of data, are shorter."""
    notice_share: float = 0.5
    """Share of a longer notice that is in paragraphs with its phrases."""
    notice_phrases: tuple[int, int] = (4, 3)
    """Different phrases that a request for consent, and a notice to programs, has at least, and one more"""
    chars_per_phrase: int = 1000
    """for so many characters of it: an article about them has fewer."""
    embed_chars: int = 400
    """A notice in place of what another site shows is shorter than this."""
    notice_stems: int = 2
    """A text in which fewer words begin as those of notices do is not searched for phrases."""


_PARAMS = WallParams()
_WORDS = load_words("walls")
_PAYWALL: tuple[str, ...] = tuple(_WORDS["paywall"])
_COOKIE: tuple[str, ...] = tuple(_WORDS["cookie"])
_BLOCK: tuple[str, ...] = tuple(_WORDS["block"])
_CONSENT: tuple[str, ...] = (*_COOKIE, *_WORDS["consent"])
_ROBOTS: tuple[str, ...] = (*_BLOCK, *_WORDS["robots"])
_EMBEDS: tuple[str, ...] = tuple(_WORDS["embeds"])
_STEMS: tuple[str, ...] = tuple(_WORDS["stems"])
_SEPARATORS = "|-–—·»"
_ACCESS = "an error or access page"
_CONSENT_PAGE = "a consent page"
_NOTICES = ((Phrases.of(_CONSENT), _CONSENT_PAGE), (Phrases.of(_ROBOTS), _ACCESS))


def is_no_article(paragraphs: Sequence[str], title: str | None, *, from_page: bool) -> str | None:
    """Return why the text is no article (for people), or None if it may be one; only pages are checked for walls."""
    letters = 0
    for paragraph in paragraphs:
        letters += sum(map(str.isalpha, paragraph[: _PARAMS.letter_window]))
        if letters >= _PARAMS.min_letters:
            break
    else:
        return "next to no text"
    if not from_page:
        return None
    chars = sum(map(len, paragraphs))
    found = _wall(paragraphs, title or "", chars) if chars < _PARAMS.wall_chars else None
    return found or (_notice(paragraphs, chars) if chars < _PARAMS.notice_chars else None)


def _wall(paragraphs: Sequence[str], title: str, chars: int) -> str | None:
    """Return what a short text is instead of an article, by its title, its opening, or most of it."""
    if chars < _PARAMS.wall_chars // _PARAMS.no_article_part:
        if _mentions([title[: _PARAMS.block_line_chars], paragraphs[0][: _PARAMS.block_line_chars]], _BLOCK):
            return _ACCESS
        if _mentions(paragraphs, _COOKIE):
            return _CONSENT_PAGE
    if _is_block_title(title):
        return _ACCESS
    return _CONSENT_PAGE if _is_consent(paragraphs, chars) else None


def asks_for_consent(paragraphs: Sequence[str]) -> bool:
    """Return whether a text that is short enough for it asks for consent somewhere."""
    return sum(map(len, paragraphs)) < _PARAMS.wall_chars and _mentions(paragraphs, _COOKIE)


def offers_subscription(paragraphs: Sequence[str], tail_chars: int) -> bool:
    """Return whether the last characters of some paragraphs say that the text goes on for subscribers."""
    return _mentions(paragraphs, _PAYWALL, tail_chars)


def without_notices(paragraphs: Sequence[str]) -> list[str]:
    """Return the paragraphs that neither ask for consent nor offer a subscription: a source repeats those."""
    return [line for line in paragraphs if not _mentions([line], _PAYWALL) and not _mentions([line], _COOKIE)]


def without_embeds(lines: Sequence[str]) -> list[str]:
    """Return the lines without those that stand in place of a post or film of another site."""
    short = "\n".join([line for line in lines if len(line) <= _PARAMS.embed_chars]).casefold()
    found = [phrase for phrase in _EMBEDS if phrase in short]
    if not found:
        return list(lines)
    return [
        line for line in lines if len(line) > _PARAMS.embed_chars or not any(map(line.casefold().__contains__, found))
    ]


def _notice(paragraphs: Sequence[str], chars: int) -> str | None:
    """Return which longer notice a text is, by how many of the phrases of such notices it has."""
    folded = [line.casefold() for line in paragraphs]
    whole = "\n".join(folded)
    if not _has_stems(whole):
        return None
    words = TextWords.of(whole)
    for (phrases, kind), least in zip(_NOTICES, _PARAMS.notice_phrases, strict=True):
        found = phrases.found(whole, words)
        if len(found) < least + chars // _PARAMS.chars_per_phrase:
            continue
        notice = sum(len(line) for line in folded if any(map(line.__contains__, found)))
        if notice >= _PARAMS.notice_share * chars:
            return kind
    return None


def _has_stems(folded: str) -> bool:
    """Return whether a text has enough words that begin as those of notices do."""
    count = 0
    for stem in _STEMS:
        count += folded.count(stem)
        if count >= _PARAMS.notice_stems:
            return True
    return False


def _is_block_title(title: str) -> bool:
    """Return whether a title is what a server says instead of an article, and not a headline with the same words."""
    folded = title.casefold()
    for phrase in _BLOCK:
        before, found, after = folded.partition(phrase)
        if found and len(before) <= _PARAMS.block_rest_chars and _is_rest(after):
            return True
    return False


def _is_rest(after: str) -> bool:
    """Return whether nothing but punctuation and a site's name follows."""
    after = after.strip(" .!?…")
    return not after or (after[0] in _SEPARATORS and len(after) <= _PARAMS.block_site_chars)


def _is_consent(paragraphs: Sequence[str], chars: int) -> bool:
    """Return whether most of a text is a request for consent: between two phrases of such requests, or around them."""
    folded = [line.casefold() for line in paragraphs]
    found = {phrase for phrase in _COOKIE if any(phrase in line for line in folded)}
    if len(found) < _PARAMS.consent_phrases:
        return False
    places = [place for place, line in enumerate(folded) if any(map(line.__contains__, found))]
    asked = sum(map(len, paragraphs[places[0] : places[-1] + 1]))
    return asked >= _PARAMS.consent_share * chars


def _mentions(paragraphs: Sequence[str], phrases: tuple[str, ...], limit: int = _PARAMS.wall_chars) -> bool:
    text = "\n".join(paragraphs)
    if len(text) > limit:
        text = text[-limit:]
    text = text.casefold()
    return any(map(text.__contains__, phrases))
