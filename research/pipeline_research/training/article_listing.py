"""List the segments of pages for a reader, who writes down which of them belong to the article."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.text.page.segments import CutPage, Segment, cut_segments
from pipeline_research.training.block_nodes import block_nodes
from pipeline_research.training.page_records import PageRecord, read_page_records

__all__ = ["ListedPage", "list_pages", "write_listings"]

_HIDING = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
_NEWS = re.compile(
    r"""(?:News|Reportage)Article["']|BlogPosting["']|property=["']?og:type["']?\s+content=["']?article"""
)


class _ListingParams(Struct, frozen=True):
    max_lines: int = 250
    """Pages with more lines are left out: a reader would not finish them."""
    head_chars: int = 115
    """Characters shown of the beginning of a segment; shorter ones are shown whole."""
    tail_chars: int = 30
    levels: int = 3
    """Ancestors named above a group of segments."""
    name_chars: int = 26
    """Characters of an element's name."""
    min_links: int = 3
    """So many lines of links in a row become one line."""
    link_share: float = 0.6
    """A segment with this share of characters within links is a line of links,"""
    link_line_chars: int = 150
    """if it is no longer than this."""
    shown_links: int = 3


_PARAMS = _ListingParams()


class ListedPage(Struct, frozen=True):
    """A page as a reader sees it, and the keys by which labels are joined to its segments."""

    id: str
    source: str
    url: str
    lang: str
    is_news: bool
    """Whether its metadata names it an article."""
    lines: list[str]
    keys: list[tuple[str, int]]
    """Of each segment in order: the hash of its text, and its length in characters."""


def list_pages(path: Path) -> Iterator[ListedPage]:
    """List the pages of a file of JSON lines, each with `html`, and `id`, `file` or `url` as its name.

    Raises:
        InputError: The file is not JSON lines.
    """
    source = path.name.partition(".jsonl")[0]
    for record in read_page_records(path):
        yield _list_page(record, source)


def write_listings(pages: Iterator[ListedPage], output: Path) -> tuple[int, int]:
    """Write for each page a text to read and its keys as JSON, and an index; return pages written and left out."""
    output.mkdir(parents=True, exist_ok=True)
    index = output / "index.tsv"
    known = index.read_text(encoding="utf-8").splitlines() if index.exists() else []
    rows = {row.partition("\t")[0]: row for row in known}
    written = left_out = 0
    try:
        for page in pages:
            if len(page.lines) > _PARAMS.max_lines or not page.keys:
                left_out += 1
                continue
            written += 1
            (output / f"{page.id}.txt").write_text("\n".join(page.lines) + "\n", encoding="utf-8")
            facts: dict[str, Any] = {"id": page.id, "source": page.source, "url": page.url, "segments": page.keys}
            (output / f"{page.id}.json").write_bytes(msgspec.json.encode(facts))
            news = "news" if page.is_news else "-"
            row = (page.id, page.source, page.lang, news, str(len(page.lines)), str(len(page.keys)), page.url)
            rows[page.id] = "\t".join(" ".join(field.split()) for field in row)
    finally:
        index.write_text("".join(f"{row}\n" for row in rows.values()), encoding="utf-8")
    return written, left_out


def _list_page(record: PageRecord, source: str) -> ListedPage:
    tree = LexborHTMLParser(record.html)
    cut = cut_segments(LexborHTMLParser(record.html))
    nodes = block_nodes(tree)
    html = tree.css_first("html")
    stated = (html.attributes.get("lang") or "") if html is not None else ""
    lang = stated[:7] or record.lang or "und"
    url = record.url or _canonical(tree) or ""
    title = tree.css_first("title")
    lines = [f"# {record.name}  {lang}  {url[:160]}"]
    if title is not None:
        lines.append(f"# title: {' '.join(title.text_lexbor().split())[:200]}")
    lines.append(f"# description: {' '.join(_description(tree).split())[:200]}")
    lines += _segment_lines(cut, nodes)
    keys = [(segment.key, len(segment.text)) for segment in cut.segments]
    return ListedPage(record.name, source, url, lang, _NEWS.search(record.html) is not None, lines, keys)


def _segment_lines(cut: CutPage, nodes: Sequence[LexborNode]) -> Iterator[str]:
    names = _Names()
    above = ""
    for is_links, group in groupby(enumerate(cut.segments), lambda pair: _is_link_line(pair[1])):
        members = list(group)
        if is_links and len(members) >= _PARAMS.min_links:
            shown = " · ".join(segment.text[:24].replace("\n", " ") for _, segment in members[: _PARAMS.shown_links])
            yield f"{members[0][0]}-{members[-1][0]} links: {shown} …"
            continue
        for number, segment in members:
            node = nodes[segment.element]
            path = names.path(node.parent)
            if path != above:
                yield f"  @ {path}"
                above = path
            yield f"{number} {names.name(node)} {_facts(segment, node, names)}| {_excerpt(segment.text)}"


def _is_link_line(segment: Segment) -> bool:
    chars = len(segment.text)
    return chars <= _PARAMS.link_line_chars and segment.link_chars >= _PARAMS.link_share * chars


def _facts(segment: Segment, node: LexborNode, names: "_Names") -> str:
    chars = len(segment.text)
    share = segment.link_chars / chars
    facts = "" if chars <= _PARAMS.head_chars + _PARAMS.tail_chars else f"{chars} "
    if share >= 0.1:
        facts += f"ld.{min(9, int(share * 10))} "
    if names.is_hidden(node):
        facts += "hidden "
    return facts


def _excerpt(text: str) -> str:
    text = text.replace("\n", " ⏎ ")
    if len(text) <= _PARAMS.head_chars + _PARAMS.tail_chars:
        return text
    return f"{text[: _PARAMS.head_chars]} … {text[-_PARAMS.tail_chars :]}"


class _Names:
    """Names of elements and what is known of their ancestors, looked up once."""

    def __init__(self) -> None:
        self._hidden: dict[int, bool] = {}

    def path(self, node: LexborNode | None) -> str:
        """Return the names of an element and its nearest ancestors."""
        found: list[str] = []
        while node is not None and len(found) < _PARAMS.levels and node.tag not in {"html", "-document"}:
            found.append(self.name(node))
            node = node.parent
        return " > ".join(reversed(found))

    def name(self, node: LexborNode) -> str:
        """Return an element's tag, its id and the first of its classes, cut short."""
        attributes = node.attributes
        identity = attributes.get("id")
        marks = [
            *((f"#{identity}",) if identity else ()),
            *(f".{name}" for name in (attributes.get("class") or "").split()),
        ]
        return f"{node.tag}{''.join(marks)}"[: _PARAMS.name_chars]

    def is_hidden(self, node: LexborNode | None) -> bool:
        """Return whether an element or one of its ancestors is not shown, as far as its own attributes tell."""
        if node is None or node.tag in {"html", "-document"}:
            return False
        known = self._hidden.get(node.mem_id)
        if known is None:
            attributes = node.attributes
            known = (
                "hidden" in attributes
                or _HIDING.search(attributes.get("style") or "") is not None
                or self.is_hidden(node.parent)
            )
            self._hidden[node.mem_id] = known
        return known


def _canonical(tree: LexborHTMLParser) -> str | None:
    link = tree.css_first("link[rel=canonical]")
    return link.attributes.get("href") if link is not None else None


def _description(tree: LexborHTMLParser) -> str:
    meta = tree.css_first("meta[property='og:description'],meta[name=description]")
    return (meta.attributes.get("content") or "") if meta is not None else ""
