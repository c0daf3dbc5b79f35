"""The subjects of texts: readers answer, the calibration gives probabilities, and the most probable are served."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from pipeline.domain.subject import ReaderName, Subject, SubjectsReason, TextVector
from pipeline.models.scripts import code_points, profile
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import Reader, Reading, SubjectInput
from pipeline.models.subjects.taxonomy import (
    CODES,
    SECOND_LEVEL,
    SECOND_LEVEL_VERSION,
    SUBJECT_NAMES,
    TAXONOMY_VERSION,
    local_names,
)
from pipeline.models.subjects.words import has_words

__all__ = ["SubjectClassifier", "SubjectResult"]


class SubjectResult(Struct, frozen=True):
    """Subjects or the reason for none, who answered, and the text's vector if asked for.

    The most probable top-level subjects come first; those of the second level follow, again the most probable first.
    """

    subjects: tuple[Subject, ...] = ()
    reason: SubjectsReason | None = None
    reader: ReaderName | None = None
    vector: TextVector | None = None


class _Answer(Struct, frozen=True):
    """A reading, its probabilities in the order of `CODES`, and whether a probable subject may be called reliable."""

    reading: Reading
    odds: tuple[float, ...]
    can_be_reliable: bool

    def agreed(self, other: "_Answer") -> "_Answer":
        """Return what both readers say: this reading, with the lesser probability of each subject."""
        odds = tuple(map(min, self.odds, other.odds))
        return msgspec.structs.replace(self, odds=odds, can_be_reliable=True)


class SubjectClassifier:
    """Asks the readers, and serves subjects. A result does not depend on the texts beside its own.

    A text in no known language may be no text at all, on which a reader's probabilities mean nothing. So its subjects
    are reliable only if two readers agree: the cascade serves the lesser probability of both, and none if the fast
    reader knows too few of the words.
    """

    def __init__(
        self,
        *,
        calibration: Calibration,
        params: SubjectParams,
        fast: Reader | None = None,
        encoder: Reader | None = None,
    ) -> None:
        """Take the readers that `params.reader` names.

        Args:
            calibration: Of all readers that are given.
            params: What is served, and by whom.
            fast: The fast reader; None for the encoder alone.
            encoder: The encoder; None for the fast reader alone.

        Raises:
            ValueError: A reader is missing or has no calibration, or vectors are asked of a reader without any.
        """
        given: dict[ReaderName, Reader | None] = {"fast": fast, "encoder": encoder}
        wanted: tuple[ReaderName, ...] = ("fast", "encoder") if params.reader == "cascade" else (params.reader,)
        for name in wanted:
            if given[name] is None:
                raise ValueError(f"no {name} reader, which `{params.reader}` needs")
            if name not in calibration.lines:
                raise ValueError(f"no calibration for the {name} reader")
        if params.vectors and params.reader == "fast":
            raise ValueError("the fast reader has no vectors")
        self._fast = fast if "fast" in wanted else None
        self._encoder = encoder if "encoder" in wanted else None
        self._calibration = calibration
        self._params = params
        self._floor = calibration.floor if params.floor is None else params.floor
        self._further = calibration.further if params.floor is None else params.floor
        self._reliable = calibration.reliable if params.reliable is None else dict.fromkeys(wanted, params.reliable)

    def classify(self, texts: Sequence[SubjectInput]) -> list[SubjectResult]:
        """Return one result per text, in order."""
        return [
            self._decided(found, item.language) if isinstance(found, _Answer) else SubjectResult(reason=found)
            for item, found in zip(texts, self._answers(texts), strict=True)
        ]

    def probabilities(self, texts: Sequence[SubjectInput]) -> list[dict[str, float] | None]:
        """Return code → probability of all top-level subjects, served or not; None for a text without an answer."""
        return [
            dict(zip(CODES, found.odds, strict=True)) if isinstance(found, _Answer) else None
            for found in self._answers(texts)
        ]

    def _answers(self, texts: Sequence[SubjectInput]) -> list[_Answer | SubjectsReason]:
        readable = [number for number, item in enumerate(texts) if self._has_text(item)]
        found: dict[int, _Answer] = {}
        if self._fast is not None:
            found |= self._ask(self._fast, texts, readable)
        if self._encoder is not None:
            asked = [number for number in readable if self._needs_encoder(found.get(number), texts[number].language)]
            for number, answer in self._ask(self._encoder, texts, asked).items():
                first = found.get(number)
                found[number] = answer if first is None or texts[number].language else answer.agreed(first)
        legible = set(readable)
        return [
            found.get(number) or ("language_unsupported" if number in legible else "no_text")
            for number in range(len(texts))
        ]

    def _has_text(self, item: SubjectInput) -> bool:
        params = self._params
        return has_words(_opening(item, params.opening_chars), params.min_words, params.unspaced_chars)

    def _needs_encoder(self, answer: _Answer | None, language: str | None) -> bool:
        if language is None:
            return answer is not None or self._fast is None
        return answer is None or self._params.vectors or max(answer.odds) < self._calibration.ask_below

    def _ask(self, reader: Reader, texts: Sequence[SubjectInput], numbers: Iterable[int]) -> dict[int, _Answer]:
        """Return the answers of a reader by number of the text, where it has one."""
        asked = [number for number in numbers if self._calibration.supports(reader.name, texts[number].language)]
        if not asked:
            return {}
        readings = reader.read([texts[number] for number in asked])
        return {
            number: _Answer(reading, self._odds(reading, texts[number]), texts[number].language is not None)
            for number, reading in zip(asked, readings, strict=True)
            if reading is not None
        }

    def _odds(self, reading: Reading, item: SubjectInput) -> tuple[float, ...]:
        length = self._params.length(reading.reader, reading.words)
        script = profile(code_points(_opening(item, self._params.script_chars))).script
        return self._calibration.probabilities(reading, length, item.language, script)

    def _decided(self, answer: _Answer, language: str | None) -> SubjectResult:
        """Return the most probable subjects and those below; of equally probable ones the lower code comes first."""
        method = answer.reading.reader
        names = local_names(language)
        ranked = sorted(zip(answer.odds, CODES, strict=True), key=lambda pair: (-pair[0], pair[1]))
        subjects = tuple(
            Subject(
                code=f"medtop:{code}",
                name=SUBJECT_NAMES[code],
                confidence=confidence,
                reliable=answer.can_be_reliable and confidence >= self._reliable[method],
                method=method,
                scheme_version=TAXONOMY_VERSION,
                local_name=names.get(code),
            )
            for rank, (confidence, code) in enumerate(ranked[: self._params.max_subjects])
            if confidence >= (self._further if rank else self._floor)
        )
        reason: SubjectsReason | None = None if subjects else "below_floor"
        children = self._children(answer.reading, subjects)
        return SubjectResult((*subjects, *children), reason, method, self._vector(answer.reading))

    def _children(self, reading: Reading, subjects: Sequence[Subject]) -> tuple[Subject, ...]:
        """Return the subjects of the second level under the served ones; none is reliable unless its parent is."""
        second, params = self._calibration.second, self._params
        if second is None or reading.second is None:
            return ()
        parents = {subject.code.removeprefix("medtop:"): subject for subject in subjects}
        odds = second.probabilities(reading.second, {code: parent.confidence for code, parent in parents.items()})
        bar = max(second.bar, params.floor or 0.0)
        reliable = second.reliable if params.reliable is None else params.reliable
        ranked = sorted(odds, key=lambda pair: (-pair[1], pair[0]))
        return tuple(
            Subject(
                code=f"medtop:{code}",
                parent=f"medtop:{SECOND_LEVEL[code].parent}",
                name=SECOND_LEVEL[code].name,
                confidence=confidence,
                reliable=confidence >= reliable and parents[SECOND_LEVEL[code].parent].reliable,
                method=reading.reader,
                scheme_version=SECOND_LEVEL_VERSION,
            )
            for code, confidence in ranked[: params.max_children]
            if confidence >= bar
        )

    def _vector(self, reading: Reading) -> TextVector | None:
        if not self._params.vectors or reading.vector is None or self._encoder is None:
            return None
        return TextVector(model=self._encoder.version, dimensions=len(reading.vector), values=reading.vector)


def _opening(item: SubjectInput, chars: int) -> str:
    return f"{item.headline}\n{item.body}"[:chars]
