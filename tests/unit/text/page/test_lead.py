"""What stands between headline and text belongs to the article, in one field or the other."""

import pytest

from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

URL = "https://www.harbour-post.example/news/pilots"
LEAD = "Skippers have waited for it for thirty years: pilots & agents get a tower of their own beside the lighthouse."
SUB = "A tower for the pilots at last, and a road for the trucks"
FIRST = "The harbour board approved a new pilot station on Tuesday after two years of talks with skippers and agents."
SECOND = "The building will stand beside the old lighthouse and cost eleven million verano, most of it from port fees."
TEXT = f"<div class='story-content'><p>{FIRST}</p><p>{SECOND}</p></div>"
ESCAPED = LEAD.replace("&", "&amp;")


def _draft(above: str, description: str = ESCAPED) -> ArticleDraft:
    head = f"<title>New pilot station</title><meta name='description' content='{description}'>"
    html = f"<html><head>{head}</head><body><h1>New pilot station</h1>{above}{TEXT}</body></html>"
    draft = draft_article(
        RawArticle(html=html, url=URL, canonical=URL), "harbour-post.example", 1_790_000_000_000, IngestParams()
    )
    assert isinstance(draft, ArticleDraft)
    return draft


@pytest.mark.parametrize(
    ("above", "description", "lead"),
    [
        (f"<div><p>{ESCAPED}</p></div>", ESCAPED, LEAD),
        (f"<div><p>{ESCAPED}</p></div>", ESCAPED.replace("&", "&amp;"), LEAD),
        (f"<div>Selwyn. {ESCAPED}</div>", ESCAPED, f"Selwyn. {LEAD}"),
        (f"<div class='standfirst'>{ESCAPED}</div>", "", LEAD),
        (f"<div><p>Home › News › {ESCAPED}</p></div>", ESCAPED, None),
    ],
)
def test_the_introduction_is_the_sub_headline(above: str, description: str, lead: str | None) -> None:
    draft = _draft(above, description)
    assert draft.subheadline == lead
    assert draft.paragraphs == [FIRST, SECOND]


@pytest.mark.parametrize(
    "above",
    [
        f"<h2 class='subtitle'>{SUB}</h2><div><p>{ESCAPED}</p></div>",
        f"<p class='subheadline'>{SUB}</p><div class='intro-text'><p>{ESCAPED}</p></div>",
        f"<header><h2 class='deck'>{SUB}</h2></header><section><p>{ESCAPED}</p></section>",
    ],
)
def test_below_a_sub_headline_the_introduction_begins_the_text(above: str) -> None:
    draft = _draft(above)
    assert draft.subheadline == SUB
    assert draft.paragraphs == [LEAD, FIRST, SECOND]
