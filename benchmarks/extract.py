"""Compare main-text extraction with the field's libraries, side by side in one run.

    uv run --with trafilatura --with resiliparse --with newspaper4k --with readability-lxml \
        python benchmarks/extract.py --data ../shared/data/html

Scores: the pages of article-extraction-benchmark by its own measure (F1 over 4-grams of words, all pages alike), those
of trafilatura by its own (texts that must and must not be there). Speed is CPU time of the whole call, HTML text in,
body text out, after a warm-up.
"""

import argparse
import gzip
import importlib
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.domain.outcome import Reject
from pipeline.text.drafting import draft_article
from pipeline.text.params import IngestParams
from pipeline.wire.raw import RawArticle

Extractor = Callable[[str, str | None], str]
_TOKEN = re.compile(r"\w+")
_NGRAM = 4


def ours() -> Extractor:
    """Return the project's extraction."""
    params = IngestParams()

    def run(html: str, _url: str | None) -> str:
        draft = draft_article(RawArticle(html=html), None, 0, params)
        return "" if isinstance(draft, Reject) else "\n".join(draft.paragraphs)

    return run


def peers() -> dict[str, Extractor]:
    """Return the peers that are installed."""
    found: dict[str, Extractor] = {}

    def add(name: str, module: str, make: Callable[[Any], Extractor]) -> None:
        try:
            found[name] = make(importlib.import_module(module))
        except ImportError:
            print(f"{name}: not installed, left out")

    add("trafilatura", "trafilatura", lambda m: lambda html, _: m.extract(html, include_comments=False) or "")
    add(
        "trafilatura fast",
        "trafilatura",
        lambda m: lambda html, _: m.extract(html, include_comments=False, fast=True) or "",
    )
    add(
        "resiliparse",
        "resiliparse.extract.html2text",
        lambda m: lambda html, _: m.extract_plain_text(html, main_content=True),
    )
    add("newspaper4k", "newspaper", _newspaper)
    add("readability-lxml", "readability", _readability)
    return found


def _newspaper(module: Any) -> Extractor:
    def run(html: str, url: str | None) -> str:
        article = module.Article(url or "https://a.example/b", fetch_images=False)
        article.download(input_html=html)
        article.parse()
        return str(article.text)

    return run


def _readability(module: Any) -> Extractor:
    text_of = importlib.import_module("lxml.html").fromstring

    def run(html: str, _url: str | None) -> str:
        return str(text_of(module.Document(html).summary()).text_content())

    return run


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    tokens = _TOKEN.findall(text)
    return Counter(tuple(tokens[i : i + _NGRAM]) for i in range(max(1, len(tokens) - _NGRAM + 1)) if tokens)


def score_aeb(gold: str, text: str) -> tuple[float, float, float]:
    """Return true positives, false positives and false negatives of a page, as shares that add up to one."""
    want, have = _shingles(gold), _shingles(text)
    hits = sum((want & have).values())
    extra = sum((have - want).values())
    missed = sum((want - have).values())
    total = hits + extra + missed
    return (hits / total, extra / total, missed / total) if total else (0.0, 0.0, 0.0)


def score_snippets(page: dict[str, Any], text: str) -> tuple[float, float, float]:
    """Count wanted snippets found, unwanted ones found, wanted ones missed."""
    hits = sum(snippet in text for snippet in page["with"])
    extra = sum(snippet in text for snippet in page["without"])
    return float(hits), float(extra), float(len(page["with"]) - hits)


def f1(counts: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return precision, recall and F1 over summed counts."""
    hits, extra, missed = (sum(column) for column in zip(*counts, strict=True))
    precision = hits / (hits + extra) if hits else 0.0
    recall = hits / (hits + missed) if hits else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def load(path: Path) -> list[dict[str, Any]]:
    """Read one data set."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def run(name: str, extract: Extractor, pages: list[dict[str, Any]], worst: int) -> dict[str, Any]:
    """Extract every page; print the line of the table."""
    for page in pages[:5]:
        _safely(extract, page)
    started = time.process_time()
    texts = [_safely(extract, page) for page in pages]
    seconds = time.process_time() - started
    if "articleBody" in pages[0]:
        counts = [score_aeb(page["articleBody"], text) for page, text in zip(pages, texts, strict=True)]
    else:
        counts = [score_snippets(page, text) for page, text in zip(pages, texts, strict=True)]
    precision, recall, value = f1(counts)
    print(
        f"{name:18s}  P {precision:.3f}  R {recall:.3f}  F1 {value:.3f}  {len(pages) / seconds:7.0f} pages/CPU-s",
        flush=True,
    )
    if worst:
        _report(pages, counts, worst)
    return {
        "name": name,
        "precision": precision,
        "recall": recall,
        "f1": value,
        "pages_per_cpu_s": len(pages) / seconds,
    }


def _safely(extract: Extractor, page: dict[str, Any]) -> str:
    try:
        return extract(page["html"], page.get("url"))
    except Exception:  # noqa: BLE001 (a peer that raises on a page scores nothing for it)
        return ""


def _report(pages: list[dict[str, Any]], counts: list[tuple[float, float, float]], worst: int) -> None:
    by_language: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for page, count in zip(pages, counts, strict=True):
        by_language[page.get("lang") or "?"].append(count)
    for language, own in sorted(by_language.items()):
        print(f"    {language}: {len(own)} pages, F1 {f1(own)[2]:.3f}")
    ranked = sorted(range(len(pages)), key=lambda i: counts[i][0] - counts[i][1] - counts[i][2])
    for index in ranked[:worst]:
        hits, extra, missed = counts[index]
        print(f"    {index:4d} hit {hits:.2f} extra {extra:.2f} missed {missed:.2f} {pages[index].get('url', '')[:90]}")


def main() -> None:
    """Print one table per data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", help="names of extractors, by comma")
    parser.add_argument("--sets", default="article_extraction_benchmark,trafilatura_eval")
    parser.add_argument("--worst", type=int, default=0, help="show the worst pages and figures by language")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    extractors = {"ours": ours()} | peers()
    if options.only:
        extractors = {name: extractors[name] for name in options.only.split(",")}
    results = {}
    for name in options.sets.split(","):
        pages = load(options.data / f"{name}.jsonl.gz")
        print(f"\n{name}: {len(pages)} pages")
        results[name] = [run(label, extract, pages, options.worst) for label, extract in extractors.items()]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
