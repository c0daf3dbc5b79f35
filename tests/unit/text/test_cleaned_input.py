"""The strings that an article is made from are clean, and bounded."""

import json
from typing import Any

import pytest

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle, RawAuthor
from pipeline.text.characters import clean_characters
from pipeline.text.cleaned_input import CleanedInput, clean_input, clean_text
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

PARAMS = IngestParams()
DIRT = "&amp;lt;caf\u200be\u0301&nbsp;"
TEXT = "The dam held through the night, engineers said on Tuesday, after the highest water in thirty years."
SEEN_MS = 1_717_200_000_000


def _clean(raw: RawArticle) -> CleanedInput:
    given = clean_input(raw, PARAMS)
    assert isinstance(given, CleanedInput)
    return given


def _draft(raw: RawArticle) -> ArticleDraft:
    draft = draft_article(raw, "nahr-news.example", SEEN_MS, PARAMS)
    assert isinstance(draft, ArticleDraft)
    return draft


def _strings(given: CleanedInput) -> list[str]:
    dates = [text for text, _ in given.published]
    names = [name for name, _ in (*given.authors, *given.page_authors)]
    lines = [given.title, given.subtitle, given.section, given.language, given.page_title]
    lines += [given.site_name, given.publisher, given.text.text]
    return [
        *(line for line in lines if line is not None),
        *(*dates, *names, *given.tags, *given.modified, *given.page_titles, *given.page_headlines),
    ]


def _page(**metadata: object) -> str:
    data = json.dumps({"@type": "NewsArticle", **metadata})
    return (
        f'<html lang="{DIRT}"><head><title>{DIRT}title</title><meta property="og:site_name" content="{DIRT}site">'
        f'<script type="application/ld+json">{data}</script></head>'
        f"<body><h1>{DIRT}heading</h1><p>{DIRT}{TEXT}</p><p>{TEXT}</p></body></html>"
    )


def test_every_string_is_clean() -> None:
    fields = ("title", "subtitle", "section", "published_at", "modified_at", "language")
    given: dict[str, Any] = dict.fromkeys(fields, DIRT)
    authors, tags = (DIRT, RawAuthor(DIRT, "https://x.example/a?b=1&amp;c=2")), (DIRT,)
    stated = {"headline": DIRT, "alternativeHeadline": DIRT, "articleSection": DIRT, "keywords": [DIRT]}
    stated |= {"datePublished": DIRT, "dateModified": DIRT}
    named = {"author": {"name": DIRT}, "publisher": {"name": DIRT}}
    for raw in (
        RawArticle(text=f"{DIRT}{TEXT}", authors=authors, tags=tags, **given),
        RawArticle(html=_page(**stated, **named), authors=authors, tags=tags, **given),
        RawArticle(html=_page(**stated, **named)),
    ):
        strings = _strings(_clean(raw))
        assert len(strings) >= 10
        assert all(clean_characters(text).text == text for text in strings)


def test_addresses_are_not_text() -> None:
    raw = RawArticle(text=TEXT, authors=(RawAuthor("Ada Okafor", "https://x.example/a?b=1&amp;c=2"),))
    assert _clean(raw).authors == (("Ada Okafor", "https://x.example/a?b=1&amp;c=2"),)


def test_what_was_hidden_by_characters_is_found() -> None:
    date = "14\u00a0March\u00a02020"
    raw = RawArticle(text=f"{TEXT}\n{TEXT}", published_at=date, language="en\u200b", authors=("\ufeffAFP",))
    draft = _draft(raw)
    assert draft.published_at is not None
    assert draft.published_at.value == "2020-03-14T00:00:00.000Z"
    assert draft.language_hint == "en"
    assert draft.attribution is not None
    assert draft.attribution.evidence == "AFP"


def test_the_publisher_is_no_author_however_it_is_written() -> None:
    page = _page(author=[{"name": "Nahr News"}, {"name": "Ada Okafor"}], publisher={"name": "Nahr&nbsp;News"})
    assert [author.name for author in _draft(RawArticle(html=page)).authors] == ["Ada Okafor"]


