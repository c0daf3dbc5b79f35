"""Pages of many shapes: the article is extracted, the text around it is not."""

import pytest

from pipeline.domain.extraction import Extraction
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.extract import Page, read_page
from pipeline.text.params import IngestParams

URL = "https://nahr.example/water/dam-holds"
PARAMS = IngestParams()
EXTRACTIONS: tuple[Extraction, ...] = ("fast", "accurate", "auto")
SEEN_MS = 1_790_000_000_000
FIRST = "The old dam withstood the highest water in thirty years, engineers said on Tuesday, and nobody was hurt."
SECOND = "An evacuation plan had been ready since Sunday, with twenty buses waiting at the entrances of the villages."
THIRD = "The minister, who visited the valley by helicopter, promised a new spillway before the next season of floods."
TEXT = [FIRST, SECOND, THIRD]
LONG_TEXT = [f"On day {day}: {text}" for day in ("one", "two", "three") for text in TEXT]
COMMENT = "I live in the valley and I have never seen so much water, it was frightening and I would not want it again."
SITE = "<meta property='og:site_name' content='Nahr News'>"
TEASER = "Ten dams you should see before they are gone"


def _draft(body: str, head: str = "") -> ArticleDraft:
    html = f"<html><head><title>Dam holds</title>{head}</head><body>{body}</body></html>"
    raw = RawArticle(html=html, url=URL, canonical=URL)
    draft = draft_article(raw, "nahr.example", SEEN_MS, PARAMS)
    assert isinstance(draft, ArticleDraft)
    return draft


def _paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{_paragraphs(*TEXT)}</div>",
        f"<article><h1>Dam holds</h1>{_paragraphs(*TEXT)}</article>",
        f"<div class='story'>{'<br><br>'.join(TEXT)}</div>",
        "".join(f"<section><div class='chunk'><p>{text}</p></div></section>" for text in TEXT),
        "".join(f"<div class='paragraph'>{text}</div>" for text in TEXT),
        f"<table><tr><td><span>{FIRST}</span><p>{SECOND}</p><p>{THIRD}</p></td></tr></table>",
        f"<form id='aspnetForm'><main>{_paragraphs(*TEXT)}</main></form>",
        f"<div class='has-sidebar no-comments'>{_paragraphs(*TEXT)}</div>",
        f"<nav><a href='/'>Home</a></nav>{_paragraphs(*TEXT)}<footer><p>{COMMENT}</p></footer>",
        f"{_paragraphs(*TEXT)}<div id='comments'>{_paragraphs(*[COMMENT] * 5)}</div>",
        f"{_paragraphs(FIRST)}<aside>{_paragraphs(COMMENT)}</aside>{_paragraphs(SECOND, THIRD)}",
        f"{_paragraphs(*TEXT)}<ul class='related'><li><a href='/a'>{TEASER}</a></li></ul>",
        f"<div>{_paragraphs(*TEXT)}<p><a href='/a'>{TEASER}</a></p></div>",
        f"<div>{_paragraphs(FIRST)}<div class='newsletter'><p>{COMMENT}</p></div>{_paragraphs(SECOND, THIRD)}</div>",
        f"<div>{_paragraphs(FIRST)}<script>var a = '<p>{COMMENT}</p>';</script>{_paragraphs(SECOND, THIRD)}</div>",
        f"<div itemprop='articleBody'>{_paragraphs(*TEXT)}</div><div>{_paragraphs(*[COMMENT] * 2)}</div>",
        f"{_paragraphs(FIRST)}<figure><figcaption>{COMMENT}</figcaption></figure>{_paragraphs(SECOND, THIRD)}",
        f"<a href='/x'><p>{COMMENT}</p></a><a href='/y'><p>{COMMENT}</p></a><div>{_paragraphs(*TEXT)}</div>",
        f"<p>{FIRST}<p>{SECOND}<p>{THIRD}",
        f"<x-story><x-part><p>{FIRST}</p></x-part><b><p>{SECOND}</p></b><p>{THIRD}</p></x-story>",
        f"<div>{_paragraphs(FIRST)}<div><a href='/a'>{TEASER}</a></div>{_paragraphs(SECOND, THIRD)}</div>",
        f"<div>{_paragraphs(FIRST)}<p class='newsletter-teaser'>{COMMENT}</p>{_paragraphs(SECOND, THIRD)}</div>",
        f"<div>{_paragraphs(FIRST)}<div><span class='caption'>{COMMENT}</span></div>{_paragraphs(SECOND, THIRD)}</div>",
        f"<site-navigation>{_paragraphs(COMMENT)}</site-navigation><div>{_paragraphs(*TEXT)}</div>",
    ],
)
def test_shapes(body: str) -> None:
    assert _draft(body).paragraphs == TEXT


