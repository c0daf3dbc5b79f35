"""Everything that reads input, each as a function of one string: patterns, and readers of fields, pages and bytes."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

import pipeline
from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.raw import RawArticle
from pipeline.domain.record import Origin
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.text.attribution import attribute
from pipeline.text.authors import clean_authors
from pipeline.text.boilerplate import trim_boilerplate
from pipeline.text.byline_lines import take_byline_lines
from pipeline.text.characters import clean_characters
from pipeline.text.charset import declared_charset, decode_bytes
from pipeline.text.dates import instant_ms, read_moment, read_url_date
from pipeline.text.drafting import draft_article
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.flags import text_flags
from pipeline.text.lines import split_paragraphs
from pipeline.text.misread import reread_page
from pipeline.text.page.element_names import classify_names
from pipeline.text.page.lenient_json import read_lenient_json
from pipeline.text.params import IngestParams
from pipeline.text.summary import summarise
from pipeline.text.times_of_day import read_time_of_day
from pipeline.text.titles import choose_title, first_line_title, without_site_name
from pipeline.text.urls import canonical_url, registrable_domain
from pipeline.text.walls import is_no_article
from pipeline.text.written_dates import is_only_date, read_written_date
from pipeline.wire.raw import decode_raw

__all__ = ["field_readers", "language_reader", "page_readers", "patterns"]

Reader = Callable[[str], object]

_PARAMS = IngestParams()
_SEEN_MS = 1_760_000_000_000
_URL = "https://news.example.com/a"
_TEXT = "The old dam withstood the highest water in thirty years, engineers said on Tuesday, and nobody was hurt. " * 5
_READING_PACKAGES = ("text", "wire", "models", "dedup", "domain", "sources")


def patterns() -> dict[str, tuple["re.Pattern[Any]", list[Reader]]]:
    """Return all compiled patterns of the packages that read input, by place, with the ways in which they are used."""
    found: dict[int, tuple[str, re.Pattern[Any], list[Reader]]] = {}
    for module in _modules():
        source = Path(module.__file__ or "").read_text("utf-8")
        for name, value in vars(module).items():
            for place, pattern in _patterns_in(name, value):
                uses = set(re.findall(rf"\b{re.escape(name)}\b(?:\[[^\]]+\])?\.(\w+)\(", source))
                readers = [reader for use, reader in _uses(pattern).items() if use in uses]
                found.setdefault(id(pattern), (f"{module.__name__}.{place}", pattern, readers or [pattern.findall]))
    return {place: (pattern, readers) for place, pattern, readers in found.values()}


def _uses(pattern: "re.Pattern[Any]") -> dict[str, Reader]:
    empty: Any = b"" if isinstance(pattern.pattern, bytes) else ""
    return {
        "match": pattern.match,
        "fullmatch": pattern.fullmatch,
        "search": pattern.search,
        "findall": pattern.findall,
        "finditer": lambda text: list(pattern.finditer(text)),
        "split": pattern.split,
        "sub": lambda text: pattern.sub(empty, text),
        "subn": lambda text: pattern.subn(empty, text),
    }


def _modules() -> Iterator[Any]:
    for package in _READING_PACKAGES:
        root = importlib.import_module(f"{pipeline.__name__}.{package}")
        yield root
        for module in pkgutil.walk_packages(getattr(root, "__path__", []), f"{root.__name__}."):
            try:
                yield importlib.import_module(module.name)
            except ImportError:
                continue  # needs an extra that is not installed


def _patterns_in(name: str, value: Any) -> Iterator[tuple[str, "re.Pattern[Any]"]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from _patterns_in(f"{name}[{place}]", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _patterns_in(f"{name}[{key!r}]", item)


def _drafted(**fields: Any) -> object:
    raw = RawArticle(**{"url": _URL, "canonical": _URL, **fields})
    return draft_article(raw, "example.com", _SEEN_MS, _PARAMS)


def _lines(text: str) -> list[str]:
    """Return a text as its readers get it: in lines, without white space in a row."""
    return [" ".join(line.split()) for line in text.split("\n")]


def field_readers() -> dict[str, Reader]:
    """Return the readers of single fields, texts and bytes, by what they read."""
    return {
        "characters": clean_characters,
        "paragraphs": split_paragraphs,
        "a date": read_moment,
        "a written date": read_written_date,
        "a line that is a date": is_only_date,
        "a time of day": read_time_of_day,
        "an instant": instant_ms,
        "the date in an address": read_url_date,
        "an address": canonical_url,
        "a domain": registrable_domain,
        "authors": lambda text: clean_authors([(" ".join(text.split()), text)], 30),
        "byline lines": lambda text: take_byline_lines(_lines(text)),
        "titles": lambda text: choose_title([text[:2000], _TEXT], text, [text, "b"], [text[:400]]),
        "a title with the site's name": lambda text: without_site_name(text, [text[-50:], "a"]),
        "a first line as title": lambda text: first_line_title(_lines(text), 200),
        "boilerplate": lambda text: trim_boilerplate(_lines(text), 120),
        "credits": lambda text: attribute(_lines(text), text[:2000], [text[:500]], None, "example.com"),
        "flags": lambda text: text_flags(_lines(text), text[:2000], _PARAMS),
        "no article": lambda text: is_no_article(_lines(text), text[:2000], from_page=True),
        "a summary": lambda text: summarise(_lines(text), 280),
        "names of elements": classify_names,
        "bytes of a text": lambda text: decode_bytes(_bytes(text), None, is_html=False),
        "bytes of a page": lambda text: decode_bytes(_bytes(text), "iso-8859-1", is_html=True),
        "a charset in a page": declared_charset,
        "a page read wrongly": lambda text: reread_page(EncodedPage.of(text)),
        "broken JSON": lambda text: read_lenient_json(f'{{"a": "{text}', len(text) + 20),
        "a raw record": lambda text: decode_raw(_bytes(text), (), _PARAMS),
        "a raw record's text": lambda text: decode_raw(orjson.dumps({"url": _URL, "text": text}), (), _PARAMS),
        "a raw record's address": lambda text: decode_raw(orjson.dumps({"url": text, "text": "a"}), (), _PARAMS),
        "a raw record with broken strings": lambda text: decode_raw(b'{"url":"' + _bytes(text), (), _PARAMS),
        "a content type": lambda text: decode_raw(b"a", (("content-type", _bytes(text)),), _PARAMS),
        "a content encoding": lambda text: decode_raw(b"a", (("content-encoding", _bytes(text)),), _PARAMS),
        "a signature": _signed,
    }


def page_readers() -> dict[str, Reader]:
    """Return the readers of whole articles, by where the string stands."""
    places = {
        "a page": "{}",
        "the text of a page": "<article><h1>a</h1><p>{}</p></article>",
        "paragraphs of a page": "<article><p>{}</p><p>{}</p></article>",
        "the title of a page": "<title>{}</title><p>" + _TEXT,
        "headings of a page": "<article><h1>{}</h1><h2>{}</h2><p>" + _TEXT,
        "an attribute": "<div class='{}' id='{}'><p>" + _TEXT,
        "the description of a page": "<meta name=description content='{}'><p>" + _TEXT,
        "the author of a page": "<meta name=author content='{}'><p>" + _TEXT,
        "a byline of a page": "<article><h1>a</h1><p class=byline rel=author>{}</p><p>" + _TEXT,
        "dates of a page": "<meta property='article:published_time' content='{}'><time datetime='{}'>{}</time><p>"
        + _TEXT,
        "addresses of a page": "<base href='{}'><link rel=canonical href='{}'><meta property=og:image content='{}'><p>"
        + _TEXT,
        "JSON-LD": "<script type='application/ld+json'>{}</script><p>" + _TEXT,
        "a string in JSON-LD": "<script type='application/ld+json'>"
        '{{"@type":"NewsArticle","headline":"{}","articleBody":"{}","author":"{}","datePublished":"{}"}}</script><p>'
        + _TEXT,
        "microdata": "<div itemscope itemtype='https://schema.org/Article'><i itemprop=author>{}</i>"
        "<i itemprop=datePublished content='{}'></i><p>" + _TEXT,
        "a comment of a page": "<p>" + _TEXT + "<!--{}-->",
        "a script of a page": "<p>" + _TEXT + "<script>{}</script>",
    }
    readers: dict[str, Reader] = {
        "a text": lambda text: _drafted(text=text),
        "a text after others": lambda text: _drafted(text=f"{_TEXT}\n{text}"),
        "fields of a record": lambda text: _drafted(
            title=text, subtitle=text, text=_TEXT, authors=(text,), section=text, tags=(text,), published_at=text,
            modified_at=text, language=text,
        ),
    }  # fmt: skip
    for name, markup in places.items():
        readers[name] = _page_reader(markup)
    return readers


def _page_reader(markup: str) -> Reader:
    slots = markup.count("{}")

    def read(text: str) -> object:
        return _drafted(html=markup.format(*[text[: len(text) // slots]] * slots))

    return read


def language_reader() -> Reader:
    """Return the reader of a text's language, whose model takes a second to load."""
    model = LanguageModel.load()
    return lambda text: model.detect([LanguageInput(body=text)])


def _signed(text: str) -> object:
    return sign(
        [
            SigningInput(
                article_id=ArticleId("a"),
                origin=Origin(lane="", partition=0, offset=0),
                headline=text[:500],
                body=text,
                ingested_at_ms=0,
                observed_at_ms=0,
            )
        ]
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
