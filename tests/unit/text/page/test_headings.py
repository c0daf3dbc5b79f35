"""Headlines in unusual markup, and pages without a first-level heading."""

import pytest

from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

URL = "https://www.harbour-post.example/news/pilots"
TITLE = "Port Selwyn approves a new pilot station"
FIRST = "The harbour board approved a new pilot station on Tuesday after two years of talks with skippers and agents."
SECOND = "The building will stand beside the old lighthouse and cost eleven million verano, most of it from port fees."
THIRD = "Work is to begin in April and last eighteen months, during which the northern basin is open for small boats."
TEXT = "".join(f"<p>{text}</p>" for text in (FIRST, SECOND, THIRD))


def _draft(body: str, title: str) -> ArticleDraft:
    html = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    draft = draft_article(
        RawArticle(html=html, url=URL, canonical=URL), "harbour-post.example", 1_790_000_000_000, IngestParams()
    )
    assert isinstance(draft, ArticleDraft)
    return draft


@pytest.mark.parametrize(
    "heading",
    [
        "Port Selwyn approves<br>a new pilot station",
        "Port Selwyn approves<br/>a new <span>pilot</span> station",
        "<span>Port Selwyn approves</span><span>a new pilot station</span>",
        "<div>Port Selwyn approves</div><div>a new pilot station</div>",
        "<p>Port Selwyn approves</p><p>a new pilot station</p>",
        "<strong>Port Selwyn approves</strong><em>a new pilot station</em>",
        "Port Selwyn appr<b>o</b>ves a new pilot station",
    ],
)
@pytest.mark.parametrize("title", ["Harbour Post", f"{TITLE} - Harbour Post"])
def test_the_parts_of_a_headline_are_words_apart(heading: str, title: str) -> None:
    draft = _draft(f"<article><h1>{heading}</h1>{TEXT}</article>", title)
    assert draft.headline == TITLE
    assert draft.paragraphs == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (f"<div><h2>{TITLE}</h2>{TEXT}</div>", "Harbour Post"),
        (f"<div><p class='title'>{TITLE}</p>{TEXT}</div>", "Harbour Post"),
        (f"<div><div class='nadpis'>{TITLE}</div>{TEXT}</div>", "Harbour Post"),
        (f"<table><tr><td><b>{TITLE}</b></td></tr><tr><td>{TEXT}</td></tr></table>", "Harbour Post"),
        (f"<div itemprop='headline'>{TITLE}</div><div>{TEXT}</div>", "Harbour Post"),
        (f"<div><h2>{TITLE}</h2>{TEXT}</div>", f"{TITLE} | City | The Post of the Harbour"),
        (f"<div><h2>{TITLE}</h2>{TEXT}</div>", "News | Harbour Post"),
        (f"<h2>Ferries that you should take once</h2><div>{TEXT}</div>", f"{TITLE} - Harbour Post"),
        (f"<div>{TEXT}</div>", f"{TITLE} - Harbour Post"),
    ],
)
def test_a_page_without_a_first_level_heading(body: str, title: str) -> None:
    draft = _draft(body, title)
    assert draft.headline == TITLE
    assert draft.paragraphs == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("title", ["Pilots", "Pilots - Harbour Post"])
def test_a_short_title_that_is_no_section_stays(title: str) -> None:
    assert _draft(f"<div>{TEXT}</div>", title).headline == "Pilots"
