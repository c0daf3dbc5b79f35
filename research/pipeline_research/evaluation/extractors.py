"""What turns pages into text: our settings, and the libraries of the field where they are installed."""

import importlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from pipeline.domain.extraction import Extraction
from pipeline.domain.outcome import Reject
from pipeline.domain.raw import RawArticle
from pipeline.text.drafting import draft_article
from pipeline.text.params import IngestParams
from pipeline_research.evaluation.corpora import GoldPage

__all__ = ["DEFAULT", "Extractor", "own_extractors", "peer_extractors"]

DEFAULT = "auto"
"""The setting that counts where one has to be named."""

_SETTINGS: tuple[Extraction, ...] = ("fast", "auto", "accurate")


class Extractor(Struct, frozen=True):
    """A named extractor; `run` may raise, which counts as no text."""

    name: str
    run: Callable[[GoldPage], str]
    is_ours: bool = False


def own_extractors() -> list[Extractor]:
    """Return an extractor per mode, from fast to accurate; each does all that `ingest` does to a page."""
    return [Extractor(setting, _own(IngestParams(extraction=setting)), is_ours=True) for setting in _SETTINGS]


def _own(params: IngestParams) -> Callable[[GoldPage], str]:
    def run(page: GoldPage) -> str:
        draft = draft_article(RawArticle(html=page.html, canonical=page.url), None, 0, params)
        if isinstance(draft, Reject):
            return ""
        above = [draft.subheadline] if page.has_lead and draft.subheadline is not None else []
        return "\n".join([*above, *draft.paragraphs])

    return run


def peer_extractors() -> tuple[list[Extractor], list[str]]:
    """Return the installed peers, and the names of the others."""
    found: list[Extractor] = []
    absent: list[str] = []
    for name, module, make in _PEERS:
        try:
            found.append(Extractor(name, make(importlib.import_module(module))))
        except ImportError:
            absent.append(name)
    return found, absent


def _trafilatura(module: Any) -> Callable[[GoldPage], str]:
    return lambda page: module.extract(page.html, include_comments=False) or ""


def _trafilatura_fast(module: Any) -> Callable[[GoldPage], str]:
    return lambda page: module.extract(page.html, include_comments=False, fast=True) or ""


def _resiliparse(module: Any) -> Callable[[GoldPage], str]:
    return lambda page: str(module.extract_plain_text(page.html, main_content=True))


def _newspaper(module: Any) -> Callable[[GoldPage], str]:
    def run(page: GoldPage) -> str:
        article = module.Article(page.url or "https://news.example/article", fetch_images=False)
        article.download(input_html=page.html)
        article.parse()
        return str(article.text)

    return run


def _readability(module: Any) -> Callable[[GoldPage], str]:
    text_of = importlib.import_module("lxml.html").fromstring
    return lambda page: str(text_of(module.Document(page.html).summary()).text_content())


_PEERS: tuple[tuple[str, str, Callable[[Any], Callable[[GoldPage], str]]], ...] = (
    ("trafilatura", "trafilatura", _trafilatura),
    ("trafilatura fast", "trafilatura", _trafilatura_fast),
    ("resiliparse", "resiliparse.extract.html2text", _resiliparse),
    ("readability-lxml", "readability", _readability),
    ("newspaper4k", "newspaper", _newspaper),
)
