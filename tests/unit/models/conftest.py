"""The models, loaded once."""

import pytest

from pipeline.models.language import LanguageModel


@pytest.fixture(scope="session")
def model() -> LanguageModel:
    return LanguageModel.load()
