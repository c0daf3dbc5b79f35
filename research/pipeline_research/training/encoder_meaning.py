"""Learn what of an encoder's pooled vector is meaning: translations of a sentence differ in everything else.

The directions in which the vectors of translations differ are shrunk, by whitening the covariance within sentences
(within-class covariance normalisation). What remains tells events apart better, also within a language.
"""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from pipeline.models.subjects.encoder import MEANING, EncoderReader
from pipeline.models.subjects.reading import SubjectInput
from pipeline_research.evaluation.subjects_vectors import LANGUAGES
from pipeline_research.training.corpora import SENTENCES, read_rows, tag_of

__all__ = ["Meaning", "MeaningParams", "fit_meaning", "make_meaning", "with_meaning"]

_POOLED: Final = "pooled"
_UNIT: Final = "pooled_unit"
_OWN: Final = ("meaning_w", "meaning_b")
_ENGLISH: Final = "en"


class MeaningParams(Struct, frozen=True):
    """Which translations are read, and how strongly what differs between them is shrunk."""

    spread: float = 0.1
    """Part of the mean variance that is added to every direction. Of .02 to 1, the vectors of half of NTREX tell
    translations best by .02 to .3, those of tgcontest pairs by .02 and .1."""
    alone: tuple[int, int] = (6, 2)
    """Languages drawn for a sentence: of those that vectors are measured in, and of all others."""
    joined: tuple[int, int] = (16, 4)
    """The same for two neighbouring sentences, which are as long as the start of an article."""
    seed: int = 7


class Meaning(Struct, frozen=True):
    """A linear map of unit vectors.

    Attributes:
        matrix: Inputs × outputs, float32.
        shift: Added to the product, float32.
    """

    matrix: NDArray[np.float32]
    shift: NDArray[np.float32]


def fit_meaning(vectors: NDArray[np.float32], groups: Sequence[int], params: MeaningParams) -> Meaning:
    """Return the map that whitens the covariance within groups.

    Args:
        vectors: The pooled vectors of texts, shape (texts, width).
        groups: The number of the sentence that each text translates, from 0 on without gaps.
        params: How strongly directions are shrunk.
    """
    units = _units(vectors.astype(np.float64))
    usual = units.mean(axis=0)
    numbers = np.asarray(groups)
    sums = np.zeros((numbers.max() + 1, units.shape[1]))
    np.add.at(sums, numbers, units)
    apart = units - (sums / np.bincount(numbers)[:, None])[numbers]
    within = apart.T @ apart / len(apart)
    within += params.spread * np.trace(within) / len(within) * np.eye(len(within))
    variances, directions = np.linalg.eigh(within)
    matrix = (directions / np.sqrt(variances)) @ directions.T
    # The scale of vectors is not used; this one keeps them near one, as floats prefer.
    matrix *= 1 / np.sqrt(np.trace(matrix @ matrix.T) / len(matrix))
    return Meaning(matrix.astype(np.float32), (-usual @ matrix).astype(np.float32))


def with_meaning(graph: ModelProto, meaning: Meaning) -> ModelProto:
    """Return an encoder's graph with the vector of meaning as a further output, in place of an earlier one."""
    made = ModelProto()
    made.CopyFrom(graph)
    inner = made.graph
    for field, own in ((inner.node, (_UNIT, MEANING)), (inner.initializer, _OWN), (inner.output, (MEANING,))):
        kept = [item for item in field if (item.output[0] if hasattr(item, "op_type") else item.name) not in own]
        del field[:]
        field.extend(kept)
    inner.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in zip(_OWN, (meaning.matrix, meaning.shift), strict=True)
    )
    inner.node.append(helper.make_node("LpNormalization", [_POOLED], [_UNIT], axis=-1, p=2))
    inner.node.append(helper.make_node("Gemm", [_UNIT, *_OWN], [MEANING]))
    inner.output.append(helper.make_tensor_value_info(MEANING, TensorProto.FLOAT, [1, meaning.matrix.shape[1]]))
    return made


def make_meaning(
    data: Path, encoder: Path, version: str, log_line: Callable[[str], None], params: MeaningParams | None = None
) -> None:
    """Fit the vector of meaning of an encoder, and write it into its files.

    Args:
        data: A directory with `topic/sib200.jsonl.gz`.
        encoder: The directory of the encoder; its graph and version are replaced.
        version: Of the weights; appears in events, and vectors of two versions are never compared.
        log_line: Called with a line about the result.
        params: Which translations are read.

    Raises:
        ConfigError: The encoder's files are missing or damaged.
        InputError: The corpus cannot be read.
    """
    params = params or MeaningParams()
    reader = EncoderReader(encoder)
    vectors, groups = [], []
    for number, texts in enumerate(_translated(data, params)):
        for text in texts:
            pooled = reader.pooled(SubjectInput("", text, ""))
            if pooled is not None:
                vectors.append(pooled)
                groups.append(number)
    onnx.save(
        with_meaning(onnx.load(encoder / "graph.onnx"), fit_meaning(np.stack(vectors), groups, params)),
        encoder / "graph.onnx",
    )
    about = json.loads((encoder / "about.json").read_text(encoding="utf-8"))
    (encoder / "about.json").write_text(json.dumps(about | {"version": version}, indent=2) + "\n", encoding="utf-8")
    log_line(f"{encoder}: the vector of meaning, from {len(vectors)} texts of {groups[-1] + 1} sentences and pairs")


def _translated(data: Path, params: MeaningParams) -> Iterator[list[str]]:
    """Yield sentences, then pairs of neighbouring ones, each in English and in languages that are drawn."""
    by_number: dict[int, dict[str, str]] = defaultdict(dict)
    for row in read_rows(data / f"topic/{SENTENCES}.jsonl.gz"):
        by_number[int(row["id"])][tag_of(row["lang"])] = row["text"]
    chance = random.Random(params.seed)  # noqa: S311
    sentences = [by_number[number] for number in sorted(by_number)]
    for sentence in sentences:
        yield _drawn(sentence, params.alone, chance)
    for first, second in zip(sentences[::2], sentences[1::2], strict=False):
        both = {tag: f"{first[tag]} {second[tag]}" for tag in first if tag in second}
        yield _drawn(both, params.joined, chance)


def _drawn(translations: Mapping[str, str], many: tuple[int, int], chance: random.Random) -> list[str]:
    tags = sorted(set(translations) - {_ENGLISH})
    measured = [tag for tag in tags if tag in LANGUAGES]
    others = [tag for tag in tags if tag not in LANGUAGES]
    chosen = [_ENGLISH] if _ENGLISH in translations else []
    for of, most in zip((measured, others), many, strict=True):
        chosen += chance.sample(of, min(most, len(of)))
    return [translations[tag] for tag in chosen]


def _units(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny))
