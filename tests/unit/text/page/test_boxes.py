"""What stands between the paragraphs of an article and is none of it."""

import pytest

from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

URL = "https://www.harbour-post.example/news/pilots"
TEXT = [
    "The harbour board approved a new pilot station on Tuesday after two years of talks with skippers and agents.",
    "The building will stand beside the old lighthouse and cost eleven million verano, most of it from port fees.",
    "Work is to begin in April and last eighteen months, during which the northern basin is open for small boats.",
    "Skippers had asked for a station nearer to the bar, but engineers found the ground there too soft for a tower.",
]
FACTS = (
    "<h3>Facts about the pilots</h3><ul><li>Founded in 1871</li><li>Twelve pilots, three launches</li></ul><p>They "
    "bring four hundred ships a year across the bar, and none was lost since 1954.</p>"
)
POST = "We are glad that the tower comes at last, it took us long enough to be heard by the board."


def _paragraphs(between: str) -> list[str]:
    first, second, third, fourth = (f"<p>{text}</p>" for text in TEXT)
    body = f"<article><h1>New pilot station</h1>{first}{second}{between}{third}{fourth}</article>"
    html = f"<html><head><title>New pilot station</title></head><body>{body}</body></html>"
    draft = draft_article(
        RawArticle(html=html, url=URL, canonical=URL), "harbour-post.example", 1_790_000_000_000, IngestParams()
    )
    assert isinstance(draft, ArticleDraft)
    return draft.paragraphs


@pytest.mark.parametrize(
    "attributes",
    [
        'class="infobox"',
        'class="c-infoBox c-infoBox--wide"',
        'class="article__fact-box"',
        'class="metro-factbox"',
        'class="faktaruta"',
        'class="info-kasten"',
        'class="despiece"',
        'id="factFile"',
        'role="complementary"',
        'class="rty-pop-up" style="display:none"',
    ],
)
def test_boxes_of_facts_are_left_out(attributes: str) -> None:
    assert _paragraphs(f"<div {attributes}>{FACTS}</div>") == TEXT


@pytest.mark.parametrize(
    "notice",
    [
        "At this point you find external content from a network that complements the article.",
        "I agree that external content is shown to me. Personal data may be transmitted to third parties.",
        "An dieser Stelle finden Sie einen externen Inhalt, der den Artikel ergänzt.",
        "Ce contenu est bloqué car vous n'avez pas accepté les cookies.",
        "Per visualizzare questo contenuto devi accettare i cookie di terze parti.",
        "A post shared by Pilots of Selwyn (@pilots)",
    ],
)
def test_notices_in_place_of_embeds_are_left_out(notice: str) -> None:
    assert _paragraphs(f"<div class='placeholder-7'><p>{notice}</p></div>") == TEXT


def test_a_long_paragraph_may_speak_of_external_content() -> None:
    long = "The court ruled that newspapers may show external content only after the reader agreed. " * 6
    assert long.strip() in _paragraphs(f"<p>{long}</p>")


def test_the_text_of_an_embedded_post_is_a_quotation() -> None:
    post = (
        f"<blockquote class='twitter-tweet'><p>{POST}</p>&mdash; Pilots (@pilots) <a href='x'>March 3</a></blockquote>"
    )
    assert POST in _paragraphs(post)
