"""Measure extractors on a corpus: scores on both halves, and speed."""

import logging
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from pipeline_research.evaluation.corpora import Corpus, GoldPage
from pipeline_research.evaluation.extractors import Extractor
from pipeline_research.evaluation.scoring import Counts, Score, score_page, summed

__all__ = ["Measured", "measure"]

_WARM_UP_PAGES = 3


class Measured(Struct, frozen=True):
    """The result of one extractor on one corpus; `counts` are in the order of its pages."""

    extractor: Extractor
    corpus: Corpus
    counts: tuple[Counts, ...]
    cpu_secs: float

    @property
    def score(self) -> Score:
        """The score on all pages."""
        return summed(self.counts)

    @property
    def pages_per_cpu_sec(self) -> float:
        """Pages per second of CPU time."""
        return len(self.counts) / self.cpu_secs

    def half(self, *, held_out: bool) -> Score:
        """Return the score on the pages that were held out from tuning, or on the others."""
        return summed([count for page, count in self._pairs() if page.is_held_out is held_out])

    def page_scores(self, *, held_out: bool | None = None) -> list[float]:
        """Return the F1 of each page, or of those that were held out from tuning, or of the others."""
        return [summed([count]).f1 for page, count in self._pairs() if held_out is None or page.is_held_out is held_out]

    def by_language(self) -> dict[str, tuple[int, Score]]:
        """Return pages and score of each language."""
        found: defaultdict[str, list[Counts]] = defaultdict(list)
        for page, count in self._pairs():
            found[page.language].append(count)
        return {language: (len(counts), summed(counts)) for language, counts in found.items()}

    def worst(self, number: int) -> list[tuple[GoldPage, Counts]]:
        """Return the pages with the most errors, the worst first."""
        return sorted(self._pairs(), key=lambda pair: -(pair[1].extra + pair[1].missed))[:number]

    def _pairs(self) -> Iterator[tuple[GoldPage, Counts]]:
        return zip(self.corpus.pages, self.counts, strict=True)


def measure(extractor: Extractor, corpus: Corpus) -> Measured:
    """Extract all pages; measure only the CPU time of the extractor, after a warm-up."""
    with _quiet():
        for page in corpus.pages[:_WARM_UP_PAGES]:
            _extracted(extractor, page)
        counts, spent = [], 0.0
        for page in corpus.pages:
            began = time.process_time()
            text = _extracted(extractor, page)
            spent += time.process_time() - began
            counts.append(score_page(page, text))
    return Measured(extractor, corpus, tuple(counts), spent)


def _extracted(extractor: Extractor, page: GoldPage) -> str:
    try:
        return extractor.run(page)
    except Exception:  # noqa: BLE001  an extractor that raises has no text for the page
        return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress logs and warnings of the peers, which quote pages."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
