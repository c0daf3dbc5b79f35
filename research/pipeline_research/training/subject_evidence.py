"""What a reader says about labelled texts, as arrays for the fit of the calibration."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.domain.subject import ReaderName
from pipeline.models.scripts import script_of
from pipeline.models.subjects.params import Length, SubjectParams
from pipeline.models.subjects.reading import Reader, Reading
from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.corpora import SENTENCES
from pipeline_research.training.subject_cases import Case, Form

__all__ = ["Evidence", "evidence_of", "fold_of", "read_all"]

Floats = NDArray[np.float64]

_BATCH: Final = 256
_ALIKE: Final = 12.0  # translations of one document in one form count as much as so many texts


class Evidence(Struct, frozen=True):
    """The readings of one reader (n texts).

    Attributes:
        reader: Who answered.
        cases: The texts that the reader could read.
        logits: Uncalibrated (n × 17).
        right: 1 for codes that are no mistake, 0 for others (n × 17).
        labels: 1 for the codes that the text's reader gave, 0 for others (n × 17).
        lengths: Class of length (n).
        languages: Primary subtag of the language as detected, None for an unknown one (n).
        scripts: Script of most letters (n).
        weights: How often a text counts, so that documents in many translations do not outweigh all others (n).
        second: Uncalibrated logits of the second level (n × 121); None of a reader that does not tell it.
    """

    reader: ReaderName
    cases: tuple[Case, ...]
    logits: Floats
    right: Floats
    labels: Floats
    lengths: tuple[Length, ...]
    languages: tuple[str | None, ...]
    scripts: tuple[str | None, ...]
    weights: Floats
    second: Floats | None = None

    def only(self, chosen: Sequence[bool] | NDArray[np.bool_]) -> "Evidence":
        """Return the texts that a mask (n) selects."""
        mask = np.asarray(chosen, dtype=bool)
        rows = np.flatnonzero(mask).tolist()
        return Evidence(
            self.reader,
            tuple(self.cases[row] for row in rows),
            self.logits[mask],
            self.right[mask],
            self.labels[mask],
            tuple(self.lengths[row] for row in rows),
            tuple(self.languages[row] for row in rows),
            tuple(self.scripts[row] for row in rows),
            self.weights[mask],
            None if self.second is None else self.second[mask],
        )

    def where(self, holds: Callable[[Case], bool]) -> NDArray[np.bool_]:
        """Return the mask (n) of the texts for which a condition holds."""
        return np.array([holds(case) for case in self.cases], dtype=bool)

    @property
    def is_news(self) -> NDArray[np.bool_]:
        """The mask (n) of the texts that are not sentences of SIB-200."""
        return self.where(lambda case: case.set != SENTENCES)


def read_all(reader: Reader, cases: Sequence[Case]) -> list[Reading | None]:
    """Return a reader's readings of all texts, in order."""
    found: list[Reading | None] = []
    for first in range(0, len(cases), _BATCH):
        found += reader.read([case.given for case in cases[first : first + _BATCH]])
    return found


def evidence_of(
    reader: ReaderName, cases: Sequence[Case], readings: Sequence[Reading | None], params: SubjectParams
) -> Evidence:
    """Return the evidence for the calibration of a reader.

    Args:
        reader: Who answered.
        cases: The texts.
        readings: One for each of them; texts without one are left out.
        params: The limits of the classes of length.
    """
    pairs = [(case, reading) for case, reading in zip(cases, readings, strict=True) if reading is not None]
    alike = Counter((case.group, case.form) for case, _ in pairs)
    return Evidence(
        reader=reader,
        cases=tuple(case for case, _ in pairs),
        logits=np.array([reading.logits for _, reading in pairs], np.float64).reshape(-1, len(CODES)),
        right=_marked([case.right for case, _ in pairs]),
        labels=_marked([case.codes for case, _ in pairs]),
        lengths=tuple(params.length(reader, reading.words) for _, reading in pairs),
        languages=tuple(_primary(case) for case, _ in pairs),
        scripts=tuple(_script(case, params.script_chars) for case, _ in pairs),
        weights=np.array([_weight(case, alike) for case, _ in pairs], np.float64),
        second=_second([reading for _, reading in pairs]),
    )


def _marked(codes: Sequence[Sequence[str]]) -> Floats:
    return np.array([[code in some for code in CODES] for some in codes], np.float64).reshape(-1, len(CODES))


def fold_of(group: str, folds: int) -> int:
    """Return the fold of a text in cross-validation; translations and forms of a text are in the same one."""
    digest = hashlib.md5(f"fold {group}".encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % folds


def _second(readings: Sequence[Reading]) -> Floats | None:
    found = [reading.second for reading in readings if reading.second is not None]
    return np.array(found, np.float64) if found and len(found) == len(readings) else None


def _weight(case: Case, alike: Mapping[tuple[str, Form], int]) -> float:
    return min(1.0, _ALIKE / alike[case.group, case.form])


def _primary(case: Case) -> str | None:
    return None if case.given.language is None else case.given.language.split("-", 1)[0]


def _script(case: Case, chars: int) -> str | None:
    return script_of(f"{case.given.headline}\n{case.given.body}"[:chars])
