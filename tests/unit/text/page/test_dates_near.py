"""Dates of pages, archives among them, that state none and name no element after one."""

import pytest

from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

URL = "https://www.pristavni-list.example/clanek.aspx?id=123"
TITLE = "Selvín bude mít novou lodivodskou stanici"
TEXT = [
    "Zastupitelstvo Selvína v úterý schválilo stavbu nové lodivodské stanice po dvou letech jednání se skippery.",
    "Budova bude stát vedle starého majáku a přijde na jedenáct milionů verano, z velké části z přístavních poplatků.",
]
BODY = "".join(f"<p>{text}</p>" for text in TEXT)
DAY = "2006-11-14"


def _draft(body: str) -> ArticleDraft:
    html = f"<html lang='cs'><head><title>{TITLE}</title></head><body>{body}</body></html>"
    draft = draft_article(
        RawArticle(html=html, url=URL, canonical=URL), "pristavni-list.example", 1_790_000_000_000, IngestParams()
    )
    assert isinstance(draft, ArticleDraft)
    return draft


@pytest.mark.parametrize(
    "line",
    [
        "<p>Publikováno: 14.11.2006 | Autor: Jan Novotný</p>",
        "<div>Vydáno 14. 11. 2006, 17.30</div>",
        "<div class='author'>Jan Novotný, Selvín, 14.11.2006</div>",
        "<p><b>14.11.2006</b> - Jan Novotný</p>",
        "<font size='1'>14. listopadu 2006</font>",
        "<table><tr><td class='autor'>Jan Novotný</td><td>14. 11. 2006 0:00</td></tr></table>",
        "<div class='rubrika'>Domácí | 14. listopadu 2006 | ČTK</div>",
        "<span class='cas'>14. listopadu 2006 v 17:30</span>",
        "<div>úterý 14. listopadu 2006&nbsp;&nbsp;17:30</div>",
        "<div class='vlozil'>vložil Jan Novotný, 14.&nbsp;11.&nbsp;2006</div>",
        "<em>14.11.06</em>",
        "<div>Aktualizováno 15. 11. 2006</div><div>14. 11. 2006</div>",
    ],
)
def test_a_line_near_the_headline(line: str) -> None:
    for body in (f"<h1>{TITLE}</h1>{line}<div>{BODY}</div>", f"<div>{line}<h1>{TITLE}</h1></div><div>{BODY}</div>"):
        draft = _draft(f"<div id='main'>{body}</div>")
        assert draft.published_at is not None
        assert (draft.published_at.value[:10], draft.published_at.source) == (DAY, "text")
        assert draft.paragraphs == TEXT


def test_a_line_below_the_text() -> None:
    draft = _draft(f"<div><h1>{TITLE}</h1><div>{BODY}</div><p>Zdroj: ČTK, 14. 11. 2006</p></div>")
    assert draft.published_at is not None
    assert draft.published_at.value[:10] == DAY


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>{TITLE}</h1><div>{BODY}</div><p>Majáky postavené 14. 11. 1871</p>",
        f"<h1>{TITLE}</h1><div>{BODY}</div><p>Příští zasedání zastupitelstva se koná v Selvíně 14. 11. 2006 večer</p>",
        f"<h1>{TITLE}</h1><div>{BODY}</div><ul class='related'><li><a href='/x'>Trajekt</a> 14. 11. 2006</li></ul>",
        f"<h1>{TITLE}</h1><div>{BODY}</div><aside>14. 11. 2006</aside>",
        f"<header>14. 11. 2006</header><div><h1>{TITLE}</h1><div>{BODY}</div></div>",
        f"<h1>{TITLE}</h1><p>{TEXT[0]} Poprvé o ní jednalo 14. 11. 2006.</p><p>{TEXT[1]}</p>",
    ],
)
def test_other_dates_on_the_page(body: str) -> None:
    assert _draft(body).published_at is None