def test_sub_headlines_lists_and_quotes_stay_in_place() -> None:
    body = f"<article><p>{FIRST}</p><h2>Buses at the ready</h2><p>{SECOND}</p>"
    body += "<ul><li>Two bridges closed.</li><li>One school open.</li></ul>"
    body += f"<blockquote><p>{THIRD}</p></blockquote></article>"
    assert _draft(body).paragraphs == [
        FIRST, "Buses at the ready", SECOND, "Two bridges closed.", "One school open.", THIRD,
    ]  # fmt: skip


def test_inline_markup_keeps_words_apart_or_together_as_shown() -> None:
    body = f"<p>The <b>old</b>dam <a href='/m'>of the\n  minister</a> stood.&nbsp;{FIRST}</p>{_paragraphs(SECOND)}"
    assert _draft(body).paragraphs[0] == f"The olddam of the minister stood. {FIRST}"


def test_metadata_from_json_ld() -> None:
    head = """<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Nahr"},
    {"@type":["NewsArticle"],"headline":"Dam holds, for now","datePublished":"2026-01-06T08:30:00Z","dateModified":
    "2026-01-06T09:00:00Z","author":[{"@type":"Person","name":"Ada Okafor","url":"https://nahr.example/ada"},"Lin Wei"],
    "articleSection":"Water","keywords":"dams, floods","image":{"url":"https://nahr.example/dam.jpg"},
    "publisher":{"name":"Nahr News"},"inLanguage":"en-GB","isAccessibleForFree":false}]}</script>"""
    draft = _draft(_paragraphs(*TEXT), head)
    assert draft.headline == "Dam holds, for now"
    assert [(author.name, author.url) for author in draft.authors] == [
        ("Ada Okafor", "https://nahr.example/ada"),
        ("Lin Wei", None),
    ]
    assert draft.published_at is not None
    assert (draft.published_at.value, draft.published_at.source) == ("2026-01-06T08:30:00.000Z", "json-ld")
    assert draft.modified_at == "2026-01-06T09:00:00.000Z"
    assert (draft.section, draft.tags) == ("Water", ("dams", "floods"))
    assert draft.images == ("https://nahr.example/dam.jpg",)
    assert (draft.publisher_name, draft.language_hint) == ("Nahr News", "en-GB")
    assert "paywall_stub" in draft.flags


def test_metadata_from_meta_elements() -> None:
    head = """<meta property="og:title" content="Dam holds"><meta property="og:site_name" content="Nahr News">
    <meta property="article:published_time" content="2026-01-06T08:30:00+02:00">
    <meta name="author" content="By Ada Okafor">
    <meta property="og:image" content="https://nahr.example/dam.jpg"><meta name="keywords" content="dams,floods">"""
    draft = _draft(_paragraphs(*TEXT), head)
    assert draft.published_at is not None
    assert (draft.published_at.value, draft.published_at.source) == ("2026-01-06T06:30:00.000Z", "meta")
    assert [author.name for author in draft.authors] == ["Ada Okafor"]
    assert draft.tags == ("dams", "floods")


