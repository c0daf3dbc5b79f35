"""Which text counts where a page states one, shows one, and comes with one."""

import json

import pytest

from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.cleaned_input import CleanedInput, clean_input, clean_text
from pipeline.text.params import IngestParams

PARAMS = IngestParams()
LINES = [
    f"Paragraph {word} says that the ferry to the islands will leave an hour earlier until the autumn is over."
    for word in ("one", "two", "three", "four", "five", "six")
]
TEXT = "\n".join(LINES)
MARKED = "".join(f"<p>{line}</p>" for line in LINES)
MAIL = "<p><a href='mailto:a@b.example'>a@b.example</a></p>"
TRACKED = "<a href='https://t.example/?utm_source=x'>ferry</a>"


def _stated(body: str, shown: str = "") -> str:
    data = json.dumps({"@type": "NewsArticle", "headline": "Ferry leaves earlier", "articleBody": body})
    return f'<head><script type="application/ld+json">{data}</script></head><body>{shown}</body>'


def _text(html: str, text: str | None = None) -> str:
    cleaned = clean_text(RawArticle(html=html, text=text), PARAMS)
    assert not isinstance(cleaned, Reject)
    return cleaned.text


@pytest.mark.parametrize(
    "stated",
    [
        MARKED,
        "<br><br>".join(LINES),
        "".join(f"&lt;p&gt;{line}&lt;/p&gt;" for line in LINES),
        f"<div>{MARKED}{MAIL}</div>",
        MARKED.replace("ferry", TRACKED),
    ],
)
def test_markup_of_a_stated_body_is_read(stated: str) -> None:
    assert _text(_stated(stated)) == TEXT


@pytest.mark.parametrize(
    "stated",
    [TEXT + TEXT, f"{TEXT}\n{TEXT}", f"{TEXT} {TEXT}", f"{TEXT}\n\n{TEXT}\n", MARKED * 2],
)
def test_a_stated_body_that_is_doubled_is_taken_once(stated: str) -> None:
    assert _text(_stated(stated)) == TEXT


def test_what_only_begins_alike_is_not_doubled() -> None:
    stated = f"{TEXT}\n{TEXT.replace('five', 'seven')}"
    assert _text(_stated(stated)) == stated


def test_a_doubled_body_is_no_longer_than_the_page() -> None:
    shown = "".join(f"<p>{line}</p>" for line in LINES[:5])
    assert _text(_stated(f"{TEXT} {TEXT}", shown)) == "\n".join(LINES[:5])


@pytest.mark.parametrize(
    "html",
    [
        "<body><h1>Your choice</h1><p>We use cookies. Accept all cookies?</p></body>",
        "<title>Just a moment...</title><body><p>Checking your browser.</p></body>",
        "<body><div id='root'></div><noscript>Enable JavaScript</noscript></body>",
        "<title>Ferry</title><body><p>Loading the article, please wait until it has been shown.</p></body>",
        f"<title>Attention Required! | Cloudflare</title><body>{'<p>Your address is blocked.</p>' * 24}</body>",
    ],
)
def test_the_text_beside_a_page_without_article_is_read(html: str) -> None:
    assert _text(html, TEXT) == TEXT
    assert _text(html, MARKED) == TEXT


def test_the_page_counts_where_it_shows_the_article() -> None:
    assert _text(f"<body>{MARKED}</body>", "Another text, as feeds send it.") == TEXT


def test_metadata_of_a_page_that_a_script_fills_are_used_but_not_those_of_a_wall() -> None:
    shell = "<title>Ferry leaves earlier</title><body><div id='root'></div></body>"
    wall = "<title>Your choice</title><body><p>We use cookies. Accept all cookies?</p></body>"
    for html, title in ((shell, "Ferry leaves earlier"), (wall, None)):
        given = clean_input(RawArticle(html=html, text=TEXT), PARAMS)
        assert isinstance(given, CleanedInput)
        assert given.page_title == title


def test_the_line_shown_above_the_text_is_the_sub_headline_not_another_headline() -> None:
    data = json.dumps({"@type": "NewsArticle", "headline": "Ferry", "alternativeHeadline": "Islands wait for ferry"})
    lead = "From Monday on, commuters to the islands must get up an hour earlier than they are used to."
    head = f'<head><script type="application/ld+json">{data}</script></head>'
    html = f'{head}<body><h1>Ferry</h1><h2 class="sub-title">{lead}</h2><div>{MARKED}</div></body>'
    given = clean_input(RawArticle(html=html), PARAMS)
    assert isinstance(given, CleanedInput)
    assert given.subtitle == lead
