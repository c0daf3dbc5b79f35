"""The dates that a page shows: its article's, and not those of changes and of other stories."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.page_metadata import PageMetadata

DATE = "14. 3. 2026 17:30"
HEADLINE = "<h1>Weir closed for repairs</h1>"
TEXT = "<p>The weir closed on Friday, and the boats wait below it until the gates are mended.</p>"


def _read(body: str, head: str = "") -> PageMetadata:
    return read_metadata(LexborHTMLParser(f"<html><head>{head}</head><body>{body}</body></html>"))


@pytest.mark.parametrize(
    "shown",
    [
        f'<p class="byline">By Ada Okafor | {DATE}</p>',
        f'<div class="article-meta"><span>Prague</span> <span>{DATE}</span></div>',
        f'<span class="PublishDate">{DATE}</span>',
        f'<div id="datum">{DATE}</div>',
        f'<span class="tarih">{DATE}</span>',
    ],
)
def test_a_date_in_an_element_that_is_named_so(shown: str) -> None:
    assert len(_read(f"<article>{HEADLINE}{shown}{TEXT}</article>").published) == 1
    assert len(_read(f"<main><div>{HEADLINE}</div><div><div>{shown}</div></div>{TEXT}</main>").published) == 1


def test_the_date_nearest_to_the_headline_counts() -> None:
    page = f'<div class="date">1. 1. 2026</div><div><header>{HEADLINE}</header><p class="date">{DATE}</p></div>'
    assert _read(f"<main>{page}</main>").published == [(DATE, "text")]


def test_what_the_head_states_is_enough() -> None:
    head = '<meta property="article:published:time" content="2026-03-14T17:30:00+01:00">'
    assert _read(f'{HEADLINE}<p class="date">{DATE}</p>', head).published == [("2026-03-14T17:30:00+01:00", "meta")]


@pytest.mark.parametrize(
    "name", ["article:published_time", "article:published:time", "Article-Published-Time", "DC.Date.Issued"]
)
def test_names_of_meta_elements_vary_in_their_signs(name: str) -> None:
    assert _read("", f'<meta name="{name}" content="2026-03-14">').published == [("2026-03-14", "meta")]


@pytest.mark.parametrize(
    "other",
    [
        '<aside><article><time datetime="2019-05-05">5 May</time><a href="/o">The old lock</a></article></aside>',
        '<div class="related-stories"><time datetime="2019-05-05">5 May</time></div>',
        '<ul><li><h3><a href="/o">The old lock</a></h3><time datetime="2019-05-05">5 May</time></li></ul>',
        '<div class="card"><a href="/o"><h4>The old lock</h4></a><time datetime="2019-05-05">5 May</time></div>',
        '<footer><time datetime="2019-05-05">5 May</time></footer>',
        '<section class="comments"><time datetime="2019-05-05">5 May</time></section>',
    ],
)
def test_the_date_of_another_story_is_not_the_articles(other: str) -> None:
    assert _read(f"<article>{HEADLINE}{TEXT}</article>{other}").published == []
    assert _read(f"{other}<article>{HEADLINE}{TEXT}</article>").published == []
    own = '<time datetime="2026-03-14">14 March</time>'
    assert _read(f"{other}<article>{HEADLINE}{own}{TEXT}</article>").published == [("2026-03-14", "time")]


@pytest.mark.parametrize(
    "changed",
    [
        '<time itemprop="dateModified" datetime="2026-03-15">15 March</time>',
        '<time class="updated" datetime="2026-03-15">15 March</time>',
        '<time datetime="2026-03-15">Updated 15 March</time>',
        '<span>Zuletzt aktualisiert:</span><time datetime="2026-03-15">15.3.</time>',
        '更新 <time datetime="2026-03-15">15日</time>',
    ],
)
def test_the_date_of_a_change_is_not_the_publication(changed: str) -> None:
    found = _read(f"<article>{HEADLINE}<div>{changed}</div>{TEXT}</article>")
    assert found.published == []
    assert set(found.modified) == {"2026-03-15"}


def test_wordpress_marks_the_publication_as_updated_too() -> None:
    time = '<time class="entry-date published updated" datetime="2026-03-14">14 March</time>'
    assert _read(f"<article>{HEADLINE}{time}{TEXT}</article>").published == [("2026-03-14", "time")]


def test_a_duration_is_no_date() -> None:
    times = '<time datetime="PT5M">5 minutes</time><time datetime="2026-03-14">14 March</time>'
    assert _read(f"<article>{HEADLINE}{times}{TEXT}</article>").published == [("2026-03-14", "time")]
