"""Bombs are refused before they are parsed; large ordinary pages are not."""

import pytest

from pipeline.domain.outcome import Reject
from pipeline.text.encoded_page import EncodedPage
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.page.params import GuardParams
from pipeline.text.params import IngestParams

PARAMS = IngestParams()
HANDS_OVER = IngestParams(hands_over=True)
MANY = 30_000


def formatting(count: int, name: str = "b", after: str = "") -> str:
    """Return formatting tags that are all different, so that none replaces another."""
    return "".join(f"<{name} a={place}>{after}" for place in range(count))


BOMBS = {
    "formatting before many blocks": "<p>" + formatting(3000) + "x</p>" + "<p>x</p>" * 3000,
    "closed by other names": "<p>" + formatting(3000, "font", "</tt>") + "</p>" + "<p>x" * 3000,
    "formatting in paragraphs": "".join(f"<b class=k{place}><p></i>" for place in range(4000)),
    "formatting closed in a comment": "<p>" + formatting(1500, "i", "<!--</i>-->") + "</p>" + "<p>x" * 1500,
    "formatting closed in a quote": "<p>" + formatting(1500, "i", '<img alt="</i>">') + "</p>" + "<p>x" * 1500,
    "formatting closed in a script": "<p>" + formatting(1500, "i", "<script></i></script>") + "</p>" + "<p>x" * 1500,
    "formatting closed in a cell": "<div>"
    + formatting(2000, "s", "<table><td></s></table>")
    + "</div>"
    + "<p>x" * 2000,
    "one long attribute": f"<p><b title='{'x' * 200_000}'></p>" + "<p>x" * 3000,
    "one long link": f"<p><a href='{'x' * 200_000}'></p>" + "<p>x" * 3000,
    "many attributes of one link": f"<p><a {' '.join(f'a{place}' for place in range(5000))}></p>" + "<p>x" * 3000,
    "a link in each cell": "<div>" + "<table><td><a x=1 y=2 z=3>" * 3000 + "</div>" + "<p>x" * 3000,
    "links in markers": "".join(f"<marquee><p><a href={place}></p>" for place in range(3000)) + "<p>x" * 3000,
    "lists in lists": "<ul><li>" * 20_000,
    "lists closed by other names": "<ul><li></xx>" * 20_000,
    "forms that no end tag closes": "<form><table><td></form></table></form>" * 15_000,
    "drawings": "<svg><link>" * 30_000,
    "blocks in blocks": "<div>" * 30_000,
    "adoption": "<b>" * 3 + "<div>" * 8000 + "</b>" * 8000,
    "attributes": "<div " + " ".join(f"a{place}" for place in range(MANY)) + ">",
    "attributes in a page": "<p>text</p>" * 900 + "<div " + "/".join(f"a{place}" for place in range(MANY)) + ">",
    "attributes with > in quotes": '<div q"=">" ' + " ".join(f"a{place}='>'" for place in range(MANY)) + ">",
    "quotes within quotes": '<div q=a"b ' + " ".join(f'a{place}=">"' for place in range(MANY)) + ">",
    "tags in attributes": "<div " + " ".join(f'a{place}<b="</p>" ' for place in range(MANY)),
    "a picture before": f"<img src='{'x' * 200_000}'><div " + "\n".join(f"a{n} = '\">\"'" for n in range(MANY)) + ">",
    "attributes of many bodies": "".join(f"<body a{place}>" for place in range(MANY)),
    "attributes of few bodies": "".join(
        f"<html {' '.join(f'a{body}x{place}' for place in range(3000))}>" for body in range(8)
    ),
    "tags": "<" * 500_000,
    "characters": "x" * 11_000_000,
}


@pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS.keys())
def test_bombs(html: str) -> None:
    assert isinstance(refuse_bomb(EncodedPage.of(html), PARAMS), Reject)


@pytest.mark.parametrize("html", BOMBS.values(), ids=BOMBS.keys())
def test_no_bomb_is_ordinary(html: str) -> None:
    assert isinstance(refuse_bomb(EncodedPage.of(html), HANDS_OVER), Reject)


