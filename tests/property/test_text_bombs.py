"""Pages of a megabyte made to stall: none takes many times as long as an ordinary page, and none raises."""

import time

import pytest

from pipeline.domain.extraction import Extraction
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams

CHARS = 1_000_000
# The slowest page below takes nine times as long as the ordinary page; without the limits, hundreds of times.
MOST_TIMES = 40
SENTENCE = "The old dam withstood the highest water in thirty years, engineers said on Tuesday, and nobody was hurt."
P = f"<p>{SENTENCE}</p>"


def _fill(piece: str) -> str:
    return piece * (CHARS // len(piece))


def _deep(tag: str, inner: str) -> str:
    return f"<{tag}>" * 100 + _fill(inner) + P


BOMBS = {
    "nested": _fill("<div>"),
    "nested and closed": "<div>" * 90_000 + SENTENCE + "</div>" * 90_000,
    "nested by hundreds": _fill("<div>" * 400 + P + "</div>" * 400),
    "quotations in quotations": _deep("blockquote", "<b>x</b>"),
    "unknown in unknown": _deep("foo", "<b>x</b>"),
    "headings in headings": _deep("h2><span", f"<h3>{SENTENCE}</h3>"),
    "properties in properties": _deep("div itemprop=author", "<b>x</b>"),
    "paragraphs left open": _fill("<p>x"),
    "formatting left open": _fill("<p><b>x"),
    "lists left open": _fill("<ul><li>x"),
    "tables left open": _fill("<table><tr><td>x"),
    "links": _fill("<p><a href='/x'>word</a></p>"),
    "line breaks": f"<div>{SENTENCE}" + _fill("<br>") + "</div>",
    "giant attribute": f"<p class='{_fill('lead ')}'>{SENTENCE}</p>" + P * 5,
    "attributes": "<p " + " ".join(f"a{number}" for number in range(150_000)) + ">" + P,
    "names": "".join(f"<div class='c{number} share{number}-body'>{P}</div>" for number in range(6000)),
    "entities": "<p>" + _fill("&amp;amp;lt;"),
    "half entities": "<p>" + _fill("&x"),
    "JSON in JSON": f'<script type="application/ld+json">{_fill("[")}</script>' + P,
    "many authors": "<script type='application/ld+json'>["
    + _fill('{"@type":"Article","author":[{"name":"x"}]},')
    + "{}]</script>"
    + P * 5,
    "one word": "<p>" + _fill("x"),
    "brackets": "<p>" + _fill("("),
    "spaces": "<p>" + _fill(" "),
    "mojibake": "<p>" + _fill("â€™Ã©"),
    "accents": "<p>a" + _fill("\u0301"),
    "accents of two classes": "<p>a" + _fill("\u0301\u0323"),
    "title of titles": f"<title>{_fill('x | ')}</title>" + P * 5,
    "title of site names": f"<meta property='og:title' content='Dam{_fill(' | example')}'>" + P * 5,
    "byline": f"<meta name=author content='{_fill('By A and ')}'>" + P * 5,
    "less than": _fill("<"),
    "nulls": _fill("\0"),
}


def _timed(html: str, extraction: Extraction) -> tuple[float, ArticleDraft | Reject]:
    raw = RawArticle(html=html, url="https://example.org/b", canonical="https://example.org/b")
    began = time.process_time()
    outcome = draft_article(raw, "example.org", 0, IngestParams(extraction=extraction))
    return time.process_time() - began, outcome


@pytest.fixture(scope="module")
def ordinary_secs() -> float:
    return min(_timed(f"<div>{_fill(P)}</div>", "accurate")[0] for _ in range(3))


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_do_not_stall(name: str, ordinary_secs: float) -> None:
    secs, outcome = _timed(BOMBS[name], "accurate")
    assert secs < MOST_TIMES * ordinary_secs
    assert isinstance(outcome, ArticleDraft) or outcome.reason in {"time_limit", "too_deep", "not_an_article"}
