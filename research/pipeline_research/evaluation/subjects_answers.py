"""The answers of the subject readers to texts with known subjects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from pipeline.domain.subject import ReaderName, Subject
from pipeline.models.subjects.classifier import SubjectClassifier, SubjectResult
from pipeline.models.subjects.reading import Reader, Reading, SubjectInput
from pipeline_research.training.subject_cases import Case

__all__ = ["Answered", "RememberingReader", "answers_of"]

_BATCH: Final = 256


class Answered(Struct, frozen=True):
    """What is known about the answer to a text.

    Attributes:
        case: The text.
        odds: Code → probability, served or not; empty where no reader answered.
        result: What is served.
    """

    case: Case
    odds: Mapping[str, float]
    result: SubjectResult

    @property
    def best(self) -> str | None:
        """The most probable code, whether it is served or not; None without an answer."""
        return min(self.odds, key=lambda code: (-self.odds[code], code)) if self.odds else None

    @property
    def confidence(self) -> float:
        """The probability of the best code; 0 without an answer."""
        return max(self.odds.values(), default=0.0)

    @property
    def served(self) -> tuple[str, ...]:
        """The top-level codes that are served, the surest first."""
        return self._codes(lambda subject: subject.parent is None)

    @property
    def reliable(self) -> tuple[str, ...]:
        """The top-level codes that are served as reliable."""
        return self._codes(lambda subject: subject.parent is None and subject.reliable)

    @property
    def children(self) -> tuple[str, ...]:
        """The codes of the second level that are served, the surest first."""
        return self._codes(lambda subject: subject.parent is not None)

    @property
    def reliable_children(self) -> tuple[str, ...]:
        """The codes of the second level that are served as reliable."""
        return self._codes(lambda subject: subject.parent is not None and subject.reliable)

    def _codes(self, holds: Callable[[Subject], bool]) -> tuple[str, ...]:
        return tuple(item.code.removeprefix("medtop:") for item in self.result.subjects if holds(item))

    @property
    def is_main(self) -> bool:
        """Whether the best code is the text's first."""
        return self.best == self.case.codes[0]

    @property
    def is_in_codes(self) -> bool:
        """Whether the best code is one of the text's."""
        return self.best in self.case.codes

    @property
    def is_right(self) -> bool:
        """Whether the best code is no mistake: one of the text's, or defensible."""
        return self.best in self.case.right


class RememberingReader:
    """A reader that reads each text once, however often it is asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[SubjectInput, Reading | None] = {}

    @property
    def name(self) -> ReaderName:
        """Who answers."""
        return self._reader.name

    @property
    def version(self) -> str:
        """Version of the weights."""
        return self._reader.version

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        """Return one reading per text, in order."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(new, self._reader.read(new) if new else (), strict=True))
        return [self._known[text] for text in texts]


def answers_of(classifier: SubjectClassifier, cases: Sequence[Case]) -> list[Answered]:
    """Return the answers to texts, in order."""
    found: list[Answered] = []
    for first in range(0, len(cases), _BATCH):
        batch = cases[first : first + _BATCH]
        texts = [case.given for case in batch]
        answers = zip(batch, classifier.probabilities(texts), classifier.classify(texts), strict=True)
        found += [Answered(case, odds or {}, result) for case, odds, result in answers]
    return found
