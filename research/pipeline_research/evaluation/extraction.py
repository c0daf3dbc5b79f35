"""Run extractors over a corpus: what they score, on which half, how fast."""

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
    """One extractor on one corpus; counts in the order of its pages."""

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
        """How fast it was."""
        return len(self.counts) / self.cpu_secs

    def half(self, *, held_out: bool) -> Score:
        """Return the score on the pages that were, or were not, held out."""
        return summed([count for page, count in self._pairs() if page.is_held_out is held_out])

    def by_language(self) -> dict[str, tuple[int, Score]]:
        """Return pages and score of each language."""
        found: defaultdict[str, list[Counts]] = defaultdict(list)
        for page, count in self._pairs():
            found[page.language].append(count)
        return {language: (len(counts), summed(counts)) for language, counts in found.items()}

    def worst(self, number: int) -> list[tuple[GoldPage, Counts]]:
        """Return the pages that cost most, the worst first."""
        return sorted(self._pairs(), key=lambda pair: -(pair[1].extra + pair[1].missed))[:number]

    def _pairs(self) -> Iterator[tuple[GoldPage, Counts]]:
        return zip(self.corpus.pages, self.counts, strict=True)


def measure(extractor: Extractor, corpus: Corpus) -> Measured:
    """Extract every page. Only the extractor's own CPU time counts, page in, text out, after a warm-up."""
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
    except Exception:  # noqa: BLE001  a tool that raises on a page scores nothing for it
        return ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the peers' warnings, which quote pages, off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
