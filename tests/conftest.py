"""What all tests share: property tests judge results, never the machine's speed; subjects are read the fast way."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline import assembly
from tests.harness.subjects import FAST_READER

settings.register_profile("pipeline", deadline=None)
settings.load_profile("pipeline")

os.environ.update(FAST_READER)

EncoderIn = Callable[[Path], None]


@pytest.fixture
def encoder_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[EncoderIn]:
    """Return a function that names the directory of the encoder's weights; what was built before is forgotten."""
    caches = (assembly._subjects_version, assembly._subject_classifier, assembly._encoder_reader)

    def put(directory: Path) -> None:
        monkeypatch.setattr("pipeline.models.subjects.encoder.subjects_encoder", lambda: directory)
        for cache in caches:
            cache.cache_clear()

    yield put
    for cache in caches:
        cache.cache_clear()
