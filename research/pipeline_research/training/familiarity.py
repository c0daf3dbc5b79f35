"""Learn which n-grams a language has, and which share of a text's they are at least.

The n-grams are those of SIB-200's train split. The levels come from SIB-200 dev and from texts that do not measure the
detector: the Leipzig sentences left for training, every second document of NTREX, and of sets of news the articles
after those that are measured.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct

from pipeline.models.familiarity import fourgrams
from pipeline.models.language_gate import is_unspaced
from pipeline.models.scripts import code_points, profile
from pipeline_research.training.corpora import read_rows
from pipeline_research.training.language_corpora import read_later_news, read_leipzig

__all__ = ["FamiliarityTraining", "train_familiarity"]

_NTREX: Final = Path("topic", "ntrex_news.jsonl.gz")


class FamiliarityTraining(Struct, frozen=True):
    """Sizes and levels, chosen on UDHR texts of languages that are not known, beside news in those that are."""

    bits: int = 16
    max_chars: int = 600  # what the detector reads of a text
    joined: int = 5  # sentences of a text that is made of sentences
    leipzig_texts: int = 30  # of a language, so joined
    margin: float = 0.08  # below the mean of SIB-200 dev; a level is never higher
    low_share: float = 0.005  # of the other texts of a language that are below its level
    low_margin: float = 0.02  # and this much lower still
    fewest: int = 5  # other texts that determine a level


def train_familiarity(
    found: Mapping[str, Mapping[str, Sequence[str]]], data: Path, training: FamiliarityTraining
) -> dict[str, Any]:
    """Return the arrays of the model, `familiar_*`.

    Args:
        found: Split → tag → sentences of SIB-200.
        data: The folder of all sets.
        training: Sizes and levels.

    Raises:
        InputError: A set cannot be read.
    """
    rows = {}
    for tag, sentences in found["train"].items():
        if not sentences or is_unspaced(profile(code_points(sentences[0])).script):
            continue
        row = np.zeros(1 << training.bits, dtype=bool)
        for sentence in sentences:
            row[fourgrams(code_points(sentence), training.bits)] = True
        rows[tag] = row
    same = _shares(rows, _joined(found["dev"], training), training)
    others = _shares(rows, _other_texts(data, training), training)
    levels = {tag: _level(same[tag], others.get(tag, []), training) for tag in rows}
    return {
        "familiar_labels": np.array(list(rows)),
        "familiar_rows": np.stack([np.packbits(row, bitorder="little") for row in rows.values()]),
        "familiar_levels": np.array([levels[tag] for tag in rows], np.float32),
    }


def _level(same: Sequence[float], others: Sequence[float], training: FamiliarityTraining) -> float:
    level = float(np.mean(same)) - training.margin
    if len(others) < training.fewest:
        return level
    return min(level, float(np.quantile(others, training.low_share)) - training.low_margin)


def _shares(
    rows: Mapping[str, Any], texts: Iterator[tuple[str, str]], training: FamiliarityTraining
) -> dict[str, list[float]]:
    """Return for each tag the share of known n-grams of its texts."""
    shares: dict[str, list[float]] = defaultdict(list)
    for tag, text in texts:
        label = tag if tag in rows else tag.split("-", maxsplit=1)[0]
        if label in rows:
            found = fourgrams(code_points(text[: training.max_chars]), training.bits)
            shares[label].append(float(rows[label][found].mean()))
    return shares


def _joined(found: Mapping[str, Sequence[str]], training: FamiliarityTraining) -> Iterator[tuple[str, str]]:
    for tag, sentences in found.items():
        for first in range(0, len(sentences) - training.joined + 1, training.joined):
            yield tag, " ".join(sentences[first : first + training.joined])


def _other_texts(data: Path, training: FamiliarityTraining) -> Iterator[tuple[str, str]]:
    most = training.leipzig_texts * training.joined
    # Sentences that stand together in the file are alike.
    spread = {tag: texts[:: max(1, len(texts) // most)][:most] for tag, texts in read_leipzig(data).items()}
    yield from _joined(spread, training)
    documents: dict[str, int] = {}
    for row in read_rows(data / _NTREX):
        if documents.setdefault(row["doc"], len(documents)) % 2 == 0:
            yield row["lang"], row["text"]
    yield from read_later_news(data)
