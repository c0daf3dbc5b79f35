"""`news-pipeline eval stories`."""

from pathlib import Path

from pipeline.cli.arguments import UsageError
from pipeline.models.subjects.encoder import EncoderReader
from pipeline.stories.params import StoryParams
from pipeline_research.evaluation.stories import (
    bcubed,
    ecb,
    folded,
    ntrex,
    og2021,
    pair_figures,
    pairs,
    shares_together,
)
from pipeline_research.training.measures import table

__all__ = ["stories"]


def stories(*, data: Path, words_only: bool = False) -> int:
    """Measure how well articles become stories, with the thresholds that ship.

    Prints BCubed precision, recall and F1 of ECB+ and of the titles of OG2021, the same of pairs of tgcontest, and for
    NTREX the share of documents that are in the story of their translations, and that are in the story of another
    event. The thresholds were chosen on tgcontest and on the first half of NTREX.

    Parameters
    ----------
    data:
        A directory with `dup/ecbplus.jsonl.gz`, `dup/og2021_titles.jsonl.gz`, `dup/tgcontest_pairs.jsonl.gz` and
        `topic/ntrex_news.jsonl.gz`.
    words_only:
        Whether to leave out the vectors, which the encoder makes.
    """
    if not data.is_dir():
        raise UsageError(f"{data}: no such directory")
    rows = [row for words in ((True,) if words_only else (True, False)) for row in _rows(data, words_only=words)]
    print("\n".join(table(("set", "compared by", "precision or joined", "recall or foreign", "F1"), rows)))
    return 0


def _rows(data: Path, *, words_only: bool) -> list[list[object]]:
    reader = None if words_only else EncoderReader.load()
    by, params = ("words" if words_only else "words and vectors"), StoryParams()
    rows: list[list[object]] = []
    for name, texts in (("ECB+", ecb(data)), ("OG2021, titles", og2021(data))):
        if texts:
            figures = bcubed(folded(texts, params, reader), texts)
            rows.append([name, by, figures.precision, figures.recall, figures.f1])
    texts, same = pairs(data)
    if texts:
        figures = pair_figures(folded(texts, params, reader), same)
        rows.append(["tgcontest, pairs", by, figures.precision, figures.recall, figures.f1])
    if not words_only:
        for part in (0, 1):
            if texts := ntrex(data, part):
                found = folded(texts, params, reader)
                rows.append([f"NTREX, half {part + 1}", by, *shares_together(found, texts), bcubed(found, texts).f1])
    return rows
