"""The fast reader is distilled from an encoder: from its answers, from labels by reading, and from the cache."""

import functools
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training import static_part
from pipeline_research.training.encoder_answers import EncoderAnswers
from pipeline_research.training.fast_texts import TextAmounts, read_fast_texts
from pipeline_research.training.fast_training import FastTraining, train_fast
from pipeline_research.training.network import NetworkSettings
from pipeline_research.training.static_part import StaticTraining
from pipeline_research.training.static_vectors import StaticSettings
from pipeline_research.training.teacher import WIDTH, Teacher
from tests.research.conftest import Write

POLITICS = "the minister told people that voters in towns would elect mayors and councils next week after long debates"
SPORT = "striker scored goals match team coach league stadium fans cup final keeper penalty season players"


class Sceptic:
    """An encoder that knows sport from politics by counting words, and counts how often it is asked."""

    name: ReaderName = "encoder"
    version = "sceptic-1"

    def __init__(self) -> None:
        self.asked = 0

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        self.asked += len(texts)
        return [self._reading(f"{item.headline} {item.body}") for item in texts]

    @staticmethod
    def _reading(text: str) -> Reading:
        words = text.split()
        is_sport = sum(word in SPORT.split() for word in words) * 2 > len(words)
        best = "15000000" if is_sport else "11000000"
        return Reading("encoder", tuple(4.0 if code == best else -4.0 for code in CODES), len(words))


def _sentence(words: str, seed: int) -> str:
    return " ".join(random.Random(seed).choices(words.split(), k=14))


@pytest.fixture
def data(tmp_path: Path, write: Write) -> Path:
    write(
        "topic/masakhanews",
        [
            {"lang": "en", "text": f"{_sentence(words, n)}\n{_sentence(words, -n)}", "title": "", "label": label}
            for n in range(200)
            for words, label in ((SPORT, "sports"), (POLITICS, "politics"))
        ],
    )
    read = [
        {"lang": "en", "text": f"{_sentence(words, 500 + n)}\n{_sentence(words, 700 + n)}", "labels": [code]}
        for n in range(120)
        for words, code in ((SPORT, "15000000"), (POLITICS, "11000000"))
    ]
    write("topic/read_indosum", read)
    sentences = [
        {"lang": "en", "text": _sentence(words, 900 + n), "kind": "sentences"}
        for n in range(60)
        for words in (SPORT, POLITICS)
    ]
    write("lid/lingua_testdata", sentences)
    return tmp_path


def test_the_fast_reader_learns_the_answers_and_the_labels(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    words = sorted({word for text in (POLITICS, SPORT) for word in text.split()})
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(f"▁{word}" for word in words), *"abcdefghijklmnopqrstuvwxyz"]
    monkeypatch.setattr(
        static_part, "read_table", lambda: (pieces, rng.normal(0, 1, (len(pieces), 24)).astype(np.float32))
    )
    embed = functools.partial(map, _vector)
    monkeypatch.setattr(static_part, "Teacher", lambda cache: Teacher(cache, lambda texts: list(embed(texts))))
    encoder, log_lines, output = Sceptic(), list[str](), data / "subjects.npz"
    training = FastTraining(
        static=StaticTraining(vocabulary=200, settings=StaticSettings(dim=32, batch=64)),
        network=NetworkSettings(bits=12, epochs=12, batch=32),
    )
    train = functools.partial(
        train_fast, data, encoder=encoder, cache=data / "cache", training=training, log_line=log_lines.append
    )
    train(output, vectors=None)
    with np.load(output, allow_pickle=False) as arrays:
        reader = FastReader(arrays)
        assert str(arrays["teacher_version"]) == "sceptic-1"
    found = reader.read([SubjectInput(body=_sentence(SPORT, 7000)), SubjectInput(body=_sentence(POLITICS, 7000))])
    best = [max(zip(item.logits, CODES, strict=True))[1] if item else None for item in found]
    assert best == ["15000000", "11000000"]
    assert "read_indosum" in reader.sources

    asked = encoder.asked
    train(data / "again.npz", vectors=output)
    assert encoder.asked == asked, "a second run finds the answers in the cache"
    with np.load(output) as first, np.load(data / "again.npz") as second:
        assert all(np.array_equal(first[name], second[name]) for name in first.files), "kept vectors give the same"


def test_answers_are_kept_by_version_and_a_text_that_is_not_read_has_no_subject(tmp_path: Path) -> None:
    encoder = Sceptic()
    with EncoderAnswers(tmp_path / "a.sqlite", encoder) as answers:
        assert answers.logits([], print).shape == (0, 17)
        first = answers.logits([SPORT, POLITICS, SPORT], print)
        assert encoder.asked == 2
        assert np.array_equal(first[0], first[2])
    encoder.version = "sceptic-2"
    monkey = EncoderAnswers(tmp_path / "a.sqlite", encoder)
    with monkey as answers:
        answers.logits([SPORT], print)
    assert encoder.asked == 3
    encoder.version = "sceptic-3"
    encoder.read = lambda texts: [None for _ in texts]  # type: ignore[method-assign]
    with EncoderAnswers(tmp_path / "a.sqlite", encoder) as answers:
        assert float(answers.logits([SPORT], print).max()) < -10


def test_held_out_texts_are_not_learned_from_under_any_name(data: Path, write: Write) -> None:
    texts = [
        f"{_sentence(words, 500 + n)}\n{_sentence(words, 700 + n)}" for n in range(120) for words in (SPORT, POLITICS)
    ]
    learned = {item.text for item in read_fast_texts(data, TextAmounts())}
    held_out = set(texts) - learned
    assert 0 < len(held_out) < len(texts) / 4
    write("lid/lingua_testdata", [{"lang": "en", "text": text, "kind": "sentences"} for text in texts])
    assert not held_out & {item.text for item in read_fast_texts(data, TextAmounts())}


def _vector(text: str) -> list[float]:
    """Answers as of a teacher: sport has one direction, politics another."""
    sport = sum(word in SPORT.split() for word in text.split())
    return [float(sport), float(len(text.split()) - sport), *np.random.default_rng(len(text)).normal(0, 0.1, WIDTH - 2)]
