"""Learning which n-grams a language has."""

from pathlib import Path

import pytest

from pipeline.models.familiarity import FamiliarityModel
from pipeline.models.scripts import code_points
from pipeline_research.training.familiarity import FamiliarityTraining, train_familiarity
from tests.research.conftest import Write

SENTENCE = "the harbour board approved a new pilot station after long talks with the skippers of the port"


@pytest.fixture
def data(tmp_path: Path, write: Write) -> Path:
    write("lid/lingua_testdata", [{"lang": "en", "text": f"{SENTENCE} {n}", "kind": "sentences"} for n in range(400)])
    write(
        "topic/ntrex_news", [{"lang": "en", "doc": str(n), "text": f"{SENTENCE} {n}", "labels": []} for n in range(4)]
    )
    return tmp_path


def test_a_language_has_the_ngrams_of_its_sentences(data: Path) -> None:
    english = {
        "train": {"en": [SENTENCE], "ja": ["港の理事会は新しい水先人の駅を承認した"]},
        "dev": {"en": [SENTENCE] * 10},
    }
    arrays = train_familiarity(english, data, FamiliarityTraining())
    model = FamiliarityModel.from_arrays(arrays)
    assert set(model.rows) == {"en"}
    assert 0.85 < model.levels["en"] <= 1.0 - FamiliarityTraining().margin
    assert model.shortfall("en", code_points(SENTENCE)) == 0.0
    assert model.shortfall("en", code_points("vergaderen over waterschapsbelasting " * 20)) > 0.3


def test_texts_that_are_less_like_it_lower_the_level(data: Path, write: Write) -> None:
    foreign = [{"lang": "en", "doc": str(n), "text": "waterschapsbelasting " * 5, "labels": []} for n in range(20)]
    write("topic/ntrex_news", foreign)
    english = {"train": {"en": [SENTENCE]}, "dev": {"en": [SENTENCE] * 10}}
    assert float(train_familiarity(english, data, FamiliarityTraining())["familiar_levels"][0]) < 0.5
