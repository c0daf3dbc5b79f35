"""Who is named as author by a page whose parts do not agree."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.authors import clean_authors
from pipeline.text.page.metadata import read_metadata

HEADLINE = "<h1>Weir closed for repairs</h1>"


def _names(body: str, head: str = "") -> list[str]:
    tree = LexborHTMLParser(f"<html><head>{head}</head><body><article>{HEADLINE}{body}</article></body></html>")
    return [author.name for author in clean_authors(read_metadata(tree).authors, 10)]


def _json_ld(author: str) -> str:
    article = f'{{"@type":"NewsArticle","headline":"Weir closed for repairs","author":{author}}}'
    return f'<script type="application/ld+json">{article}</script>'


@pytest.mark.parametrize(
    "byline",
    [
        '<p class="byline">By <a href="/a">Ada Okafor</a> <a href="mailto:a@a.example">Email the author</a></p>',
        '<p class="byline">By Ada Okafor <button>Follow</button></p>',
        '<div class="ArticleByline">Ada Okafor <a href="https://x.com/ada">@ada</a></div>',
        '<span class="authorname">Ada Okafor</span>',
        '<p class="byline">By Ada Okafor <time datetime="2026-03-14">14 March</time></p>',
    ],
)
def test_a_byline_is_read_without_what_stands_beside_the_name(byline: str) -> None:
    assert _names(byline) == ["Ada Okafor"]


@pytest.mark.parametrize(
    "other",
    [
        '<ol class="commentlist"><li class="comment"><cite class="author-name">Troll Person</cite></li></ol>',
        '<aside><a rel="author" href="/t">Troll Person</a></aside>',
        '<div class="related-stories"><p class="byline">By Troll Person</p></div>',
        '<li><h3><a href="/o">The old lock</a></h3><p class="byline">By Troll Person</p></li>',
        '<div id="disqus"><span class="author">Troll Person</span></div>',
    ],
)
def test_a_byline_of_others_is_not_the_articles(other: str) -> None:
    tree = LexborHTMLParser(f"<html><body><article>{HEADLINE}<p>Text.</p></article>{other}</body></html>")
    assert read_metadata(tree).authors == []


def test_a_byline_replaces_the_house_in_the_head() -> None:
    head = '<meta name="author" content="Harbour Broadcasting Corporation">'
    assert _names('<p class="byline">By Ada Okafor</p>', head) == ["Ada Okafor"]
    assert _names('<p class="byline">Weir desk</p>', head) == ["Harbour Broadcasting Corporation"]


def test_a_person_of_the_json_ld_needs_no_other() -> None:
    head = _json_ld('{"@type":"Person","name":"Ada Okafor"}') + '<meta name="dc.creator" content="Okafor, Ada">'
    assert _names('<p class="byline">By Ben Li</p>', head + '<meta name="author" content="Harbour Post">') == [
        "Ada Okafor"
    ]


def test_a_name_in_parts() -> None:
    assert _names("", _json_ld('[{"@type":"Person","givenName":"Ada","familyName":"Okafor"}]')) == ["Ada Okafor"]


def test_an_organisation_counts_where_nobody_else_is_named() -> None:
    head = _json_ld('[{"@type":"Organization","name":"Weir Authority"}]')
    assert _names("", head) == ["Weir Authority"]
    assert _names('<p class="byline">By Ada Okafor</p>', head) == ["Ada Okafor"]
    assert _names("", head + '<meta name="author" content="Ada Okafor">') == ["Ada Okafor"]
