"""The door of drafting: the strings of a raw record and of its page, each cleaned of odd characters once, here."""

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle, RawAuthor
from pipeline.text.characters import Cleaned, clean_characters
from pipeline.text.dates import DateSource
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.lines import split_paragraphs
from pipeline.text.misread import reread_page
from pipeline.text.page.extract import Page, read_markup, read_page
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.params import IngestParams
from pipeline.text.walls import is_no_article

__all__ = ["CleanedInput", "InputParams", "clean_input", "clean_text"]


class InputParams(Struct, frozen=True, kw_only=True):
    """How much of a record and its page is looked at. Set by hand, far above what honest articles contain."""

    authors: int = 50
    """Authors of a raw record."""
    author_chars: int = 500
    """Characters of one author's byline; such a byline may name a whole desk."""
    titles: int = 6
    """Titles that a page states; further ones repeat them."""
    title_headlines: int = 4
    """Characters of one title, in lengths of the longest headline: this leaves room for the site's name."""
    site_name_chars: int = 400
    """Characters of the names of a site and its publisher."""
    label_lengths: int = 4
    """Characters of a section or tag, in lengths of the longest label: cleaning shortens what was escaped."""
    language_chars: int = 100
    """Characters of a language tag; BCP 47 advises to allow for 35."""
    labels: int = 12
    """Sections and genres that a page states."""
    corrections: int = 6
    """Corrections that a page states."""
    dates: int = 60
    """Dates of publication, and likewise of modification, that a page states."""
    date_chars: int = 100
    """Characters of one date."""
    stated_body_factor: float = 1.6
    """The articleBody in a page's JSON-LD is taken for the text when it is longer than the text that was found in the
    page by this factor. It has no paragraphs, so the page's own text is better where there is enough of it."""
    stated_body_chars: int = 400
    """The articleBody must be longer than this, too."""
    doubled_chars: int = 40
    """Characters at the beginning of an articleBody by which its second half is recognised as the same."""
    doubled_slack: int = 50
    """Characters before its middle from which they are looked for: the halves may differ in white space."""
    empty_page_chars: int = 400
    """A page that shows less than this, and much less than the text sent with it, is filled by a script."""


_PARAMS = InputParams()
_NO_METADATA = PageMetadata()

# Tags that text about markup would hardly write out in pairs.
_MARKUP = re.compile(
    r"</(?:p|div|li|h[1-6]|blockquote|strong|em|a|span|b|i|u|sup|sub)>|<(?:p|br|br/|br /)>", re.IGNORECASE
)
_TAG = re.compile(
    r"</?(?:p|br|div|strong|em|a|span|b|i|u|s|sup|sub|small|mark|font)(?:[\s/][^<>]{0,300})?>", re.IGNORECASE
)


class CleanedInput(Struct, frozen=True, kw_only=True):
    """What an article is made from. All strings are clean: later functions rely on it and do not clean again.

    Addresses are not text and are not cleaned as such: `pipeline.text.urls` parses them. They are taken from the raw
    record and from `page`, of which nothing else but its facts (is it free, is it a list) may be used.
    """

    text: Cleaned
    """The article's text, a paragraph in a line, before anything is taken out of it."""
    title: str | None
    """The raw record's title."""
    subtitle: str | None
    """The raw record's sub-headline, or the one that its page shows, or else the one that the page states."""
    corrections: tuple[str, ...]
    """The corrections that the page states in its metadata."""
    authors: tuple[tuple[str, str | None], ...]
    """The raw record's authors: (byline, address)."""
    section: str | None
    labels: tuple[str, ...]
    """All sections and genres that the raw record and the page state."""
    tags: tuple[str, ...]
    language: str | None
    published: tuple[tuple[str, DateSource], ...]
    """Stated dates of publication: the raw record's, then the page's by falling trust."""
    modified: tuple[str, ...]
    """Stated dates of modification, in the same order."""
    page: Page | None = None
    page_titles: tuple[str, ...] = ()
    """Titles that the page's metadata states."""
    page_title: str | None = None
    """The page's <title>."""
    page_headlines: tuple[str, ...] = ()
    """The page's first-level headings."""
    page_authors: tuple[tuple[str, str | None], ...] = ()
    """Authors that the page states: (byline, address)."""
    site_name: str | None = None
    publisher: str | None = None
    """The publisher that the page states."""


