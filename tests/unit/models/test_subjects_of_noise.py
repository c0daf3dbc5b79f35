"""What is no text in any language: no subject of it is reliable, whoever reads it."""

import random
from collections.abc import Callable

import pytest

from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.encoder import EncoderReader
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import SubjectInput
from pipeline.stages.classify import ClassifyParams

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _token(rng: random.Random, alphabet: str, shortest: int, longest: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(shortest, longest)))


NOISE: dict[str, Callable[[random.Random, int], list[str]]] = {
    "a letter again and again": lambda rng, words: [rng.choice(LETTERS)] * words,
    "a token again and again": lambda rng, words: [_token(rng, LETTERS, 2, 8)] * words,
    "tokens": lambda rng, words: [_token(rng, LETTERS, 2, 9) for _ in range(words)],
    "digests": lambda rng, words: [_token(rng, "0123456789abcdef", 8, 32) for _ in range(words)],
    "part numbers": lambda rng, words: [_token(rng, "0123456789", 1, 7) + rng.choice("abx") for _ in range(words)],
    "keys": lambda rng, words: [_token(rng, "asdfjkl", 3, 9) for _ in range(words)],
}


@pytest.fixture(scope="module")
def cascade(fast_reader: FastReader) -> SubjectClassifier:
    params = SubjectParams(reader="cascade")
    return SubjectClassifier(
        calibration=Calibration.load(), params=params, fast=fast_reader, encoder=EncoderReader.load()
    )


@pytest.mark.parametrize("kind", NOISE)
def test_no_subject_of_noise_is_reliable(kind: str, model: LanguageModel, cascade: SubjectClassifier) -> None:
    rng = random.Random(kind)
    texts = [" ".join(NOISE[kind](rng, words)) for words in (10, 60, 300) for _ in range(10)]
    bar = ClassifyParams().min_language_confidence
    found = model.detect([LanguageInput(body=text) for text in texts])
    unknown = [text for text, language in zip(texts, found, strict=True) if language.confidence < bar]
    assert len(unknown) > len(texts) // 2
    results = cascade.classify([SubjectInput(body=text) for text in unknown])
    assert not [item for result in results for item in result.subjects if item.reliable]
    assert sum(bool(result.subjects) for result in results) < len(results) / 5


@pytest.mark.parametrize("words", ["x", "menu home"])
def test_words_without_end_have_no_reading(words: str, fast_reader: FastReader) -> None:
    few, many = (SubjectInput(body=f"{words} " * times) for times in (2, 200))
    assert [found is None for found in fast_reader.read([few, many])] == [False, True]
