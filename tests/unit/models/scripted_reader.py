"""A reader that answers as a test tells it, and a calibration that changes nothing."""

from collections.abc import Callable, Sequence

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.calibration import Calibration, Line
from pipeline.models.subjects.params import LENGTHS, SubjectParams
from pipeline.models.subjects.reading import Reading, SubjectInput
from pipeline.models.subjects.taxonomy import CODES

__all__ = ["ENCODER", "FAST", "NOTHING", "PLAIN", "SURE", "UNSURE", "ScriptedReader", "logits_of", "text_of"]

PLAIN = Calibration(
    version="cal-test",
    lines={"fast": dict.fromkeys(LENGTHS, Line(1.0, 0.0)), "encoder": dict.fromkeys(LENGTHS, Line(1.0, 0.0))},
    subjects={},
    languages={},
    scripts={},
    unsupported={},
    floor=0.2,
    further=0.2,
    reliable={"encoder": 0.8, "fast": 0.8},
    ask_below=0.7,
)
FAST, ENCODER = SubjectParams(reader="fast"), SubjectParams(reader="encoder")
SURE, UNSURE, NOTHING = 3.0, 0.0, -9.0  # logits


def logits_of(*tops: tuple[str, float], rest: float = NOTHING) -> tuple[float, ...]:
    given = dict(tops)
    return tuple(given.get(code, rest) for code in CODES)


class ScriptedReader:
    """A reader that answers as it is told, and notes what it was asked."""

    def __init__(
        self,
        name: ReaderName,
        answer: Callable[[str], tuple[float, ...] | None],
        vector: bytes | None = None,
        second: tuple[float, ...] | None = None,
    ) -> None:
        self.name: ReaderName = name
        self.version = f"{name}-1"
        self.asked: list[list[str]] = []
        self._answer = answer
        self._vector = vector
        self._second = second

    def read(self, texts: Sequence[SubjectInput]) -> list[Reading | None]:
        self.asked.append([item.headline for item in texts])
        found = [self._answer(item.headline) for item in texts]
        return [Reading(self.name, logits, 12, self._vector, self._second) if logits else None for logits in found]


def text_of(headline: str, language: str | None = "en") -> SubjectInput:
    return SubjectInput(headline=headline, language=language)
