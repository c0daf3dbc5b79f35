"""A small encoder with random weights, made by the code that makes the shipped one."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.models.subjects.taxonomy import SECOND_LEVEL
from pipeline_research.training.encoder_export import EncoderVocabulary, export_encoder
from pipeline_research.training.encoder_graph import BaseLayers, GraphParams

SCRIPTS: Final = (
    "Der Zug fährt heute nicht nach Köln",
    "Поезд сегодня не идёт",
    "القطار لا يسير اليوم",
    "列车今天不运行",
    "今日は列車が動かない",
    "오늘은 기차가 다니지 않는다",
    "วันนี้รถไฟไม่วิ่ง",
    "आज ट्रेन नहीं चलेगी",
    "ባቡሩ ዛሬ አይሄድም",
    "Το τρένο δεν κινείται σήμερα",
    "הרכבת לא נוסעת היום",
    "მატარებელი დღეს არ მოძრაობს",
    "ဒီနေ့ ရထား မပြေးပါ",
)
"""The same statement in thirteen scripts; the small vocabulary has all of their characters."""

WORDS: Final = ("▁query", ":", "▁der", "▁train", "▁elect", "ion", "▁sport", "s", "列车", "поезд")
WIDTH: Final = 64
INNER: Final = 128
POSITIONS: Final = 48


def small_weights(layers: int = 2, seed: int = 5, *, second: bool = False) -> dict[str, NDArray[np.float32]]:
    """Return random weights by name, with a head of the second level if asked."""
    random = np.random.default_rng(seed)
    shapes = {
        **dict.fromkeys("qkv", (WIDTH, WIDTH)),
        "ao": (WIDTH, WIDTH),
        "fi": (WIDTH, INNER),
        "fo": (INNER, WIDTH),
    }
    found = {f"{name}_w": random.normal(0, 0.2, (layers, *shape)) for name, shape in shapes.items()}
    found |= {f"{name}_b": random.normal(0, 0.1, (layers, shape[1])) for name, shape in shapes.items()}
    for name in ("aln", "oln"):
        found |= {
            f"{name}_w": random.normal(1, 0.1, (layers, WIDTH)),
            f"{name}_b": random.normal(0, 0.1, (layers, WIDTH)),
        }
    found |= {"head": random.normal(0, 0.1, (WIDTH, 17)), "bias": random.normal(0, 1, 17)}
    if second:
        size = len(SECOND_LEVEL)
        found |= {"second": random.normal(0, 0.1, (WIDTH, size)), "second_bias": random.normal(0, 1, size)}
    return {name: value.astype(np.float32) for name, value in found.items()}


def small_base(seed: int = 6, positions: int = POSITIONS) -> BaseLayers:
    """Return random positions and an even normalisation."""
    places = np.random.default_rng(seed).normal(0, 0.2, (positions, WIDTH)).astype(np.float32)
    return BaseLayers(2, 1e-12, places, np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32))


def small_vocabulary(seed: int = 7) -> EncoderVocabulary:
    """Return a vocabulary of single characters and a few words, with random rows."""
    characters = sorted(
        {character for text in SCRIPTS for character in text} | set("abcdefghijklmnopqrstuvwxyz.") - {" ", *WORDS}
    )
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *WORDS, *characters]
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, (len(pieces), WIDTH // 32, 18)).astype(np.uint8)
    scale = random.uniform(0.02, 0.06, blocks.shape[:2]).astype(np.float16)
    blocks[:, :, :2] = scale[..., None].view(np.uint8)
    scores = np.full(len(pieces), -8, np.float32)
    scores[5 : 5 + len(WORDS)] = -5
    return EncoderVocabulary(pieces, scores, blocks.reshape(len(pieces), -1), {ord("Ａ"): "A", ord("ﬁ"): "fi"})


def small_encoder(directory: Path, layers: int = 2, positions: int = POSITIONS, *, second: bool = False) -> Path:
    """Write the files of a small encoder that reads up to `positions` tokens, and return their directory."""
    params, base = GraphParams(max_tokens=positions), small_base(positions=positions)
    export_encoder(
        small_weights(layers, second=second), base, small_vocabulary(), directory, version="small", params=params
    )
    return directory
