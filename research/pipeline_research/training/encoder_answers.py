"""The encoder's answers about texts. A file keeps them, because each takes 10 to 30 ms: training can be interrupted."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.models.subjects.reading import Reader, Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.text_store import TextStore

__all__ = ["EncoderAnswers"]

_BATCH: Final = 64
_UNREAD: Final = -20.0  # logit of every subject of a text that the encoder does not read


class EncoderAnswers(TextStore):
    """Asks a reader, or reads its answers from the cache."""

    def __init__(self, cache: Path, reader: Reader) -> None:
        super().__init__(cache)
        self._reader = reader

    def logits(self, texts: Sequence[str], log_line: Callable[[str], None]) -> NDArray[np.float32]:
        """Return the logits of texts (texts × 17); those that are not in the file are computed and stored.

        Args:
            texts: Headline, newline, body.
            log_line: Called with lines about the progress.
        """
        keys = [self._key(text) for text in texts]
        wanted = dict(zip(keys, texts, strict=True))
        missing = [key for key in wanted if self.get(key) is None]
        for first in range(0, len(missing), _BATCH):
            part = missing[first : first + _BATCH]
            readings = self._reader.read([_input(wanted[key]) for key in part])
            self.put(zip(part, map(_logits, readings), strict=True))
            if first // _BATCH % 50 == 0:
                log_line(f"encoder: {first} of {len(missing)} texts")
        found = [self.get(key) for key in keys]
        return np.array([one for one in found if one is not None], np.float32).reshape(-1, len(CODES))

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self._reader.version}\n{text}".encode("utf-8", "replace"), digest_size=16).digest()


def _logits(reading: Reading | None) -> NDArray[np.float16]:
    return np.array([_UNREAD] * len(CODES) if reading is None else reading.logits, np.float16)


def _input(text: str) -> SubjectInput:
    headline, _, body = text.partition("\n")
    return SubjectInput(headline=headline, body=body)
