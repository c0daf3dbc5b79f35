"""Markdown tables of an evaluation of extraction."""

from collections.abc import Iterator, Sequence

from pipeline_research.evaluation.corpora import Corpus
from pipeline_research.evaluation.extraction import Measured

__all__ = ["render"]

_FEW_PAGES = 3
"""Languages with fewer pages share one line."""
_NAME_CHARS = 90
_GOOD, _BAD = 0.95, 0.8
"""A page with at least the first F1 is read well, one below the second badly."""
_REFERENCE = "trafilatura"


def render(corpus: Corpus, measured: Sequence[Measured], own: Measured, worst: int) -> Iterator[str]:
    """Yield the lines of a corpus: scores and speed of all extractors, and languages and worst pages of `own`."""
    gold = "whole bodies, 4-grams of words" if corpus.has_whole_texts else "pieces that must and must not be there"
    yield f"## {corpus.name}: {len(corpus.pages)} pages, {gold}"
    yield ""
    yield from _scores(measured)
    yield ""
    if corpus.has_whole_texts:
        yield from _pages(measured)
        yield ""
    yield from _languages(own, [other for other in measured if other.extractor.name == _REFERENCE])
    if worst:
        yield ""
        yield from _worst(own, worst)
    yield ""


def _scores(measured: Sequence[Measured]) -> Iterator[str]:
    """Yield the table from fast to slow; a star marks extractors than which no other is both faster and better."""
    reference = next((item.pages_per_cpu_sec for item in measured if item.extractor.name == _REFERENCE), None)
    yield f"| | precision | recall | F1 | F1, tuned on | F1, held out | pages per CPU-second | × {_REFERENCE} | |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---|"
    for item in sorted(measured, key=lambda item: -item.pages_per_cpu_sec):
        score = item.score
        name = f"**{item.extractor.name}**" if item.extractor.is_ours else item.extractor.name
        ratio = f"{item.pages_per_cpu_sec / reference:.1f}" if reference else ""
        best = not any(
            other.score.f1 > score.f1 and other.pages_per_cpu_sec > item.pages_per_cpu_sec for other in measured
        )
        yield (
            f"| {name} | {score.precision:.3f} | {score.recall:.3f} | {score.f1:.3f} "
            f"| {item.half(held_out=False).f1:.3f} | {item.half(held_out=True).f1:.3f} "
            f"| {item.pages_per_cpu_sec:.0f} | {ratio} | {'★' if best else ''} |"
        )


def _pages(measured: Sequence[Measured]) -> Iterator[str]:
    """Yield for each extractor how many pages it reads well and badly, of all and of those held out."""
    part = f"mean F1 | >= {_GOOD} | < {_BAD}"
    yield f"| F1 of a page | pages | {part} | held out | {part} |"
    yield "|---|" + "---:|" * 8
    for item in sorted(measured, key=lambda item: -sum(item.page_scores())):
        cells = [f"| {item.extractor.name}"]
        for scores in (item.page_scores(), item.page_scores(held_out=True)):
            good = sum(score >= _GOOD for score in scores) / max(len(scores), 1)
            bad = sum(score < _BAD for score in scores)
            cells.append(f"{len(scores)} | {sum(scores) / max(len(scores), 1):.3f} | {good:.0%} | {bad}")
        yield " | ".join(cells) + " |"


def _languages(own: Measured, others: Sequence[Measured]) -> Iterator[str]:
    columns = [own, *others]
    names = " | ".join(f"F1, {item.extractor.name}" for item in columns)
    yield f"| language, as stated | pages | {names} |"
    yield "|---|---:|" + "---:|" * len(columns)
    scores = [item.by_language() for item in columns]
    ranked = sorted(scores[0], key=lambda language: (-scores[0][language][0], language))
    for language in ranked:
        pages = scores[0][language][0]
        if pages >= _FEW_PAGES:
            yield f"| {language} | {pages} | " + " | ".join(f"{found[language][1].f1:.3f}" for found in scores) + " |"
    few = [language for language in ranked if scores[0][language][0] < _FEW_PAGES]
    if few:
        yield f"| {', '.join(few)} | {sum(scores[0][language][0] for language in few)} |" + " |" * len(columns)


def _worst(own: Measured, number: int) -> Iterator[str]:
    yield f"| worst pages, {own.extractor.name} | found | too much | missed |"
    yield "|---|---:|---:|---:|"
    for page, count in own.worst(number):
        yield f"| {page.name[:_NAME_CHARS]} | {count.hits:.2f} | {count.extra:.2f} | {count.missed:.2f} |"
