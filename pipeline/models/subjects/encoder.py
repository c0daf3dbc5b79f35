"""Read a text with a fine-tuned multilingual encoder: a logit for each subject, and a vector of meaning.

Weights that were trained with the second level of subjects give logits for these too.

The encoder is a multilingual-e5-small, trained by `news-pipeline train subjects-encoder`; ONNX Runtime computes it.
Every text is computed by itself, on one thread, without padding: so neither the texts beside it nor the number of
threads changes its answer. A batch would gain nothing, as the products of one text's matrices are large enough.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import onnxruntime
from msgspec import Struct
from numpy.typing import NDArray

from news_pipeline_models import subjects_encoder
from pipeline.domain.subject import ReaderName
from pipeline.errors import ConfigError
from pipeline.models.subjects.pieces import PieceCutter, Pieces
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import SECOND_LEVEL
from pipeline.models.subjects.word_table import WordTable

__all__ = ["MEANING", "EncoderParams", "EncoderReader"]

MEANING: Final = "meaning"
"""The output with the vector of meaning."""

_LOGITS: Final = "logits"
_POOLED: Final = "pooled"  # the vector of weights for which that of meaning was not learned
_SECOND: Final = "second_logits"  # of weights that tell the second level
_FULL: Final = 127.0  # the largest component of a vector in int8


class EncoderParams(Struct, frozen=True):
    """What is read of a text, and how answers are rounded."""

    max_tokens: int = 80  # pieces read, headline first; time is proportional to it, 96 gain little (docs/adr/0009)
    chars_per_token: int = 8  # longest text that is cut into pieces; articles have 2 to 6 on average, by language
    logit_step: float = 1 / 64  # logits are rounded to multiples, as processors differ in the last digits of floats


class EncoderReader:
    """The encoder of subjects.

    Attributes:
        name: `encoder`.
        version: Of the weights; appears in events.
        taxonomy_version: Release of the Media Topics.
    """

    name: ReaderName = "encoder"

    def __init__(self, files: Path, params: EncoderParams | None = None, threads: int = 1) -> None:
        """Load the weights.

        Args:
            files: Directory with `graph.onnx`, `words.npy`, `vocabulary.npz` and `about.json`.
            params: What is read, and how answers are rounded.
            threads: Texts that are computed at the same time, each on a thread of its own.

        Raises:
            ConfigError: The files are missing or damaged, or shorter texts were trained than are to be read.
        """
        self._params = params or EncoderParams()
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        try:
            about = json.loads((files / "about.json").read_text(encoding="utf-8"))
            self._words = WordTable(np.load(files / "words.npy", mmap_mode="r", allow_pickle=False))
            with np.load(files / "vocabulary.npz", allow_pickle=False) as vocabulary:
                self._cutter = _cutter(vocabulary["pieces"], vocabulary["scores"], vocabulary["replacements"])
            self._session = _session(files / "graph.onnx")
        except (OSError, EOFError, BadZipFile, ValueError, KeyError) as error:
            raise _unusable(files) from error
        found = {item.name: item.shape[-1] for item in self._session.get_outputs()}
        self._outputs = [_LOGITS, MEANING if MEANING in found else _POOLED, *([_SECOND] if _SECOND in found else [])]
        if found.get(_SECOND, len(SECOND_LEVEL)) != len(SECOND_LEVEL):
            raise _unusable(files)
        self.version = str(about["version"])
        self.taxonomy_version = str(about["taxonomy_version"])
        if self._params.max_tokens > int(about["max_tokens"]):
            raise ConfigError(f"the encoder reads at most {about['max_tokens']} tokens")

    @classmethod
    def load(cls, params: EncoderParams | None = None, threads: int = 1) -> "EncoderReader":
        """Load the weights that ship in news-pipeline-models.

        Raises:
            ConfigError: There are none.
        """
        return cls(subjects_encoder(), params, threads)

    @staticmethod
    def shipped_version() -> str:
        """Return the version of the weights in news-pipeline-models without loading them.

        Raises:
            ConfigError: There are none.
        """
        files = subjects_encoder()
        try:
            return str(json.loads((files / "about.json").read_text(encoding="utf-8"))["version"])
        except (OSError, ValueError, KeyError) as error:
            raise _unusable(files) from error

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        """Return one reading per text, in order; None for a text without any piece that the encoder knows."""
        return list(map(self._reading, texts) if self._pool is None else self._pool.map(self._reading, texts))

    def pooled(self, item: SubjectInput) -> NDArray[np.float32] | None:
        """Return the mean of the last layer for a text, shape (width,); None without any piece that is known."""
        pieces = self._cut(item)
        return self._outputs_of(pieces, [_POOLED])[0][0] if pieces.known else None

    def _reading(self, item: SubjectInput) -> Reading | None:
        pieces = self._cut(item)
        if not pieces.known:
            return None
        logits, vector, *more = self._outputs_of(pieces, self._outputs)
        second = self._rounded(more[0][0]) if more else None
        return Reading(self.name, self._rounded(logits[0]), pieces.known, _int8(vector[0]), second)

    def _outputs_of(self, pieces: Pieces, outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        found: list[NDArray[np.float32]] = self._session.run(outputs, {"rows": self._words.rows(pieces.numbers)[None]})
        return found

    def _cut(self, item: SubjectInput) -> Pieces:
        params = self._params
        text = f"{item.headline}\n{item.body}"[: params.max_tokens * params.chars_per_token]
        return self._cutter.cut(text, params.max_tokens)

    def _rounded(self, logits: NDArray[np.float32]) -> tuple[float, ...]:
        step = self._params.logit_step
        return tuple((np.rint(logits.astype(np.float64) / step) * step).tolist())


def _unusable(files: Path) -> ConfigError:
    return ConfigError(
        f"the weights of the encoder are missing or damaged in {files}: install news-pipeline-models again, or set "
        "NEWS_SUBJECTS__READER=fast"
    )


def _int8(vector: NDArray[np.float32]) -> bytes:
    """Return a vector whose largest component is ±127; the scale is dropped, because only its direction is used."""
    largest = max(float(np.abs(vector).max()), float(np.finfo(np.float32).tiny))
    return np.rint(vector.astype(np.float64) * (_FULL / largest)).astype(np.int8).tobytes()


def _cutter(pieces: NDArray[np.uint8], scores: NDArray[np.float32], replacements: NDArray[np.uint8]) -> PieceCutter:
    """Build the cutter from the arrays of vocabulary.npz: lines of text in UTF-8, and one score per line."""
    rules = [line.partition("\t") for line in replacements.tobytes().decode("utf-8").split("\n") if line]
    return PieceCutter(
        pieces.tobytes().decode("utf-8").split("\n"),
        scores.tolist(),
        {int(code, 16): bytes.fromhex(text).decode("utf-8") for code, _, text in rules},
    )


def _session(graph: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # One thread: sums that are divided among threads depend on their number.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The graph is as it should be: further fusions would replace operators by slower ones.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise OSError(str(error)) from error
