"""Which of the pictures that a page states are the article's."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.pictures import is_stand_in

PHOTO = "https://media.harbour.example/2026/03/quay.jpg"
LOGO = "https://media.harbour.example/files/brand.png"


def _images(head: str = "", body: str = "") -> list[str]:
    return read_metadata(LexborHTMLParser(f"<html><head>{head}</head><body>{body}</body></html>")).images


def _og(*urls: str) -> str:
    return "".join(f"<meta property='og:image' content='{url}'>" for url in urls)


def _json_ld(publisher: str, image: str) -> str:
    article = f'{{"@type": "NewsArticle", "headline": "A quay", "publisher": {publisher}, "image": {image}}}'
    return f'<script type="application/ld+json">{article}</script>'


@pytest.mark.parametrize(
    "url",
    [
        "https://harbour.example/img/logo.png",
        "https://harbour.example/img/harbour-logo-1200x630.png",
        "https://s0.wp.example/i/blank.jpg",
        "https://cdn.example/social-placeholder.jpg",
        "https://harbour.example/img/opengraph_logo_default.png",
        "https://harbour.example/apple-touch-icon-1.png?fit=158",
        "https://secure.gravatar.com/blavatar/55bf7238?s=200",
        "https://cdn.example/img/gazettelogo_white_200x200.png",
    ],
)
def test_a_picture_that_stands_for_any_article_is_dropped(url: str) -> None:
    assert is_stand_in(url)
    assert _images(_og(url, PHOTO)) == [PHOTO]


@pytest.mark.parametrize(
    "url",
    [
        PHOTO,
        "https://media.example/2026/03/verano-bank-logo-on-tower.jpg",
        "https://media.example/2026/03/default/quay_1tGuSk.jpg",
        "https://media.example/sites/default/files/styles/og_image/quay.jpg",
        "https://media.example/2026/03/iconic-lighthouse.jpg",
        "https://media.example/data.php?image=quay.jpg",
    ],
)
def test_other_pictures_are_kept(url: str) -> None:
    assert not is_stand_in(url)
    assert _images(_og(url)) == [url]


def test_a_photograph_of_a_logo_comes_behind_other_pictures() -> None:
    logo = "https://media.example/verano-bank-logo-on-tower.jpg"
    assert _images(_og(logo, PHOTO)) == [PHOTO, logo]


@pytest.mark.parametrize(
    "publisher",
    [
        f'{{"name": "Harbour", "logo": "{LOGO}"}}',
        f'{{"name": "Harbour", "logo": {{"@type": "ImageObject", "url": "{LOGO}?w=600"}}}}',
        f'{{"name": "Harbour", "logo": [{{"contentUrl": "{LOGO}"}}]}}',
    ],
)
def test_the_logo_that_the_publisher_states_is_dropped(publisher: str) -> None:
    assert _images(_json_ld(publisher, f'["{LOGO}", "{PHOTO}"]')) == [PHOTO]


def test_the_logo_of_an_organisation_is_dropped() -> None:
    organisation = f'<script type="application/ld+json">{{"@type": "Organization", "logo": "{LOGO}"}}</script>'
    assert _images(organisation + _og(LOGO, PHOTO)) == [PHOTO]


def test_the_logo_that_the_page_shows_is_dropped() -> None:
    shown = f"<div class='site-logo'><a href='/'><img src='{LOGO}'></a></div>"
    assert _images(_og(LOGO, PHOTO), shown) == [PHOTO]


def test_the_picture_of_an_article_about_a_logo_is_kept() -> None:
    shown = f"<article><figure class='logo-story'><img src='{PHOTO}'></figure></article>"
    assert _images(_og(PHOTO), shown) == [PHOTO]


@pytest.mark.parametrize(
    ("width", "kept"), [("1200", True), ("199", False), ("96px", False), ("", True), ("wide", True)]
)
def test_small_pictures_are_dropped(width: str, kept: bool) -> None:
    head = _og(PHOTO) + f"<meta property='og:image:width' content='{width}'>"
    assert bool(_images(head)) is kept
    stated = _json_ld('"Harbour"', f'{{"url": "{PHOTO}", "width": "{width}"}}')
    assert bool(_images(stated)) is kept


def test_pictures_that_differ_by_their_query_are_told_apart() -> None:
    logo, photo = (f"https://img.example/image?url=%2Ffiles%2F{name}" for name in ("brand", "quay"))
    publisher = f'{{"name": "Harbour", "logo": "{logo}"}}'
    assert _images(_json_ld(publisher, f'["{logo}", "{photo}"]')) == [photo]


def test_where_only_a_logo_is_stated_the_pictures_of_the_page_count() -> None:
    shown = f"<figure><img src='/img/logo.png'></figure><figure><img src='{PHOTO}'></figure>"
    assert _images(_og("https://harbour.example/logo.png"), shown) == [PHOTO]
