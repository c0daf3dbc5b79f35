"""Vectors in memory: what is similar, what is replaced, what makes room."""

import base64

import numpy as np
import orjson
import pytest

from pipeline.search.documents import Vector
from pipeline.search.vectors import Vectors

SIZE = 16


def _vector(seed: int, model: str = "m1") -> Vector:
    values = np.random.default_rng(seed).integers(-127, 128, SIZE).astype(np.int8)
    return Vector(model, values.tobytes())


@pytest.fixture
def vectors() -> Vectors:
    found = Vectors("m1", 2_000)
    for number in range(1_500):
        found.put(f"a{number}", _vector(number))
    return found


def test_the_most_similar_come_first(vectors: Vectors) -> None:
    found = vectors.similar(_vector(700).values, 5, -1.0)
    assert found[0][0] == "a700"
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)
    assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
    assert vectors.similar(_vector(700).values, 5, 0.99) == found[:1]


def test_what_is_replaced_or_removed_is_not_found(vectors: Vectors) -> None:
    before = _vector(700).values
    vectors.put("a700", _vector(9_999))
    vectors.remove("a701")
    vectors.put("a702", None)
    vectors.put("a703", _vector(703, "another model"))
    names = [name for name, _ in vectors.similar(before, 2_000, -1.0)]
    assert len(vectors) == len(names) == 1_497
    assert not {"a701", "a702", "a703"} & set(names)
    assert vectors.similar(_vector(9_999).values, 1, 0.9)[0][0] == "a700"
    assert vectors.of("a701") is None


def test_the_first_make_room_for_later_ones(vectors: Vectors) -> None:
    for number in range(1_500, 2_600):
        vectors.put(f"a{number}", _vector(number))
    assert len(vectors) == 2_000
    assert vectors.of("a599") is None
    assert vectors.of("a600") == _vector(600).values


def test_damaged_vectors_are_ignored(vectors: Vectors) -> None:
    vectors.put("short", Vector("m1", b"\x01"))
    vectors.put("zero", Vector("m1", bytes(SIZE)))
    assert len(vectors) == 1_500
    assert vectors.similar(b"\x01", 5, 0.0) == []
    assert Vectors("m1", 5).similar(_vector(1).values, 5, 0.0) == []


def test_stored_vectors_come_back() -> None:
    vectors = Vectors("m1", 5)
    stored = _vector(3)
    vectors.put_stored(orjson.dumps(["a", "m1", base64.b64encode(stored.values).decode()]))
    assert vectors.of("a") == stored.values
