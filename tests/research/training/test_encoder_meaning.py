"""The encoder's vector of meaning: what differs between translations is shrunk, and the graph computes it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from pipeline.models.subjects.encoder import EncoderReader
from pipeline.models.subjects.reading import SubjectInput
from pipeline_research.training.encoder_meaning import Meaning, MeaningParams, fit_meaning, make_meaning, with_meaning
from tests.harness.small_encoder import SCRIPTS, WIDTH, small_encoder

Write = Callable[[str, list[dict[str, Any]]], None]

SENTENCES, LANGUAGES = 60, 12


def _translations(random: np.random.Generator) -> tuple[Any, list[int]]:
    """Return vectors in which a sentence moves 24 directions, and its language, by more, eight others."""
    meanings = np.zeros((SENTENCES, WIDTH))
    meanings[:, 8:32] = random.normal(size=(SENTENCES, 24))
    styles = np.zeros((LANGUAGES, WIDTH))
    styles[:, :8] = random.normal(0, 4, (LANGUAGES, 8))
    vectors = meanings[:, None] + styles[None] + random.normal(0, 0.1, (SENTENCES, LANGUAGES, WIDTH)) + 1
    return vectors.reshape(-1, WIDTH).astype(np.float32), np.repeat(np.arange(SENTENCES), LANGUAGES).tolist()


def _found_first(vectors: Any, groups: list[int]) -> float:
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = (units @ units.T - 2 * np.eye(len(units))).argmax(axis=1)
    return float(np.mean(np.asarray(groups)[nearest] == groups))


def test_what_differs_between_translations_is_shrunk() -> None:
    learned, groups = _translations(np.random.default_rng(1))
    others, _ = _translations(np.random.default_rng(2))
    meaning = fit_meaning(learned, groups, MeaningParams())
    units = others / np.linalg.norm(others, axis=1, keepdims=True)
    assert _found_first(others, groups) < 0.7
    assert _found_first(units @ meaning.matrix + meaning.shift, groups) > 0.95


def test_the_graph_computes_it_and_the_reader_returns_it(tmp_path: Path) -> None:
    files = small_encoder(tmp_path, positions=80)
    before = EncoderReader(files).read([SubjectInput("", SCRIPTS[0], "de")])[0]
    graph = onnx.load(files / "graph.onnx")
    random = np.random.default_rng(3)
    for _ in range(2):  # the second takes the place of the first
        meaning = Meaning(
            random.normal(size=(WIDTH, WIDTH)).astype(np.float32), random.normal(size=WIDTH).astype(np.float32)
        )
        graph = with_meaning(graph, meaning)
    onnx.checker.check_model(graph.SerializeToString())
    onnx.save(graph, files / "graph.onnx")
    reader = EncoderReader(files)
    pooled = reader.pooled(SubjectInput("", SCRIPTS[0], "de"))
    assert pooled is not None
    expected = pooled / np.linalg.norm(pooled) @ meaning.matrix + meaning.shift
    found = reader.read([SubjectInput("", SCRIPTS[0], "de")])[0]
    assert found is not None
    assert before is not None
    assert found.logits == before.logits
    assert found.vector != before.vector
    values = np.frombuffer(found.vector or b"", np.int8)
    assert values == pytest.approx(expected * 127 / np.abs(expected).max(), abs=0.51)


def test_a_text_without_known_pieces_has_no_vector(tmp_path: Path) -> None:
    assert EncoderReader(small_encoder(tmp_path, positions=80)).pooled(SubjectInput("", "", "")) is None


def test_it_is_learned_from_translated_sentences_and_neighbours(tmp_path: Path, write: Write) -> None:
    rows = [
        {"id": str(number), "lang": lang, "text": f"{text} {SCRIPTS[number % 13]}"}
        for number in range(9)
        for lang, text in (("eng-Latn", "the train"), ("deu-Latn", "der zug"), ("rus-Cyrl", "поезд"))
    ]
    write("topic/sib200", rows)
    files = small_encoder(tmp_path / "encoder", positions=80)
    lines: list[str] = []
    make_meaning(tmp_path, files, "small-2", lines.append, MeaningParams(alone=(1, 0), joined=(2, 0)))
    # Nine sentences in two languages, and four pairs of neighbours in three.
    assert lines == [f"{files}: the vector of meaning, from 30 texts of 13 sentences and pairs"]
    assert json.loads((files / "about.json").read_text(encoding="utf-8"))["version"] == "small-2"
    assert EncoderReader(files).version == "small-2"