def clean_input(raw: RawArticle, params: IngestParams) -> CleanedInput | Reject:
    """Read the page if there is one, and clean every string that an article can be made from.

    Returns:
        The clean strings; a Reject for a page, or a text with markup, that must not be or cannot be parsed.
    """
    read = _read(raw, params)
    if isinstance(read, Reject):
        return read
    page, text = read
    stated = page.metadata if page is not None else _NO_METADATA
    subtitle = _line(raw.subtitle)
    if subtitle is None and page is not None:
        subtitle = _line(page.main.lead or stated.subtitle)
    dates: list[tuple[str, DateSource]] = [(raw.published_at, "raw")] if raw.published_at else []
    changes = [raw.modified_at] if raw.modified_at else []
    given = CleanedInput(
        text=text,
        title=_line(raw.title),
        subtitle=subtitle,
        corrections=tuple([line for text in stated.corrections[: _PARAMS.corrections] if (line := _line(text))]),
        authors=tuple([_byline(author) for author in raw.authors[: _PARAMS.authors]]),
        section=next(iter(_labels((raw.section, stated.section), 1, params)), None),
        labels=_labels((raw.section, *stated.labels), _PARAMS.labels, params),
        tags=_labels(raw.tags or stated.tags, params.max_tags, params),
        language=_line(raw.language, _PARAMS.language_chars) or _line(stated.language, _PARAMS.language_chars),
        published=tuple([(_date(text), source) for text, source in dates + stated.published[: _PARAMS.dates]]),
        modified=tuple([_date(text) for text in changes + stated.modified[: _PARAMS.dates]]),
    )
    return given if page is None else _with_page(given, page, params)


def _with_page(given: CleanedInput, page: Page, params: IngestParams) -> CleanedInput:
    """Add the strings that only a page has."""
    stated = page.metadata
    title_chars = _PARAMS.title_headlines * params.max_headline_chars
    titles = [_line(title, title_chars) for title in stated.titles[: _PARAMS.titles]]
    headlines = [_line(headline, title_chars) for headline in page.main.headlines]
    return replace(
        given,
        page=page,
        page_titles=tuple(filter(None, titles)),
        page_title=_line(page.title, title_chars),
        page_headlines=tuple(filter(None, headlines)),
        page_authors=tuple([_byline(author) for author in stated.authors[: params.max_authors]]),
        site_name=_line(stated.site_name, _PARAMS.site_name_chars),
        publisher=_line(stated.publisher, _PARAMS.site_name_chars),
    )


def clean_text(raw: RawArticle, params: IngestParams) -> Cleaned | Reject:
    """Return the clean text of an article, a paragraph in a line, as `clean_input` does, without its other strings."""
    read = _read(raw, params)
    return read if isinstance(read, Reject) else read[1]


def _line(text: str | None, max_chars: int | None = None) -> str | None:
    """Clean a title, name or label, or its beginning, and put it on one line without tags; None if nothing remains."""
    if not text:
        return None
    text = clean_characters(text[:max_chars]).text
    if _has_markup(text):
        text = _TAG.sub("", text)
    return " ".join(text.split()) or None


def _read(raw: RawArticle, params: IngestParams) -> tuple[Page | None, Cleaned] | Reject:
    """Return a record's page and the clean text of the article.

    The record's own text counts where there is no page, or where the page shows no article: of a page that asks for
    consent, or that a server sent instead, nothing is used; of an empty page that a script fills, its metadata are.
    """
    reread: str | None = None
    page: Page | Reject | None = None
    if raw.html is not None:
        encoded = EncodedPage.of(raw.html)
        reread = reread_page(encoded)
        page = _page(encoded if reread is None else EncodedPage.of(reread), params)
    if isinstance(page, Reject):
        return page
    if page is None:
        text = _plain_text(raw, params)
        return text if isinstance(text, Reject) else (None, text)
    shown = _page_text(page)
    stated = _stated_text(page, params)
    if isinstance(stated, Reject):
        return stated
    if stated is not None:
        page, shown = replace(page, doubt=0.0), stated
    if reread is not None:
        shown = replace(shown, repaired=True)
    if raw.text is None or not raw.text.strip():
        return page, shown
    lines = split_paragraphs(shown.text)
    is_wall = bool(lines) and is_no_article(lines, page.title, from_page=True) is not None
    is_empty = len(shown.text) < min(_PARAMS.empty_page_chars, len(raw.text) / _PARAMS.stated_body_factor)
    if not is_wall and not is_empty:
        return page, shown
    text = _plain_text(raw, params)
    return text if isinstance(text, Reject) else (None if is_wall else replace(page, doubt=0.0), text)


