"""The pages that the scorer of segments learns from: cut, with features, labels and the text that is right."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.content import MainText
from pipeline.text.page.element_names import names_of
from pipeline.text.page.element_table import table_of
from pipeline.text.page.metadata import read_metadata
from pipeline.text.page.page_metadata import PageMetadata
from pipeline.text.page.segment_features import FEATURES, features_of
from pipeline.text.page.segment_reading import read_by_rules, reading_of
from pipeline.text.page.segments import Segment, cut_segments
from pipeline.text.urls import registrable_domain
from pipeline_research.evaluation.scoring import text_f1
from pipeline_research.training.block_labels import BlockLabel, digest_of, load_labels
from pipeline_research.training.block_nodes import block_nodes
from pipeline_research.training.emptied_pages import emptied_page
from pipeline_research.training.gold_alignment import align_gold
from pipeline_research.training.page_records import PageRecord, read_page_records
from pipeline_research.training.plain_copies import plain_copy

__all__ = ["COPIES", "EMPTIED", "ArticlePage", "load_pages"]


class _PageParams(Struct, frozen=True):
    min_best_f1: float = 0.8
    """Of a page whose gold text cannot be made of its segments so well, the text is not on the page."""
    lead_width: float = 3.7
    """Segments with this logarithm of their width may be a lead, where the gold texts leave leads out."""


_PARAMS = _PageParams()
_GOLD = {"fundus_pages": "text", "article_extraction_benchmark": "articleBody"}
"""Corpora with gold texts, and the field that has them."""
_WITHOUT_LEADS = frozenset({"article_extraction_benchmark"})
COPIES = "plain copies"
"""The source of plain copies of pages."""
EMPTIED = "pages without their article"
_SOURCES = ("fundus_pages", "article_extraction_benchmark", "trafilatura_eval", "pages")


class ArticlePage(Struct, frozen=True):
    """A page with labels; N segments."""

    id: str
    source: str
    publisher: str
    """Registrable domain."""
    language: str
    gold: str
    """The text of the article; empty for a page without one."""
    segments: list[Segment]
    """[N]."""
    metadata: PageMetadata
    title: str | None
    main: MainText
    """What the rules find."""
    features: NDArray[np.float32]
    """[N, F]."""
    labels: NDArray[np.bool_]
    """[N]."""
    counts: NDArray[np.bool_]
    """Whether a label is known: [N]."""

    def chosen(self, inside: NDArray[np.bool_]) -> str:
        """Return the text of some of the segments."""
        return _joined(self.segments, inside)

    @property
    def is_article(self) -> bool:
        """Whether the page has an article."""
        return bool(self.gold)


def load_pages(data: Path) -> Iterator[ArticlePage | str]:
    """Read the labelled pages of a directory; yield the name of a page that had to be left out.

    Raises:
        InputError: A file is not JSON lines.
    """
    for source in _SOURCES:
        path = data / f"{source}.jsonl.gz"
        if path.is_file():
            labels = {} if source in _GOLD else load_labels(source)
            yield from _read(path, source, labels)


def _read(path: Path, source: str, labels: dict[str, tuple[BlockLabel, str]]) -> Iterator[ArticlePage | str]:
    for record in read_page_records(path):
        if source in _GOLD or record.name in labels:
            yield from _pages(record, source, labels.get(record.name))


class _Cut(Struct, frozen=True):
    """What is computed from a page's markup."""

    segments: list[Segment]
    tags: list[str]
    names: list[tuple[str, str]]
    """Class and id of each segment's element and of its parent."""
    features: NDArray[np.float32]
    metadata: PageMetadata
    title: str | None
    main: MainText
    language: str


