"""The models, loaded once."""

import pytest

from pipeline.models.language import LanguageModel
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.params import SubjectParams


@pytest.fixture(scope="session")
def model() -> LanguageModel:
    return LanguageModel.load()


@pytest.fixture(scope="session")
def fast_reader() -> FastReader:
    return FastReader.load()


@pytest.fixture(scope="session")
def subjects(fast_reader: FastReader) -> SubjectClassifier:
    """The fast reader alone."""
    return SubjectClassifier(calibration=Calibration.load(), params=SubjectParams(reader="fast"), fast=fast_reader)
