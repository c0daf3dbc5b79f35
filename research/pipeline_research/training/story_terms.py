"""Makes the frequencies of common words that ship with stories, so that a young fold does not take them for telling."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct

from pipeline.stories.params import SketchParams
from pipeline.stories.terms import term_hash, terms_in

__all__ = ["StoryTermsTraining", "train_story_terms"]

_SENTENCES: Final = "lid/lingua_testdata.jsonl.gz"
_LEFT_OUT: Final = ("ntrex_news", "iptc_mediatopic_terms", "iptc_subjectcode_terms")
"""NTREX measures stories; the others are no texts."""
_ALL: Final = 65_535


class StoryTermsTraining(Struct, frozen=True, kw_only=True):
    """What is counted, and what is kept."""

    texts_per_file: int = 400
    """Texts of a language that are read of a file. Chosen."""
    least_chars: int = 300
    """Shorter texts are headlines, in which common words are rare. Chosen."""
    sentences: int = 8
    """Sentences that stand for a text, where there are only these: about as long as what is read of an article."""
    least_texts: int = 60
    """Texts that a language needs. Chosen."""
    terms: int = 250
    """Most common terms of a language that are kept: function words, and words of all news. Chosen."""
    least_share: float = 0.03
    """Least share of the texts that have a term. Chosen."""


def train_story_terms(data: Path, output: Path, params: StoryTermsTraining) -> dict[str, int]:
    """Write hashes of terms, sorted, and in how many of 65,536 texts of their language they occur.

    Args:
        data: A directory of corpora; those that are absent are skipped.
        output: File for the arrays, npz.
        params: What is counted.

    Returns:
        The number of texts by language.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    texts: Counter[str] = Counter()
    reading = SketchParams()
    for language, text in _texts(data, params):
        texts[language] += 1
        counts[language].update(set(terms_in(text[: reading.body_chars], reading)))
    shares: dict[int, int] = {}
    for language, number in texts.items():
        if number < params.least_texts:
            continue
        for term, count in counts[language].most_common(params.terms):
            if count >= params.least_share * number:
                name = term_hash(term)
                shares[name] = max(shares.get(name, 0), count * _ALL // number)
    ordered = sorted(shares)
    np.savez_compressed(
        output,
        hashes=np.array(ordered, dtype=np.uint32),
        shares=np.array([shares[name] for name in ordered], dtype=np.uint16),
    )
    return dict(texts)


def _texts(data: Path, params: StoryTermsTraining) -> Iterator[tuple[str, str]]:
    """Yield language and text."""
    for path in sorted((data / "topic").glob("*.jsonl.gz")):
        if path.name.removesuffix(".jsonl.gz") in _LEFT_OUT:
            continue
        taken: Counter[str] = Counter()
        for row in _rows(path):
            language = str(row.get("lang") or "")
            if language and len(row["text"]) >= params.least_chars and taken[language] < params.texts_per_file:
                taken[language] += 1
                yield language, row["text"]
    sentences: dict[str, list[str]] = defaultdict(list)
    for row in _rows(data / _SENTENCES):
        if row["kind"] == "sentences":
            sentences[row["lang"]].append(row["text"])
    for language, found in sentences.items():
        left = iter(found)
        while some := list(islice(left, params.sentences)):
            yield language, " ".join(some)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