def test_metadata_from_microdata() -> None:
    body = f"""<article itemscope><h1 itemprop="headline">Dam holds, for now</h1>
    <h2 itemprop="alternativeHeadline">{LEAD}</h2>
    <time itemprop="datePublished" datetime="2026-01-06T08:30:00Z">today</time>
    <time itemprop="dateModified" datetime="2026-01-06T09:00:00Z"></time><span itemprop="articleSection">Water</span>
    <span itemprop="author" itemscope><a href="https://nahr.example/ada"><b itemprop="name">Ada Okafor</b></a></span>
    <span itemprop="publisher" itemscope><img src="x.png"><i itemprop="name">Nahr News</i></span>
    <span itemprop="keywords">dams,floods</span><img itemprop="image" src="/dam.jpg">
    <div itemprop="articleBody">{_paragraphs(*TEXT)}</div></article>
    <meta itemprop="isAccessibleForFree" content="False">"""
    draft = _draft(body)
    assert (draft.headline, draft.subheadline, draft.paragraphs) == ("Dam holds, for now", LEAD, TEXT)
    assert [(author.name, author.url) for author in draft.authors] == [("Ada Okafor", "https://nahr.example/ada")]
    assert draft.published_at is not None
    assert draft.published_at.value == "2026-01-06T08:30:00.000Z"
    assert draft.modified_at == "2026-01-06T09:00:00.000Z"
    assert (draft.section, draft.tags, draft.publisher_name) == ("Water", ("dams", "floods"), "Nahr News")
    assert draft.images == ("https://nahr.example/dam.jpg",)
    assert {"paywalled", "paywall_stub"} <= draft.flags


def test_json_ld_goes_before_microdata() -> None:
    head = """<script type="application/ld+json">{"@type":"NewsArticle","headline":"Dam holds","author":"Lin Wei",
    "datePublished":"2026-01-06T08:30:00Z","publisher":"Nahr News","articleSection":"Water"}</script>"""
    body = "<b itemprop='author'>Ada</b><b itemprop='publisher'>Other</b><b itemprop='articleSection'>Other</b>"
    draft = _draft(f"{body}<time itemprop='datePublished'>2025-01-01</time>{_paragraphs(*TEXT)}", head)
    assert [author.name for author in draft.authors] == ["Lin Wei"]
    assert draft.published_at is not None
    assert draft.published_at.value.startswith("2026-01-06")
    assert (draft.publisher_name, draft.section) == ("Nahr News", "Water")


def test_metadata_that_only_the_text_shows() -> None:
    body = "<p class='byline'>By Ada Okafor</p><figure><img src='dam.jpg' width='640'></figure>"
    body += "<figure><img src='icon.gif' width='16'></figure><figure><img data-src='//cdn.example/b.jpg'></figure>"
    draft = _draft(f"<article>{body}{_paragraphs(*TEXT)}</article>", "<link rel='canonical' href='/water/dam'>")
    assert [author.name for author in draft.authors] == ["Ada Okafor"]
    assert draft.images == ("https://nahr.example/water/dam.jpg", "https://cdn.example/b.jpg")
    assert draft.canonical == "https://nahr.example/water/dam"


@pytest.mark.parametrize(
    ("head", "body", "paragraphs", "flags"),
    [
        ("", "", 1, set()),
        ("<meta property='article:content_tier' content='locked'>", "", 1, {"paywalled", "paywall_stub"}),
        ("<meta property='article:content_tier' content='metered'>", "", 9, {"paywalled"}),
        ("<meta property='article:content_tier' content='free'>", "", 1, set()),
        ("", "<div class='article-paywall'></div>", 1, {"paywall_stub"}),
        ("", "<div class='article-paywall'></div>", 9, set()),
        ("", "<i itemprop='isAccessibleForFree' content='false'></i>", 1, {"paywalled", "paywall_stub"}),
        ("", "<i itemprop='isAccessibleForFree' content='true'></i><div id='paywall'></div>", 1, set()),
        (
            '<script type="application/ld+json">{"@type":"Report","hasPart":{"isAccessibleForFree":"False"}}</script>',
            "",
            9,
            {"paywalled"},
        ),
    ],
)
def test_articles_that_are_not_free_are_flagged(head: str, body: str, paragraphs: int, flags: set[str]) -> None:
    texts = [text.replace("The", f"Day {number}: the") for number in range(paragraphs) for text in TEXT]
    draft = _draft(body + _paragraphs(*texts), head)
    assert draft.flags & {"paywalled", "paywall_stub"} == flags


