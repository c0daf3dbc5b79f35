"""The models, loaded once."""

import pytest

from pipeline.models.language import LanguageModel
from pipeline.models.subjects import SubjectModel


@pytest.fixture(scope="session")
def model() -> LanguageModel:
    return LanguageModel.load()


@pytest.fixture(scope="session")
def subjects() -> SubjectModel:
    return SubjectModel.load()
