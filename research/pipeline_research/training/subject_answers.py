"""The answers of a subject model for the texts that measure it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from pipeline.models.subjects import SubjectInput, SubjectModel
from pipeline.sources.errors import InputError
from pipeline_research.training.corpora import SENTENCES, Text, tag_of
from pipeline_research.training.measures import Scored
from pipeline_research.training.validation import batches

__all__ = ["LEARNED", "UNSEEN", "Answer", "answers_of", "load_model", "parts_of"]

LEARNED: Final = "news, sets it was trained on"
UNSEEN: Final = "sets it was not trained on"


class Answer(Struct, frozen=True):
    """The answer for a text: the best code regardless of thresholds, the two most likely codes, and the served ones."""

    text: Text
    tag: str
    length: str
    best: Scored
    likeliest: tuple[str, str]
    given: tuple[str, ...]
    served: Scored | None
    reason: str | None

    @property
    def is_news(self) -> bool:
        """Whether the text is news and not a sentence of SIB-200."""
        return self.text.source != SENTENCES


def load_model(weights: Path | None) -> SubjectModel:
    """Load a model from a file, or the one that ships.

    Raises:
        InputError: The file cannot be read.
    """
    if weights is None:
        return SubjectModel.load()
    try:
        with np.load(weights, allow_pickle=False) as arrays:
            return SubjectModel(arrays)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{weights}: not the weights of a subject model of this version") from error


def answers_of(model: SubjectModel, texts: Sequence[Text]) -> list[Answer]:
    """Return the answers for the texts that are long enough to get one."""
    answers = []
    for batch in batches(texts):
        inputs = [SubjectInput(body=item.text, language=tag_of(item.language).split("-")[0]) for item in batch]
        for item, source, odds, result in zip(
            batch, inputs, model.probabilities(inputs), model.classify(inputs), strict=True
        ):
            if odds:
                ranked = sorted(odds, key=lambda code: -odds[code])
                given = tuple(subject.code.removeprefix("medtop:") for subject in result.subjects)
                answers.append(
                    Answer(
                        text=item,
                        tag=source.language or "",
                        length=model.length_of(source) or "",
                        best=Scored(item.codes, ranked[0], odds[ranked[0]]),
                        likeliest=(ranked[0], ranked[1]),
                        given=given,
                        served=Scored(item.codes, given[0], result.subjects[0].confidence) if given else None,
                        reason=result.reason,
                    )
                )
    return answers


def parts_of(answers: Sequence[Answer], sources: Sequence[str]) -> dict[str, list[Answer]]:
    """Return the answers for news of the training sets, for sentences, and for other sets, by name."""
    return {
        LEARNED: [a for a in answers if a.text.source in sources and a.is_news],
        "sentences (SIB-200)": [a for a in answers if not a.is_news],
        UNSEEN: [a for a in answers if a.text.source not in sources and a.is_news],
    }