@pytest.mark.parametrize(("chars", "is_taken"), [(400, False), (401, True)])
def test_a_stated_body_is_taken_if_it_is_long(chars: int, is_taken: bool) -> None:
    text = clean_text(RawArticle(html=_page(articleBody="x" * chars)), PARAMS)
    assert not isinstance(text, Reject)
    assert ("xxx" in text.text) == is_taken


@pytest.mark.parametrize(("factor", "is_taken"), [(1.6, False), (1.61, True)])
def test_a_stated_body_is_taken_if_it_is_longer(factor: float, is_taken: bool) -> None:
    shown = [f"<p>{'word ' * 60}{number}</p>" for number in range(3)]
    chars = len("\n".join("word " * 60 + str(number) for number in range(3)))
    data = json.dumps({"@type": "NewsArticle", "articleBody": "x" * int(factor * chars)})
    page = f'<script type="application/ld+json">{data}</script><body>{"".join(shown)}</body>'
    text = clean_text(RawArticle(html=page), PARAMS)
    assert not isinstance(text, Reject)
    assert ("xxx" in text.text) == is_taken


def test_input_is_bounded() -> None:
    tags = ("t" * 200, "t" * 201, *map(str, range(99)))
    given = _clean(RawArticle(text=TEXT, authors=("x" * 501, *["Ada Okafor"] * 59), tags=tags))
    assert len(given.authors) == 50
    assert len(given.authors[0][0]) == 500
    assert len(given.tags) == PARAMS.max_tags
    assert "t" * 200 in given.tags
    assert "t" * 201 not in given.tags
    metas = "".join(f'<meta property="og:title" content="Title {number}">' for number in range(9))
    metas += "".join(f'<meta name="date" content="20{number}">' for number in range(99))
    given = _clean(RawArticle(html=f"<head>{metas}</head><p>{TEXT}</p>", published_at="soon"))
    assert len(given.page_titles) == 6
    assert len(given.published) == 61


def test_a_long_headline_is_cut_at_a_word() -> None:
    word = "x" * 499
    for title, headline in ((f"{word}x", f"{word}x"), (f"{word} y z", f"{word}…"), (f"{word}xx", f"{word}x…")):
        draft = _draft(RawArticle(text=TEXT, title=title))
        assert draft.headline == headline
        assert ("title_cut" in draft.flags) == (headline != title)


@pytest.mark.parametrize(("given", "name"), [(("Ada Okafor",), "Ada Okafor"), ((), "Lin Wei"), (("Staff",), "Lin Wei")])
def test_stated_authors_come_before_the_text(given: tuple[str, ...], name: str) -> None:
    by_text = _draft(RawArticle(text=f"By Lin Wei\n{TEXT}\n{TEXT}", title="Dam holds", authors=given))
    by_page = _draft(RawArticle(html=_page(author={"name": "Lin Wei"}), authors=given))
    assert [author.name for author in by_text.authors] == [author.name for author in by_page.authors] == [name]


@pytest.mark.parametrize(("linked", "is_list"), [(5, False), (12, True)])
def test_a_page_of_links_is_a_list(linked: int, is_list: bool) -> None:
    links = "".join(f"<p><a href='/x'>{number} {'word ' * 30}</a>{'word ' * 9}end.</p>" for number in range(linked))
    text = "".join(f"<p>{day}: {TEXT} {TEXT}</p>" for day in ("Monday", "Tuesday", "Wednesday"))
    draft = _draft(RawArticle(html=f"<body><article>{text}{links}</article></body>"))
    assert ("list_page" in draft.flags) == is_list


@pytest.mark.parametrize(("kind", "is_list"), [("website", True), ("article", False)])
def test_a_front_page_is_a_list_unless_it_states_an_article(kind: str, is_list: bool) -> None:
    page = f'<head><meta property="og:type" content="{kind}"></head><p>{TEXT} {TEXT}</p><p>{TEXT} {TEXT}</p>'
    url = "https://nahr-news.example/"
    assert ("list_page" in _draft(RawArticle(html=page, url=url, canonical=url)).flags) == is_list


@pytest.mark.parametrize(("tag", "hint"), [("e", None), ("en", "en"), ("x" * 35, "x" * 35), ("x" * 36, None)])
def test_limits_of_language_tags(tag: str, hint: str | None) -> None:
    assert _draft(RawArticle(text=TEXT, language=tag)).language_hint == hint
