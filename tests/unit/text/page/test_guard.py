"""Bombs are refused before they are parsed; large ordinary pages are not."""

import pytest

from pipeline.domain.outcome import Reject
from pipeline.text.page.guard import refuse_bomb
from pipeline.text.page.params import GuardParams
from pipeline.text.params import IngestParams

PARAMS = IngestParams()
GUARD = GuardParams()
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
def test_ordinary_pages(html: str) -> None:
    assert refuse_bomb(html, PARAMS) is None


def _reason(html: str, params: IngestParams) -> str | None:
    refused = refuse_bomb(html, params)
    return refused.reason if refused is not None else None


def test_limits_are_inclusive() -> None:
    assert _reason("x" * 10, IngestParams(max_html_chars=10)) is None
    assert _reason("x" * 11, IngestParams(max_html_chars=10)) == "too_large"
    assert _reason("<p>" * 10, IngestParams(max_html_tags=10)) is None
    assert _reason("<p>" * 11, IngestParams(max_html_tags=10)) == "time_limit"


@pytest.mark.parametrize(
    ("name", "tag", "skipped", "reason"),
    [
        ("max_reopened", "<b>", GUARD.min_tags_formatting, "time_limit"),
        ("max_stack_steps", "<div>", GUARD.min_tags_nesting, "too_deep"),
    ],
)
def test_open_tags_times_all_tags(name: str, tag: str, skipped: int, reason: str) -> None:
    closing = tag.replace("<", "</")
    # Closing tags without an opening one do not count against later ones.
    html = closing * 2 + f"{tag}{closing}" * 2 + tag * 3 + closing + "<p>" * (skipped - 9)
    tags = skipped + 1
    assert html.count("<") == tags
    assert _reason(html, IngestParams(**{name: 3 * tags})) is None  # type: ignore[arg-type]
    assert _reason(html, IngestParams(**{name: 3 * tags - 1})) == reason  # type: ignore[arg-type]
    # A page with fewer tags is not examined.
    assert _reason(html.removesuffix("<p>"), IngestParams(**{name: 0})) is None  # type: ignore[arg-type]


def test_attributes_of_one_tag_in_a_large_page() -> None:
    # Four attributes, and the name of the tag, which is counted with them.
    tag = "<div a b c='>' d=\">\">"
    filling = "x" * GUARD.min_chars_attributes
    assert _reason(tag + filling, IngestParams(max_attributes=5)) is None
    assert _reason(tag + filling, IngestParams(max_attributes=4)) == "time_limit"
    assert _reason("<d" + " a" * 8 + ">" + filling, IngestParams(max_attributes=8)) == "time_limit"
    assert _reason(f"{tag}{filling}"[: GUARD.min_chars_attributes], IngestParams(max_attributes=3)) is None
