"""The encoder's files: the vocabulary that is kept, the word table, and products that cannot overflow."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper
from scipy.special import erf

from pipeline.models.subjects.pieces import PieceCutter
from pipeline.models.subjects.word_table import WordTable
from pipeline.sources.errors import InputError
from pipeline_research.training.encoder_export import read_weights
from pipeline_research.training.encoder_graph import GraphParams, encoder_graph
from pipeline_research.training.encoder_vocabulary import (
    VocabularyParams,
    choose_pieces,
    count_pieces,
    kept_pieces,
    languages_in,
    save_pieces,
)
from tests.harness.small_encoder import SCRIPTS, WIDTH, small_base, small_vocabulary, small_weights

Write = Callable[[str, list[dict[str, Any]]], None]
PARAMS = GraphParams(max_tokens=48)


def _norm(rows: Any, scale: Any, shift: Any) -> Any:
    centred = rows - rows.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * scale + shift


def _in_floats(weights: dict[str, Any], rows: Any) -> tuple[Any, Any]:
    """Compute the encoder without rounding."""
    base = small_base()
    rows = _norm(rows + base.places[: len(rows)], base.scale, base.shift)
    for layer in range(len(weights["q_w"])):
        part = {name: value[layer] for name, value in weights.items() if value.ndim > 1 and name != "head"}
        q, k, v = (
            (rows @ part[f"{name}_w"] + part[f"{name}_b"]).reshape(len(rows), base.heads, -1).swapaxes(0, 1)
            for name in "qkv"
        )
        odds = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(WIDTH / base.heads))
        seen = (odds / odds.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(rows), -1)
        rows = _norm(rows + seen @ part["ao_w"] + part["ao_b"], part["aln_w"], part["aln_b"])
        inner = rows @ part["fi_w"] + part["fi_b"]
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        rows = _norm(rows + inner @ part["fo_w"] + part["fo_b"], part["oln_w"], part["oln_b"])
    pooled = rows.mean(0)
    return pooled @ weights["head"] * PARAMS.head_scale + weights["bias"], pooled


def _run(weights: dict[str, Any], rows: Any, outputs: Sequence[str] = ("logits", "pooled")) -> list[Any]:
    session = onnxruntime.InferenceSession(encoder_graph(weights, small_base(), PARAMS).SerializeToString())
    return [found[0] for found in session.run(outputs, {"rows": rows[None]})]


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("tokens", [1, 7, 48])
def test_the_graph_computes_the_encoder(layers: int, tokens: int) -> None:
    weights = small_weights(layers)
    rows = np.random.default_rng(tokens).normal(0, 0.3, (tokens, WIDTH)).astype(np.float32)
    logits, pooled = _run(weights, rows)
    expected, mean = _in_floats(weights, rows.astype(np.float64))
    assert pooled @ mean / np.linalg.norm(pooled) / np.linalg.norm(mean) > 0.995
    assert np.corrcoef(logits, expected)[0, 1] > 0.99


def test_the_second_level_has_a_head_of_its_own() -> None:
    weights = small_weights(second=True)
    rows = np.random.default_rng(1).normal(0, 0.3, (9, WIDTH)).astype(np.float32)
    pooled, second = _run(weights, rows, ("pooled", "second_logits"))
    expected = pooled @ weights["second"] * PARAMS.head_scale + weights["second_bias"]
    assert np.allclose(second, expected, atol=1e-3)
    assert np.array_equal(_run(weights, rows)[0], _run(small_weights(), rows)[0])


def test_no_pair_of_products_overflows_sixteen_bits() -> None:
    graph = encoder_graph(small_weights(), small_base(), PARAMS).graph
    whole = [numpy_helper.to_array(item) for item in graph.initializer if item.name.endswith(".w")]
    matrices = [value for value in whole if value.dtype == np.int8]
    assert len(matrices) == 2 * 4, "queries, keys and values are one matrix"
    assert max(int(np.abs(value.astype(int)).max()) for value in matrices) == PARAMS.full
    assert 2 * 255 * PARAMS.full < 2**15


def test_weights_that_lack_something_are_refused(tmp_path: Path) -> None:
    complete = small_weights()
    path = tmp_path / "weights.npz"
    np.savez(path, **complete)  # type: ignore[arg-type]
    assert read_weights(path).keys() == complete.keys()
    second = small_weights(second=True)
    np.savez(path, **second)  # type: ignore[arg-type]
    assert read_weights(path).keys() == second.keys()
    for broken in (
        {**complete, "head": complete["head"][:, :16]},
        {**complete, "fo_w": complete["fo_w"][:1]},
        {**second, "second": second["second"][:, :17]},
    ):
        np.savez(path, **broken)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="missing"):
            read_weights(path)
    np.savez(path, head=complete["head"])
    with pytest.raises(InputError, match="no weights"):
        read_weights(path)


def test_rows_of_the_word_table_are_exact() -> None:
    blocks = np.zeros((3, 36), np.uint8)
    blocks[1, :2] = np.array([0.5], np.float16).view(np.uint8)
    blocks[1, 2:18] = 0x80 + np.arange(16)  # low halves 0 to 15, high halves 8
    table = WordTable(blocks)
    assert table.width == 64
    (row,) = table.rows([1])
    assert row.tolist() == [(value - 8) / 2 for value in range(16)] + [0.0] * 48


def test_the_most_used_pieces_of_every_language_are_kept() -> None:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "x", "large", "also", "small", "rare", "never", "seldom"]
    scores = np.array([0, 0, 0, 0, -1, -9, -2, -3, -9, -9, -5, -8], np.float32)
    large, small = np.zeros(12, np.int64), np.zeros(12, np.int64)
    large[[6, 7, 9]] = 900, 90, 10
    small[8] = 2
    counts = {"large": large, "small": small}
    assert choose_pieces(pieces, scores, counts, 8) == [0, 1, 2, 3, 4, 5, 6, 8]
    assert choose_pieces(pieces, scores, counts, 11) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_pieces_are_counted_by_language(tmp_path: Path, write: Write) -> None:
    rows = [{"lang": "deu-Latn", "text": "der train", "label": "sports"}] * 3
    write("topic/sib200", rows)
    write("lid/lingua_testdata", [{"lang": "ru", "text": SCRIPTS[1] * 9}, {"lang": "ru", "text": "поезд"}])
    vocabulary = small_vocabulary()
    cutter = PieceCutter(vocabulary.pieces, vocabulary.scores.tolist(), vocabulary.replacements)
    lines = list[str]()
    found = languages_in(tmp_path, VocabularyParams(chars=40))
    counts = count_pieces(found, cutter, len(vocabulary.pieces), lines.append)
    german = counts.pop("de")
    assert german[vocabulary.pieces.index("▁der")] == 3
    assert not counts, "the first Russian text is longer than what is read of a language in a set"
    assert lines


def test_the_list_of_kept_pieces_is_read_back(tmp_path: Path) -> None:
    save_pieces([0, 1, 2, 3, 9, 18], 20, tmp_path / "kept.npy")
    assert kept_pieces(tmp_path / "kept.npy") == [0, 1, 2, 3, 9, 18]
    with pytest.raises(InputError, match="no list of pieces"):
        kept_pieces(tmp_path / "other.npy")
