"""The teacher reads a text once."""

from pathlib import Path

import numpy as np

from pipeline_research.training.teacher import WIDTH, Teacher


class _Reader:
    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, texts: list[str]) -> list[list[float]]:
        self.read += texts
        return [[float(len(text))] * WIDTH for text in texts]


def test_vectors_are_kept(tmp_path: Path) -> None:
    reader, log_lines = _Reader(), list[str]()
    for _ in range(2):
        with Teacher(tmp_path / "new" / "cache.sqlite", reader) as teacher:
            vectors = teacher.vectors(["one", "three", "one"], log_lines.append)
    assert reader.read == ["one", "three"]
    assert vectors[:, 0].tolist() == [3, 5, 3]
    assert vectors.dtype == np.float32


def test_only_the_beginning_is_read(tmp_path: Path) -> None:
    reader = _Reader()
    with Teacher(tmp_path / "cache.sqlite", reader) as teacher:
        teacher.vectors(["x" * 1000, "x" * 2000], lambda _: None)
        assert teacher.vectors([], lambda _: None).shape == (0, WIDTH)
    assert [len(text) for text in reader.read] == [160]