def test_amp_pages_are_flagged() -> None:
    html = f"<html amp><body>{_paragraphs(*TEXT)}</body></html>"
    draft = draft_article(RawArticle(html=html), "nahr.example", SEEN_MS, PARAMS)
    assert isinstance(draft, ArticleDraft)
    assert "amp_page" in draft.flags


@pytest.mark.parametrize(
    "broken", ["{", '{"@type": "NewsArticle", "headline": 7}', "[[[[", '"text"', '{"@graph": 1}', ""]
)
def test_broken_json_ld_is_ignored(broken: str) -> None:
    head = f'<script type="application/ld+json">{broken}</script>'
    assert _draft(_paragraphs(*TEXT), head).paragraphs == TEXT


HEADLINE = "Old dam in the valley holds after a long night"
LEAD = "Twenty buses waited in vain at the foot of the old wall"


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (f"<header><h1>Dam holds</h1><p class='article-lead'>{LEAD}</p></header><div>{_paragraphs(*TEXT)}</div>", ""),
        (f"<h1>Dam holds</h1><div class='articleIntro'><p>{LEAD}</p></div><div>{_paragraphs(*TEXT)}</div>", ""),
        (f"<h2 itemprop='alternativeHeadline'>{LEAD}</h2><div>{_paragraphs(*TEXT)}</div>", ""),
        (
            f"<div><h2>{LEAD}<br>and went home</h2></div><div>{_paragraphs(*TEXT)}</div>",
            f'<meta name="description" content="{LEAD} and went home">',
        ),
    ],
)
def test_lead_above_the_text_is_the_sub_headline(body: str, head: str) -> None:
    draft = _draft(body, head)
    assert draft.paragraphs == TEXT
    assert draft.subheadline is not None
    assert draft.subheadline.removesuffix(" and went home") == LEAD


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{_paragraphs(*TEXT)}</div><p class='lead'>{LEAD}</p>",
        f"<p class='lead'><a href='/a'>{LEAD}</a></p><div>{_paragraphs(*TEXT)}</div>",
        f"<p class='leaderboard'>{LEAD}</p><div>{_paragraphs(*TEXT)}</div>",
        f"<p class='lead'>Short</p><div><p class='lead'>{FIRST}</p>{_paragraphs(SECOND, THIRD)}</div>",
        f"<h2 class='lead'>{HEADLINE.upper()}!</h2><div>{_paragraphs(*TEXT)}</div>",
    ],
)
def test_lines_that_are_no_lead(body: str) -> None:
    draft = _draft(body, f'<meta property="og:title" content="{HEADLINE}">')
    assert draft.subheadline is None
    assert draft.paragraphs == TEXT


@pytest.mark.parametrize(
    "body",
    [
        f"<div>Loading the article…</div><noscript><div>{_paragraphs(*TEXT)}</div></noscript>",
        f"<aside class='page'>{_paragraphs(*TEXT)}</aside><p>Loading the article, please wait.</p>",
        f"<figure>{_paragraphs(*TEXT)}</figure><p>Loading the article, please wait.</p>",
    ],
)
def test_a_page_with_unusual_markup_is_read_again(body: str) -> None:
    html = f"<html><body>{body}</body></html>"
    texts = {}
    for extraction in EXTRACTIONS:
        page = read_page(EncodedPage.of(html), IngestParams(extraction=extraction))
        assert isinstance(page, Page)
        texts[extraction] = page.main.lines
    assert set(TEXT) <= set(texts["auto"])
    assert texts["auto"] == texts["accurate"]
    assert not set(TEXT) <= set(texts["fast"])


def test_all_modes_agree_on_a_plain_page() -> None:
    html = f"<html><body><aside>{_paragraphs(COMMENT)}</aside><div>{_paragraphs(*LONG_TEXT)}</div></body></html>"
    pages = [read_page(EncodedPage.of(html), IngestParams(extraction=extraction)) for extraction in EXTRACTIONS]
    assert [page.main.lines for page in pages if isinstance(page, Page)] == [LONG_TEXT] * 3


