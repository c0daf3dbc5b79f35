"""Choose the pieces of words that the encoder keeps: the most used of every language, and all single characters."""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.pieces import PieceCutter
from pipeline.sources.errors import InputError
from pipeline_research.training.corpora import read_rows, short_tags, tag_of
from pipeline_research.training.e5_file import SPECIAL

__all__ = ["VocabularyParams", "choose_pieces", "count_pieces", "kept_pieces", "languages_in", "save_pieces"]

# Sets of many languages, and those that were read: other sets would add much text of few languages.
_PLACES: Final = (
    "topic/sib200.jsonl.gz",
    "topic/ntrex_news.jsonl.gz",
    "topic/read_*.jsonl.gz",
    "lid/lingua_testdata.jsonl.gz",
)
_START: Final = "▁"


class VocabularyParams(Struct, frozen=True):
    """How much is kept, and how much is read to choose it."""

    pieces: int = 140_000  # kept of the 250,002; a piece takes 225 bytes
    chars: int = 40_000  # most characters read of a language in a set
    text_chars: int = 500  # most characters read of a text


def languages_in(data: Path, params: VocabularyParams) -> Iterator[tuple[str, str]]:
    """Yield language and text of the sets in a directory of corpora, less what is only for measuring.

    Raises:
        InputError: There are none, or one cannot be read.
    """
    paths = [path for place in _PLACES for path in sorted(data.glob(place))]
    if not paths:
        raise InputError(f"{data}: no corpora")
    for path in paths:
        read: dict[str, int] = defaultdict(int)
        for row in read_rows(path):
            language = _language(str(row["lang"]))
            text = str(row["text"])[: params.text_chars]
            read[language] += len(text)
            if read[language] <= params.chars:
                yield language, text


def _language(code: str) -> str:
    tag = tag_of(code)
    primary, _, rest = tag.partition("-")
    return short_tags().get(primary, primary) + (f"-{rest}" if rest else "")


def count_pieces(
    texts: Iterable[tuple[str, str]], cutter: PieceCutter, size: int, log_line: Callable[[str], None]
) -> dict[str, NDArray[np.int64]]:
    """Return language → how often each piece occurs (pieces).

    Args:
        texts: Language and text.
        cutter: With the whole vocabulary.
        size: Of the vocabulary.
        log_line: Called with lines about the progress.
    """
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for number, (language, text) in enumerate(texts):
        words[language].update(text.split())
        if number % 20_000 == 0:
            log_line(f"vocabulary: {number} texts")
    return {language: _pieces_of(counter, cutter, size) for language, counter in words.items()}


def _pieces_of(words: Counter[str], cutter: PieceCutter, size: int) -> NDArray[np.int64]:
    """Count the pieces of words; those that are equally frequent are cut at once, as words are cut independently."""
    alike: dict[int, list[str]] = defaultdict(list)
    for word, count in words.items():
        alike[count].append(word)
    found = np.zeros(size, np.int64)
    for count, group in alike.items():
        numbers = cutter.cut(" ".join(group), sys.maxsize).numbers
        found += count * np.bincount(numbers, minlength=size)
    return found


def choose_pieces(
    pieces: Sequence[str], scores: NDArray[np.float32], counts: Mapping[str, NDArray[np.int64]], size: int
) -> list[int]:
    """Return the numbers of the pieces that are kept, in their order.

    A piece is worth its largest share in any language, so that small languages and rare scripts keep theirs; pieces
    that occur nowhere follow by their probability.

    Args:
        pieces: The whole vocabulary, the special ones first.
        scores: Their scores.
        counts: Language → how often each piece occurs.
        size: How many are kept.
    """
    share = np.zeros(len(pieces))
    for count in counts.values():
        share = np.maximum(share, count / max(int(count.sum()), 1))
    single = np.array([len(piece.removeprefix(_START)) <= 1 for piece in pieces])
    single[:SPECIAL] = True
    order = np.lexsort((-scores, -share, ~single))
    return sorted(order[:size].tolist())


def save_pieces(kept: Sequence[int], size: int, output: Path) -> None:
    """Write which of `size` pieces are kept, one bit for each."""
    bits = np.zeros(size, np.uint8)
    bits[list(kept)] = 1
    np.save(output, np.packbits(bits))


def kept_pieces(path: Path | None = None) -> list[int]:
    """Return the numbers of the pieces that are kept, by default of the file in this package.

    Raises:
        InputError: The file cannot be read.
    """
    source = path or Path(str(resources.files("pipeline_research.training") / "data" / "encoder_pieces.npy"))
    try:
        bits = np.unpackbits(np.load(source, allow_pickle=False))
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{source}: no list of pieces") from error
    found: list[int] = np.flatnonzero(bits).tolist()
    return found
