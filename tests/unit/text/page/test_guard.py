"""Bombs are refused before they are parsed; large honest pages are not."""

import pytest

from pipeline.domain.outcome import Reject
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.params import IngestParams

PARAMS = IngestParams()
MANY = 30_000


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b a={i}>" for i in range(3000)) + "x</p>" + "<p>x</p>" * 3000,
        "<ul><li>" * 20_000,
        "<div>" * 30_000,
        "<div " + " ".join(f"a{i}" for i in range(MANY)) + ">",
        "<p>text</p>" * 900 + "<div " + "/".join(f"a{i}" for i in range(MANY)) + ">",
        '<div q"=">" ' + " ".join(f"a{i}='>'" for i in range(MANY)) + ">",
        '<div q=a"b ' + " ".join(f'a{i}=">"' for i in range(MANY)) + ">",
        "<div " + " ".join(f'a{i}<b="</p>" ' for i in range(MANY)),
        "<img src='" + "x" * 200_000 + "'>" + "<div " + "\n".join(f"a{i} = '\">\"'" for i in range(MANY)) + ">",
        "<" * 500_000,
        "x" * 11_000_000,
    ],
)
def test_bombs(html: str) -> None:
    assert isinstance(refuse_bomb(html, PARAMS), Reject)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>text <a href='/x'>link</a> and <b>more</b></p>" * 5000,
        "<img src='data:image/png;base64," + "A" * 2_000_000 + "'>",
        "<script>var x = " + "1, 2, 3, 4, " * 50_000 + ";</script><p>text</p>",
        "<div data-state='" + '{"a": [1, 2, 3]} ' * 20_000 + "'><p>text</p></div>",
        "<td>" * 9000,
        "<p>" + "words " * 200_000,
    ],
)
def test_honest_pages(html: str) -> None:
    assert refuse_bomb(html, PARAMS) is None