def test_the_stated_body_is_used_where_the_page_shows_much_less() -> None:
    stated = " ".join(LONG_TEXT)
    head = f'<script type="application/ld+json">{{"@type":"Article","articleBody":"{stated}"}}</script>'
    assert _draft(_paragraphs(FIRST), head).paragraphs == [stated]
    assert _draft(_paragraphs(*LONG_TEXT), head).paragraphs != [stated]


def test_headline_prefers_what_page_and_metadata_agree_on() -> None:
    head = '<meta property="og:title" content="Dam holds after long night | Nahr">'
    assert (
        _draft(f"<h1>Dam holds after long night</h1>{_paragraphs(*TEXT)}", head).headline
        == "Dam holds after long night"
    )
    assert _draft(f"<h1>Nahr</h1>{_paragraphs(*TEXT)}", head).headline == "Dam holds after long night"


def test_error_pages_are_rejected() -> None:
    raw = RawArticle(
        html="<html><body><h1>404</h1><p>Page not found. The page you requested is gone.</p></body></html>"
    )
    outcome = draft_article(raw, None, SEEN_MS, PARAMS)
    assert isinstance(outcome, Reject)
    assert outcome.reason == "not_an_article"


def test_page_reads_without_head_or_body() -> None:
    for html in ("plain words", "<p>", "<!doctype html>", "<html></html>", "\x00"):
        assert isinstance(read_page(EncodedPage.of(html), PARAMS), Page)


def _ld(*nodes: str) -> str:
    return "".join(f'<script type="application/ld+json">{node}</script>' for node in nodes)


def _names(draft: ArticleDraft) -> list[str]:
    return [author.name for author in draft.authors]


@pytest.mark.parametrize(
    "head",
    [
        "<meta name='author' content='https://nahr.example/ada'>",
        "<meta name='author' content='admin'>",
        "<meta name='author' content='Nahr News'><meta property='og:site_name' content='Nahr News'>",
        _ld('{"@type":"NewsArticle","author":{"name":"https://nahr.example/ada"}}'),
    ],
)
@pytest.mark.parametrize(
    "shown",
    [
        "<p class='byline'>By Ada Okafor</p>",
        "<p><span itemprop='author'>Ada Okafor</span></p>",
        "<p>By Ada Okafor</p>",
    ],
)
def test_a_useless_author_is_replaced_by_the_one_in_the_text(head: str, shown: str) -> None:
    assert _names(_draft(f"<article>{shown}{_paragraphs(*TEXT)}</article>", head)) == ["Ada Okafor"]


def test_an_author_by_reference() -> None:
    graph = _ld(
        '{"@graph":[{"@type":"Article","author":{"@id":"#ada"}},{"@type":"Person","@id":"#ada","name":"Ada Okafor"}]}'
    )
    assert _names(_draft(_paragraphs(*TEXT), graph)) == ["Ada Okafor"]


def test_the_publisher_is_no_author_if_there_is_another() -> None:
    head = _ld(
        '{"@type":"Article","author":[{"name":"Ada Okafor"},{"name":"Nahr News"}],"publisher":{"name":"Nahr News"}}'
    )
    assert _names(_draft(_paragraphs(*TEXT), head)) == ["Ada Okafor"]
    alone = _ld('{"@type":"Article","author":{"name":"Nahr News"},"publisher":{"name":"Nahr News"}}')
    assert _names(_draft(_paragraphs(*TEXT), alone)) == ["Nahr News"]


def test_of_several_articles_the_page_s_own() -> None:
    other = '{"@type":"Article","headline":"Ten dams","datePublished":"2020-01-01","author":{"name":"Lin Wei"}}'
    own = '{"@type":"Article","headline":"Dam holds","datePublished":"2026-01-06","author":{"name":"Ada Okafor"}}'
    for head in (_ld(other, own), _ld(f"[{other},{own}]")):
        draft = _draft(_paragraphs(*TEXT), head)
        assert _names(draft) == ["Ada Okafor"]
        assert draft.published_at is not None
        assert draft.published_at.value == "2026-01-06T00:00:00.000Z"