ORDINARY = {
    "empty": "",
    "links and formatting": "<p>text <a href='/x'>link</a> and <b>more</b></p>" * 1000,
    "formatted links": '<p>text <a class="c" href="/x"><span>link</span></a> and <b>more<br>more</b></p>' * 700,
    "a picture": "<img src='data:image/png;base64," + "A" * 1_500_000 + "'>",
    "a script": "<script>var x = " + "1, 2, 3, 4, " * 50_000 + ";</script><p>text</p>",
    "a state": "<div data-state='" + '{"a": [1, 2, 3]} ' * 20_000 + "'><p>text</p></div>",
    "cells": "<td>" * 7000,
    "a long paragraph": "<p>" + "words " * 200_000,
    "teasers beside templates": "<template><div>text</div></template>" * 12
    + "".join(
        f"<a class='card' target = _self href='/{place}' data-track='{'x' * 900}'><div><picture><source srcset='/a'>"
        "<img src='/b'/></picture><svg><use href='#c' /></svg><h3><span>Title</span> <em>and</em></h3></div></a>"
        for place in range(150)
    ),
    "tables beside each other": '<table><tr><td><a href="/x">link</a></td></tr></table>' * 300,
}


@pytest.mark.parametrize("html", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_pages(html: str) -> None:
    assert refuse_bomb(EncodedPage.of(html), HANDS_OVER) is None


@pytest.mark.parametrize(
    "html",
    [
        "<p>text <a href='/x'>link</a> and <b>more</b></p>" * 20_000,
        "<td>" * 9000,
        "<table><tr><td>text</td></tr></table>" * 5000,
        "<svg><path d='1'/><g><path/></g></svg>" * 5000,
    ],
    ids=["links", "cells", "tables", "drawings"],
)
def test_large_pages_are_counted(html: str) -> None:
    refused = refuse_bomb(EncodedPage.of(html), HANDS_OVER)
    assert refused is not None
    assert refused.reason == "too_costly"
    assert refuse_bomb(EncodedPage.of(html), PARAMS) is None


def _reason(html: str, params: IngestParams, guard: GuardParams | None = None) -> str | None:
    refused = refuse_bomb(EncodedPage.of(html), params, guard or GuardParams())
    return refused.reason if refused is not None else None


def test_limits_are_inclusive() -> None:
    assert _reason("x" * 10, IngestParams(max_html_chars=10)) is None
    assert _reason("x" * 11, IngestParams(max_html_chars=10)) == "too_large"
    assert _reason("<p>" * 10, IngestParams(max_html_tags=10)) is None
    assert _reason("<p>" * 11, IngestParams(max_html_tags=10)) == "time_limit"


def test_limits_of_what_is_counted() -> None:
    all_counted = GuardParams(ordinary_tags=0)
    guard = GuardParams()
    # One element is made again in the second paragraph.
    html = "<p><b a=1></p><p>x"
    weight = guard.element_bytes + guard.attribute_bytes + guard.char_bytes * len(" a=1")
    assert _reason(html, IngestParams(max_rebuilt_bytes=weight), all_counted) is None
    assert _reason(html, IngestParams(max_rebuilt_bytes=weight - 1), all_counted) == "time_limit"
    deep = "<div>" * 10
    steps = next(
        steps for steps in range(1000) if _reason(deep, IngestParams(max_stack_steps=steps), all_counted) is None
    )
    assert steps == pytest.approx(sum(range(3, 14)) + 10, abs=15)
    four = "<d a b='>' c=\">\" d=e>"
    assert _reason(four * 2, IngestParams(max_attributes=4), all_counted) is None
    assert _reason(four * 2, IngestParams(max_attributes=3), all_counted) == "time_limit"
    assert _reason("<body a b><body c d>", IngestParams(max_attributes=4), all_counted) is None
    assert _reason("<body a b><html c d>", IngestParams(max_attributes=3), all_counted) == "time_limit"


def test_attributes_in_a_large_page() -> None:
    guard = GuardParams(window_bytes=50)
    tag = "<div " + " ".join(f"a{place}='>'" for place in range(40)) + ">"
    page = f'<p class="a">{"text " * 40}</p>{tag}<p>text</p>' + "<p>text</p>" * 20
    limits = IngestParams(max_attributes=41, hands_over=True), IngestParams(max_attributes=40, hands_over=True)
    assert [_reason(page, params, guard) for params in limits] == [None, "too_costly"]
