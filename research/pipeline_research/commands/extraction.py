"""`news-pipeline eval extract`."""

import sys
from pathlib import Path

from pipeline.cli.arguments import UsageError
from pipeline_research.evaluation.corpora import Corpus, load_corpora
from pipeline_research.evaluation.extraction import Measured, measure
from pipeline_research.evaluation.extractors import DEFAULT, Extractor, own_extractors, peer_extractors
from pipeline_research.evaluation.tables import render

__all__ = ["extract"]


def extract(*, data: Path, min_f1: float | None = None, peers: bool = True, worst: int = 10) -> int:
    """Measure how well articles are extracted from pages, and compare with other libraries.

    All modes of `NEWS_EXTRACTION` and all installed peers process the same pages, one after another in one process.
    Peers that are not installed are left out; `uv run --with trafilatura --with resiliparse --with newspaper4k --with
    readability-lxml news-pipeline eval extract …` installs them for one run. Names of pages are printed, texts are not.

    Parameters
    ----------
    data:
        A directory of .jsonl, .jsonl.gz or .jsonl.zst files. A line is a page: `html`, and either `articleBody`, its
        text, or `with` and `without`, pieces that the text must and must not contain; `url`, `id`, `file` and `lang` if
        known.
    min_f1:
        Exit 1 when the default mode has a lower F1 on any file.
    peers:
        Whether to measure the peers too.
    worst:
        Number of worst pages to name.
    """
    if min_f1 is not None and not 0 <= min_f1 <= 1:
        raise UsageError("--min-f1 must be from 0 to 1")
    extractors = own_extractors()
    if peers:
        installed, absent = peer_extractors()
        extractors += installed
        for name in absent:
            _log_line(f"{name}: not installed, left out")
    scores = {}
    for corpus in load_corpora(data):
        if isinstance(corpus, str):
            _log_line(f"{corpus}: no gold text, left out")
        else:
            own = _evaluate(corpus, extractors, worst)
            scores[corpus.name] = own.score.f1
    if not scores:
        raise UsageError(f"{data} has no file of pages with gold text")
    below = {name: score for name, score in scores.items() if min_f1 is not None and score < min_f1}
    for name, score in below.items():
        _log_line(f"{name}: F1 {score:.3f} is below {min_f1}")
    return int(bool(below))


def _evaluate(corpus: Corpus, extractors: list[Extractor], worst: int) -> Measured:
    """Measure all extractors on one corpus and print the tables; return the result of the default mode."""
    measured = []
    for extractor in extractors:
        _log_line(f"{corpus.name}: {extractor.name}")
        measured.append(measure(extractor, corpus))
    own = next(item for item in measured if item.extractor.name == DEFAULT)
    print("\n".join(render(corpus, measured, own, worst)), flush=True)
    return own


def _log_line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