def test_comments_are_no_source_of_metadata() -> None:
    comments = "".join(
        f"<div itemscope itemtype='https://schema.org/Comment'><b itemprop='author'>Troll {number}</b>"
        f"<time itemprop='datePublished' datetime='2026-01-0{number}T10:00:00Z'></time><p>{COMMENT}</p></div>"
        for number in (1, 2)
    )
    draft = _draft(f"<article>{_paragraphs(*TEXT)}</article>{comments}")
    assert (draft.authors, draft.published_at) == ((), None)


@pytest.mark.parametrize(
    ("head", "body", "value", "source"),
    [
        (_ld('{"@type":"Article","datePublished":"0001-01-01T00:00:00Z"}'), "", "2026-01-06", "url"),
        (
            "<meta name='date' content='yesterday'>",
            "<time itemprop='datePublished' datetime='2026-01-05T10:00:00Z'></time>",
            "2026-01-05",
            "microdata",
        ),
        (
            "",
            "<header><time datetime='2026-02-01'></time></header><time pubdate datetime='2026-01-05'></time>",
            "2026-01-05",
            "time",
        ),
        (_ld('{"@type":"Article","datePublished":"2999-01-01T00:00:00Z"}'), "", "2026-01-06", "url"),
    ],
)
def test_the_first_plausible_date(head: str, body: str, value: str, source: str) -> None:
    html = f"<html><head>{head}</head><body>{body}<article>{_paragraphs(*TEXT)}</article></body></html>"
    url = "https://nahr.example/2026/01/06/dam-holds"
    draft = draft_article(RawArticle(html=html, url=url, canonical=url), "nahr.example", SEEN_MS, PARAMS)
    assert isinstance(draft, ArticleDraft)
    assert draft.published_at is not None
    assert (draft.published_at.value[:10], draft.published_at.source) == (value, source)
    assert "published_at_implausible" not in draft.flags


def test_a_modification_in_the_future_is_ignored() -> None:
    head = _ld('{"@type":"Article","dateModified":"2999-01-01T00:00:00Z"}')
    assert _draft(_paragraphs(*TEXT), head).modified_at is None
    later = head + "<meta property='article:modified_time' content='2026-01-07'>"
    assert _draft(_paragraphs(*TEXT), later).modified_at == "2026-01-07T00:00:00.000Z"


@pytest.mark.parametrize("hidden", ["hidden", "style='display: none'"])
def test_hidden_text_is_left_out_if_it_is_a_small_part(hidden: str) -> None:
    body = f"<article>{_paragraphs(*TEXT * 3)}<div {hidden}>{_paragraphs(COMMENT)}</div></article>"
    assert COMMENT not in _draft(body).paragraphs
    unfolded = f"<article>{_paragraphs(FIRST, SECOND)}<div {hidden}>{_paragraphs(THIRD)}</div></article>"
    assert _draft(unfolded).paragraphs == TEXT


@pytest.mark.parametrize(
    ("head", "body", "headline"),
    [
        (
            "<meta property='og:title' content='Old dam holds after night - Nahr Valley Weekly Messenger of Verania'>",
            "<h1>Old dam holds after night</h1>",
            "Old dam holds after night",
        ),
        (
            SITE + "<meta property='og:title' content='Old dam holds | Nahr'>",
            "<h1>Nahr News</h1><h1>Old dam holds</h1>",
            "Old dam holds",
        ),
        (
            SITE + "<meta property='og:title' content='Old dam holds › Nahr News'>",
            "",
            "Old dam holds",
        ),
        (
            "<meta property='og:title' content='水坝挺过洪水-新华网'><meta property='og:site_name' content='新华网'>",
            "",
            "水坝挺过洪水",
        ),
        ("<meta property='og:title' content='Old &lt;b&gt;dam&lt;/b&gt; holds'>", "", "Old dam holds"),
    ],
)
def test_headlines(head: str, body: str, headline: str) -> None:
    draft = _draft(f"<article>{body}{_paragraphs(*TEXT)}</article>", head)
    assert draft.headline == headline
    assert draft.paragraphs == TEXT