def _cut(html: str) -> _Cut | None:
    tree = LexborHTMLParser(html)
    root = tree.css_first("html")
    language = (root.attributes.get("lang") or "") if root is not None else ""
    metadata = read_metadata(tree)
    head = tree.css_first("title")
    title = " ".join(head.text_lexbor().split()) if head is not None else None
    cut = cut_segments(tree)
    segments, table = cut.segments, table_of(cut)
    if not segments:
        return None
    nodes = block_nodes(tree)
    names = [_names(nodes, segment.element, cut.parents[segment.element]) for segment in segments]
    main = read_by_rules(tree, html.encode("utf-8", "ignore"), metadata, may_repeat=True)
    features = features_of(segments, table, reading_of(metadata, title, main))
    tags = [table.tags[element] for element in table.of_segment]
    return _Cut(segments, tags, names, features, metadata, title or None, main, language)


def _pages(record: PageRecord, source: str, label: tuple[BlockLabel, str] | None) -> Iterator[ArticlePage | str]:
    """Yield a page with its labels, and perhaps a plain copy; its name if its gold text or its labels do not fit it."""
    cut = _cut(record.html)
    labels = _labels(cut, record, source, label) if cut is not None else None
    if cut is None or labels is None:
        yield record.name
        return
    inside, gold = labels
    counts = np.ones(len(inside), np.bool_)
    if source in _WITHOUT_LEADS:
        counts = _without_leads(cut.features, inside)
    publisher = registrable_domain(record.url or "") or record.name
    yield _assembled(record, source, publisher, cut, inside, counts, gold)
    copied = plain_copy(record.name, cut.segments, cut.tags, cut.names, inside, cut.title)
    if copied is not None:
        html, inside = copied
        copy = _cut(html)
        if copy is not None and len(copy.segments) == len(inside):
            everything = np.ones(len(inside), np.bool_)
            yield _assembled(record, COPIES, publisher, copy, inside, everything, _joined(copy.segments, inside))
    emptied = emptied_page(record.name, record.html, labels[0])
    rest = _cut(emptied) if emptied is not None else None
    if rest is not None:
        nothing = np.zeros(len(rest.segments), np.bool_)
        yield _assembled(record, EMPTIED, publisher, rest, nothing, ~nothing, "")


def _assembled(
    record: PageRecord,
    source: str,
    publisher: str,
    cut: _Cut,
    inside: NDArray[np.bool_],
    counts: NDArray[np.bool_],
    gold: str,
) -> ArticlePage:
    language = (record.lang or cut.language or "und").partition("-")[0].partition("_")[0].lower()
    return ArticlePage(
        id=record.name,
        source=source,
        publisher=publisher,
        language=language,
        gold=gold,
        segments=cut.segments,
        metadata=cut.metadata,
        title=cut.title,
        main=cut.main,
        features=cut.features,
        labels=inside,
        counts=counts,
    )


def _labels(
    cut: _Cut, record: PageRecord, source: str, label: tuple[BlockLabel, str] | None
) -> tuple[NDArray[np.bool_], str] | None:
    """Return which segments are in, and the text that is right; None if label or gold text do not fit the page."""
    if label is None:
        gold = (record.text if source == "fundus_pages" else record.article_body) or ""
        inside = align_gold(cut.segments, gold)
        return (inside, gold) if text_f1(gold, _joined(cut.segments, inside)) >= _PARAMS.min_best_f1 else None
    if digest_of(segment.key for segment in cut.segments) != label[1]:
        return None
    inside = np.zeros(len(cut.segments), np.bool_)
    inside[list(label[0].inside)] = True
    return inside, _joined(cut.segments, inside)


def _names(nodes: Sequence[LexborNode], element: int, parent: int) -> tuple[str, str]:
    return names_of(nodes[element]).strip(), names_of(nodes[parent]).strip()


def _joined(segments: Sequence[Segment], inside: NDArray[np.bool_]) -> str:
    return "\n".join(segment.text for segment, is_in in zip(segments, inside, strict=True) if is_in)


def _without_leads(features: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the segments whose label is known: not those that may be a lead, between headline and text."""
    counts = np.ones(len(inside), np.bool_)
    if inside.any():
        first = int(np.flatnonzero(inside)[0])
        since = features[:first, FEATURES.index("from_headline")]
        width = features[:first, FEATURES.index("width")]
        counts[:first] = (since <= 0) | (width < _PARAMS.lead_width)
    return counts