def _page(page: EncodedPage, params: IngestParams) -> Page | Reject | None:
    return read_page(page, params) if page.html and not page.html.isspace() else None


def _plain_text(raw: RawArticle, params: IngestParams) -> Cleaned | Reject:
    return _marked_up(raw.text or "", params)


def _marked_up(text: str, params: IngestParams) -> Cleaned | Reject:
    """Clean a text, and take the markup out of it if it has any.

    The markup of many feeds is escaped, and shows only when the text is clean. What the parser then reads between the
    tags is text of its own: a letter and its accent may have had a tag between them.
    """
    escaped = None
    if not _has_markup(text):
        escaped = clean_characters(text)
        if not _has_markup(escaped.text):
            return escaped
        text = escaped.text
    lines = read_markup(text, params)
    if isinstance(lines, Reject):
        return lines
    cleaned = clean_characters("\n".join(lines))
    return cleaned if escaped is None else cleaned.also(escaped)


def _page_text(page: Page) -> Cleaned:
    """Clean the text that a page shows."""
    return clean_characters("\n".join(page.main.lines))


def _stated_text(page: Page, params: IngestParams) -> Cleaned | Reject | None:
    """Return the text that a page states in its JSON-LD, cleaned, where it shows much less; else None.

    A Reject is returned only where that text is costly to read, and the page is to be handed over.
    """
    stated = page.metadata.body
    lines = page.main.lines
    enough = max(_PARAMS.stated_body_factor * (sum(map(len, lines)) + len(lines)), _PARAMS.stated_body_chars)
    if stated is None or len(stated) <= enough:
        return None
    cleaned = _marked_up(stated, params)
    if isinstance(cleaned, Reject):
        return cleaned if cleaned.reason == "too_costly" else None
    once = _folded(cleaned.text)
    return replace(cleaned, text=once) if len(once) > enough else None


def _folded(text: str) -> str:
    """Return a text once that states itself twice in a row."""
    text = text.strip()
    beginning = text[: _PARAMS.doubled_chars]
    again = text.find(beginning, len(text) // 2 - _PARAMS.doubled_slack)
    if len(text) < 2 * _PARAMS.doubled_chars or again <= 0:
        return text
    first, second = text[:again].strip(), text[again:].strip()
    return first if "".join(first.split()) == "".join(second.split()) else text


def _byline(author: str | RawAuthor | tuple[str, str | None]) -> tuple[str, str | None]:
    """Return the clean byline of an author, and the address as given."""
    if isinstance(author, str):
        name, url = author, None
    elif isinstance(author, RawAuthor):
        name, url = author.name, author.url
    else:
        name, url = author
    return clean_characters(name[: _PARAMS.author_chars]).text, url


def _labels(texts: Iterable[str | None], limit: int, params: IngestParams) -> tuple[str, ...]:
    """Return at most `limit` distinct clean labels, without those that are too long to be one."""
    labels: dict[str, str] = {}
    for text in texts:
        label = _line(text, _PARAMS.label_lengths * params.max_label_chars)
        if label is not None and len(label) <= params.max_label_chars:
            labels.setdefault(label.casefold(), label)
        if len(labels) >= limit:
            break
    return tuple(labels.values())


def _date(text: str) -> str:
    return clean_characters(text[: _PARAMS.date_chars]).text


def _has_markup(text: str) -> bool:
    """Return whether a text has tags in it."""
    return "<" in text and _MARKUP.search(text) is not None
