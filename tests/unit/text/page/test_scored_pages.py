"""Pages that the rules misread and the scorer does not, and what the score says of pages that are no articles."""

import pytest

from pipeline.domain.extraction import Extraction
from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.extract import Page, read_page
from pipeline.text.page.params import PAGE_PARAMS
from pipeline.text.params import IngestParams
from pipeline.text.quality import judge_quality

TEXT = [
    "The harbour master counted forty boats on Monday, twelve more than last spring, and asked for a second pier.",
    "Nobody on the council wanted to say how the pier, which is to cost nine million, will be paid for this year.",
    "“We have been promised this since my father had the boat,” said Ana Holm, who has fished here for thirty years.",
    "The old pier was built in 1931, and two of its piles were replaced after the storm that flooded the fish market.",
    "An engineer's report of last autumn, which the council did not publish, gives the remaining piles ten years.",
    "The vote on the budget is planned for the second week of May, when the mayor will be back from her journey.",
    "Until then boats over twelve metres are to moor at the ferry terminal, where the night costs three times as much.",
]
TITLE = "Second pier for the harbour"
MENU = "".join(f"<li><a href='/{number}'>Section {number}</a></li>" for number in range(20))
LEGAL = "".join(f"<li><a href='/f{number}'>Legal {number}</a></li>" for number in range(12))
STORIES = "".join(
    f"<div class='item'><a href='/s{number}'><h3>Another story number {number} of the coast and its people</h3></a>"
    f"<p>What happened there on day {number} and why nobody had expected it to.</p></div>"
    for number in range(10)
)
HEAD = f"<title>{TITLE} | Gazette</title><meta property='og:type' content='article'>"


def _paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def _html(article: str, head: str = HEAD) -> str:
    return (
        f"<html><head>{head}</head><body><div class='menu'><ul>{MENU}</ul></div>{article}"
        f"<div class='more'>{STORIES}</div><div class='foot'><ul>{LEGAL}</ul><p>© The Gazette</p></div></body></html>"
    )


def _read(html: str, extraction: Extraction = "accurate") -> Page:
    page = read_page(EncodedPage.of(html), IngestParams(extraction=extraction))
    assert isinstance(page, Page)
    return page


FIRST, REST = _paragraphs(TEXT[:3]), _paragraphs(TEXT[3:])
OFFER = "<div class='promo'><a href='/x'>Subscribe for one euro</a></div>"
CAPTION = "<p class='bu'>Boats at the old pier on Monday morning, seen from the ferry. Picture: Lin Wei</p>"
PORTRAIT = (
    "<p>Lin Wei has written about the coast for the Gazette since 2011. Before that she was a teacher in the north.</p>"
)
OPINIONS = (
    "<div class='o'><b>Tom</b><p>I think that they should have built it long ago, as everybody knew.</p></div>"
    "<div class='o'><b>Ida</b><p>And who pays? We do, as always, while the boats of the rich lie there.</p></div>"
)


@pytest.mark.parametrize(
    "article",
    [
        f"<div class='part'>{FIRST}</div>{OFFER}<div class='part'>{REST}</div>",
        f"<table><tr><td><div>{FIRST}</div></td></tr><tr><td><div>{REST}</div></td></tr></table>",
        f"<aside class='main-col'>{FIRST}{REST}</aside>",
        f"{FIRST}<div class='bild'><img src='a'>{CAPTION}</div>{REST}",
        "".join(f"<div>{text}</div>" for text in TEXT),
        f"{FIRST}{REST}<div class='who'>{PORTRAIT}</div>",
        f"{FIRST}{REST}<div class='opinie'><h3>Opinions (2)</h3>{OPINIONS}</div>",
    ],
    ids=["advertisement", "cells", "aside", "caption", "loose text", "portrait", "opinions"],
)
def test_the_scorer_finds_the_article_and_no_more(article: str) -> None:
    page = _read(_html(f"<div class='wrap'><h1>{TITLE}</h1>{article}</div>"))
    assert page.main.lines == TEXT


def test_modes_differ_where_the_scorer_is_asked() -> None:
    html = _html(f"<div class='wrap'><h1>{TITLE}</h1><aside class='main-col'>{_paragraphs(TEXT)}</aside></div>")
    assert _read(html, "fast").main.lines != TEXT
    assert _read(html, "accurate").main.lines == TEXT


def test_the_second_reading_of_a_page_gives_the_same_bytes() -> None:
    html = _html(f"<div class='wrap'><h1>{TITLE}</h1>{_paragraphs(TEXT)}</div>")
    assert _read(html) == _read(html)


@pytest.mark.parametrize("extraction", ["fast", "auto", "accurate"])
def test_an_article_scores_high_and_a_front_page_low(extraction: Extraction) -> None:
    article = _html(f"<div class='wrap'><h1>{TITLE}</h1>{_paragraphs(TEXT)}</div>")
    front = _html("<h1>Gazette</h1>", "<title>Gazette</title><meta property='og:type' content='website'>")
    scores = []
    for html, url in ((article, "https://gazette.example/pier-second"), (front, "https://gazette.example/")):
        draft = draft_article(RawArticle(html=html, canonical=url), None, 0, IngestParams(extraction=extraction))
        assert isinstance(draft, ArticleDraft)
        scores.append(judge_quality(draft.flags, draft.doubt).score)
    assert scores[0] > 0.8
    assert scores[1] < 0.5


def test_a_text_that_the_page_states_or_that_was_sent_is_not_doubted_for_the_page() -> None:
    stated = " ".join(TEXT)
    head = f'<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{stated}"}}</script>'
    waiting = "<div id='app'><p>Loading the page, please wait a moment.</p></div>"
    shell = f"<html><head>{HEAD}{head}</head><body>{waiting}</body></html>"
    by_page = draft_article(RawArticle(html=shell), None, 0, IngestParams())
    by_text = draft_article(RawArticle(text=stated, title=TITLE), None, 0, IngestParams())
    assert isinstance(by_page, ArticleDraft)
    assert isinstance(by_text, ArticleDraft)
    assert by_page.paragraphs == [stated]
    assert by_page.doubt == by_text.doubt == 0


def test_a_page_with_too_many_segments_is_read_by_the_rules() -> None:
    lines = "".join(f"<p>{number}: {TEXT[0]}</p>" for number in range(PAGE_PARAMS.max_segments + 1))
    html = f"<html><body><aside>{lines}</aside></body></html>"
    assert _read(html, "accurate").main == _read(html, "auto").main
    fewer = html.replace(f"<p>0: {TEXT[0]}</p>", "")
    assert len(_read(fewer, "accurate").main.lines) == PAGE_PARAMS.max_segments


@pytest.mark.parametrize("extraction", ["auto", "accurate"])
def test_the_next_article_of_the_page_is_left_out(extraction: Extraction) -> None:
    following = [
        f"The {day} ferry was cancelled by the wind, and nobody at the terminal knew when it will go."
        for day in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    ]
    articles = (
        f"<article><h1>{TITLE}</h1>{_paragraphs(TEXT)}</article>"
        f"<article><h1>Wind stops all ferries for days</h1>{_paragraphs(following)}</article>"
    )
    lines = _read(_html(articles), extraction).main.lines
    assert [line for line in lines if line in TEXT] == TEXT
    assert set(lines).isdisjoint([*following, "Wind stops all ferries for days"])
