"""Quality gates of the shipped models, on 71 short articles in 39 languages written for this project.

They are easy and far too few to measure quality; the tests catch a broken model, rule or table.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from news_pipeline_models import subjects_encoder
from pipeline.domain.article import Language
from pipeline.domain.subject import ReaderChoice, Subject
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.encoder import EncoderReader
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import SubjectInput
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.encoder_texts import written
from pipeline_research.training.variants import VARIANTS

LANGUAGE_RIGHT = 0.98
SUBJECT_RIGHT = {"fast": 0.8, "encoder": 0.92, "cascade": 0.9}  # of the first subjects
RELIABLE_RIGHT = 0.95  # of the reliable first subjects
ANSWERED = {"fast": 0.93, "encoder": 0.98, "cascade": 0.98}  # the fast reader knows too few words of some languages
FLIPS = 0.03  # of spoilt articles whose answer changes although both answers were confident
SURE = 0.7
CLOSE_LANGUAGES = {"bs", "hr", "sr-Latn"}  # they differ by a few words, which 400 characters may not contain


class Sample(Struct, frozen=True):
    language: str
    code: str
    headline: str
    body: str


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    lines = (Path(__file__).parent / "articles.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [Sample(language, f"{code}000000", headline, body) for language, code, headline, body in rows]


@pytest.fixture(scope="module")
def languages() -> LanguageModel:
    return LanguageModel.load()


@pytest.fixture(scope="module", params=["fast", "encoder", "cascade"])
def reader(request: pytest.FixtureRequest) -> ReaderChoice:
    found: ReaderChoice = request.param
    if found != "fast" and not subjects_encoder().is_dir():
        pytest.skip("news-pipeline-models has no weights yet")
    return found


@pytest.fixture(scope="module")
def subjects(reader: ReaderChoice) -> SubjectClassifier:
    return SubjectClassifier(
        calibration=Calibration.load(),
        params=SubjectParams(reader=reader),
        fast=None if reader == "encoder" else FastReader.load(),
        encoder=None if reader == "fast" else EncoderReader.load(),
    )


def _detect(samples: list[Sample], model: LanguageModel) -> list[Language]:
    return model.detect([LanguageInput(headline=item.headline, body=item.body) for item in samples])


def _first(samples: list[Sample], model: SubjectClassifier) -> list[Subject | None]:
    inputs = [SubjectInput(headline=i.headline, body=i.body, language=i.language) for i in samples]
    return [found.subjects[0] if found.subjects else None for found in model.classify(inputs)]


def _spoilt(samples: list[Sample], change: Callable[[str], str]) -> list[Sample]:
    return [Sample(i.language, i.code, i.headline, change(i.body)) for i in samples]


def test_languages_are_right(samples: list[Sample], languages: LanguageModel) -> None:
    found = _detect(samples, languages)
    # The samples have `zh` and `sr-Cyrl`: a script is compared only if the sample has one.
    right = [item.language in {got.tag, got.tag.split("-")[0]} for item, got in zip(samples, found, strict=True)]
    assert sum(right) >= LANGUAGE_RIGHT * len(samples)
    assert all(got.reliable or item.language in CLOSE_LANGUAGES for item, got in zip(samples, found, strict=True))


def test_close_languages_are_distinguished(samples: list[Sample], languages: LanguageModel) -> None:
    close = [item for item in samples if item.language in CLOSE_LANGUAGES]
    assert {item.language for item in close} == CLOSE_LANGUAGES
    assert [got.tag for got in _detect(close, languages)] == [item.language for item in close]


def test_subjects_are_right(samples: list[Sample], subjects: SubjectClassifier, reader: ReaderChoice) -> None:
    found = [(item, got) for item, got in zip(samples, _first(samples, subjects), strict=True) if got is not None]
    sure = [f"medtop:{item.code}" == got.code for item, got in found if got.reliable]
    assert len(found) >= ANSWERED[reader] * len(samples)
    assert sum(f"medtop:{item.code}" == got.code for item, got in found) >= SUBJECT_RIGHT[reader] * len(found)
    assert sum(sure) >= RELIABLE_RIGHT * len(sure)


def test_every_subject_can_be_the_answer(samples: list[Sample], subjects: SubjectClassifier) -> None:
    english = [item for item in samples if item.language == "en"]
    assert {item.code for item in english} == set(CODES)
    inputs = [SubjectInput(headline=i.headline, body=i.body, language="en") for i in english]
    for item, result in zip(english, subjects.classify(inputs), strict=True):
        assert f"medtop:{item.code}" in {subject.code for subject in result.subjects}, item.headline


@pytest.mark.parametrize("name", VARIANTS)
def test_spoiling_does_not_change_confident_answers(
    name: str, samples: list[Sample], languages: LanguageModel, subjects: SubjectClassifier
) -> None:
    spoilt = _spoilt(samples, VARIANTS[name])
    tags = zip(_detect(samples, languages), _detect(spoilt, languages), strict=True)
    flips = sum(a.tag != b.tag and min(a.confidence, b.confidence) >= SURE for a, b in tags)
    assert flips <= FLIPS * len(samples)
    pairs = [(a, b) for a, b in zip(_first(samples, subjects), _first(spoilt, subjects), strict=True) if a and b]
    flips = sum(a.code != b.code and min(a.confidence, b.confidence) >= SURE for a, b in pairs)
    assert flips <= FLIPS * len(samples)


def _runs(text: str) -> set[tuple[str, ...]]:
    """Return the runs of six words, split at spaces; four are often a phrase that all newsrooms use."""
    words = [word.strip(".,;:!?\"'«»।。、") for word in text.lower().split()]
    return set(zip(*(words[first:] for first in range(6)), strict=False))


def test_the_samples_were_not_trained_on(samples: list[Sample]) -> None:
    learned = {run for item in written() for run in _runs(item.text)}
    shared = {item.headline: _runs(f"{item.headline}\n{item.body}") & learned for item in samples}
    assert not {headline: found for headline, found in shared.items() if found}
