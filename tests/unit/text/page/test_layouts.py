"""Extraction from pages of several layouts, each in ten languages, with the exact expected fields.

The texts and layouts were written for this project. `news-pipeline eval extract` measures on real pages; these tests
prevent regressions.
"""

import json
import re
from pathlib import Path

import pytest

from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import ArticleDraft, draft_article
from pipeline.text.params import IngestParams
from pipeline_research.evaluation.corpora import Corpus, GoldPage
from pipeline_research.evaluation.extraction import measure
from pipeline_research.evaluation.extractors import own_extractors

PAGES = Path(__file__).parents[3] / "pages"
LAYOUTS = {path.stem: path.read_text("utf-8") for path in sorted((PAGES / "layouts").glob("*.html"))}
TEXTS: dict[str, dict[str, str]] = json.loads((PAGES / "texts.json").read_text("utf-8"))
URL = "https://gazette.example/2026/lighthouse"
SEEN_MS = 1_793_000_000_000
# Which layouts have what; all have headline, four paragraphs and an instant of publication.
WITH_LEAD = {"amp", "blocks", "magazine"}
WITHOUT_SUB_HEADLINE = {"teaser"}
FLAGS = {"amp": {"amp_page"}, "teaser": {"paywalled", "paywall_stub"}}
# All score 1 now.
LEAST_F1 = 0.99


def _html(layout: str, language: str) -> str:
    fields = {**TEXTS[language], "lang": language}
    return re.sub(r"{{(\w+)}}", lambda match: fields[match[1]], LAYOUTS[layout])


def _body(layout: str, language: str) -> list[str]:
    parts = ("p1", "p2", "p3", "p4") if layout in WITHOUT_SUB_HEADLINE else ("p1", "p2", "sub", "p3", "p4")
    return [TEXTS[language][part] for part in parts]


def _draft(layout: str, language: str) -> ArticleDraft:
    raw = RawArticle(html=_html(layout, language), url=URL, canonical=URL)
    draft = draft_article(raw, "gazette.example", SEEN_MS, IngestParams())
    assert isinstance(draft, ArticleDraft)
    return draft


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_field(layout: str, language: str) -> None:
    draft = _draft(layout, language)
    text = TEXTS[language]
    assert draft.headline == text["title"]
    assert draft.subheadline == (text["lead"] if layout in WITH_LEAD else None)
    assert draft.paragraphs == _body(layout, language)
    assert [author.name for author in draft.authors] == [text["author"]]
    assert draft.published_at is not None
    assert draft.published_at.value == "2026-10-17T17:30:00.000Z"
    assert draft.language_hint == language
    assert draft.flags & {"amp_page", "paywalled", "paywall_stub", "list_page"} == FLAGS.get(layout, set())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_setting_scores(layout: str) -> None:
    pages = tuple(
        GoldPage(html=_html(layout, language), id=language, lang=language, text="\n".join(_body(layout, language)))
        for language in TEXTS
    )
    for extractor in own_extractors():
        if not (extractor.name == "fast" and layout == "script"):
            assert measure(extractor, Corpus(layout, pages)).score.f1 >= LEAST_F1
