"""Preparing many sketches at once changes nothing: the fold gives the same as one by one."""

import numpy as np
import pytest
from msgspec.structs import replace

from pipeline.domain.sketch import Sketch, Term
from pipeline.domain.subject import TextVector
from pipeline.stories.fold import Stories
from pipeline.stories.preparing import MOST_DIMENSIONS, prepare
from tests.unit.stories.conftest import CUP, QUAKE, SMALL, START, meaning, sketch


def _sketches() -> list[Sketch]:
    found = []
    for place in range(40):
        vector = [None, meaning(place % 5), meaning(place % 3) * 2][place % 3]
        found.append(sketch(f"a{place}", QUAKE if place % 2 else CUP, at=START + place * 1000, vector=vector))
    return found


@pytest.mark.parametrize("size", [1, 7, 40])
def test_the_stories_are_the_same_in_batches_of_any_size(size: int) -> None:
    sketches = _sketches()
    one, many = Stories(SMALL), Stories(SMALL)
    expected = [one.apply(record, at, record.ingested_at_ms) for at, record in enumerate(sketches)]
    folded = []
    for start in range(0, len(sketches), size):
        for at, record in enumerate(prepare(sketches[start : start + size]), start):
            folded.append(many.apply(record, at, record.sketch.ingested_at_ms))
    assert folded == expected


def test_terms_and_vectors_that_cannot_be_used_are_left_out() -> None:
    plain = sketch("a", QUAKE)
    wide = TextVector(model="m", dimensions=MOST_DIMENSIONS + 1, values=b"\x01" * (MOST_DIMENSIONS + 1))
    none = TextVector(model="m", dimensions=4, values=b"\0\0\0\0")
    odd = (Term("lornem", -3), Term("bridge", 100_000), Term("\ud800", 1))
    bare, long, empty, strange = prepare(
        [replace(plain, terms=()), replace(plain, vector=wide), replace(plain, vector=none), replace(plain, terms=odd)]
    )
    assert (len(bare.hashes), bare.vector, long.vector, empty.vector) == (0, None, None, None)
    assert strange.roots.tolist() == [0, 1021, 64]
    assert strange.hashes.dtype == np.uint32
    assert prepare([]) == []
