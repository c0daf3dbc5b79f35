"""From the logits of a reader to probabilities: one calibration of what is served, whoever answered.

The evidence about a language shifts its probabilities. A language without evidence has the shift of its script.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from pipeline.domain.subject import ReaderName
from pipeline.models.subjects.params import LENGTHS, Length
from pipeline.models.subjects.reading import Reading
from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL

__all__ = ["Calibration", "SecondLevel", "sigmoid"]

Probability = Annotated[float, Meta(ge=0, le=1)]
Script = Annotated[str, Meta(pattern="^[A-Z][a-z]{3}$")]
Shift = Annotated[float, Meta(ge=-20, le=20)]

# Logits are clipped here, where a probability differs from 0 or 1 by 1e-13, so that exp cannot overflow.
_SAFE_LOGIT: Final = 30.0
_DIGITS: Final = 4
"""Digits of a probability. It is rounded before anything is decided by it, so that decisions follow from what is
published, and not from the last bits of a float."""


class Line(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Factor of a logit, and what is added to it."""

    slope: Annotated[float, Meta(gt=0, le=20)]
    base: Shift


class SecondLevel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How logits of the second level become probabilities, and which codes are served.

    Attributes:
        slope: Factor of a logit.
        base: What is added to it: together they give the probability of a code in texts that have its parent.
        bar: Least probability of a subject that is served.
        reliable: Least probability of subjects of which at least 19 of 20 are right.
        codes: Those that were right often enough where they were answered; the others are not served.
    """

    slope: Annotated[float, Meta(gt=0, le=20)]
    base: Shift
    bar: Probability
    reliable: Probability
    codes: frozenset[str]

    def __post_init__(self) -> None:
        """Check what types cannot say."""
        if unknown := sorted(self.codes - SECOND_LEVEL.keys()):
            raise ValueError(f"codes of second: {', '.join(unknown)} is no Media Topic of the second level")
        if self.bar > self.reliable:
            raise ValueError("bar of second must not exceed reliable")

    def probabilities(self, logits: Sequence[float], parents: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        """Yield the codes that may be served under some parents, with their probabilities, rounded as published.

        Args:
            logits: Shape (121,): in the order of `SECOND_LEVEL`.
            parents: Code → probability of the top-level subjects that are served.
        """
        for (code, child), logit in zip(SECOND_LEVEL.items(), logits, strict=True):
            if code in self.codes and child.parent in parents:
                own = sigmoid(self.slope * logit + self.base)
                yield code, round(parents[child.parent] * own, _DIGITS)


class Calibration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measured on texts that no reader learned from.

    Attributes:
        version: Appears in events as a part of the version of subjects.
        lines: By reader and length.
        subjects: Shifts by reader and code.
        languages: Shifts by reader and language, a BCP 47 tag or its primary subtag.
        scripts: Shifts by reader and script (ISO 15924) of languages without a shift of their own.
        unsupported: Languages in which a reader's answers were shown to be wrong.
        floor: Least probability of a text's first subject.
        further: Least probability of its other subjects.
        reliable: By reader, the least probability of subjects of which at least 19 of 20 are right. A reader that is
            seldom sure needs a higher one than a reader most of whose answers are far above it.
        ask_below: The fast reader asks the encoder if its surest answer is less probable.
        second: Of the second level, which only the encoder tells; None where it was not measured: nothing is served.
    """

    version: str
    lines: dict[ReaderName, dict[Length, Line]]
    subjects: dict[ReaderName, dict[str, Shift]]
    languages: dict[ReaderName, dict[str, Shift]]
    scripts: dict[ReaderName, dict[Script, Shift]]
    unsupported: dict[ReaderName, frozenset[str]]
    floor: Probability
    further: Probability
    reliable: dict[ReaderName, Probability]
    ask_below: Probability
    second: SecondLevel | None = None

    def __post_init__(self) -> None:
        """Check what types cannot say."""
        for reader, lines in self.lines.items():
            if missing := [length for length in LENGTHS if length not in lines]:
                raise ValueError(f"lines of {reader}: no line for {', '.join(missing)}")
        for reader, shifts in self.subjects.items():
            if unknown := sorted(shifts.keys() - set(CODES)):
                raise ValueError(f"subjects of {reader}: {', '.join(unknown)} is no top-level Media Topic")
        for reader in self.lines:
            if not self.floor <= self.further <= self.reliable.get(reader, 0.0):
                raise ValueError(f"{reader}: floor, further and reliable must be in ascending order")

    @classmethod
    def load(cls) -> "Calibration":
        """Load the calibration that ships in the package."""
        source = resources.files("pipeline.models") / "data" / "subject_calibration.json"
        return cls.decode(source.read_bytes())

    @classmethod
    def decode(cls, data: bytes) -> "Calibration":
        """Read a calibration from JSON.

        Raises:
            ValueError: It is not valid; the message names the place.
        """
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise ValueError(f"not a calibration of subjects: {error}") from error

    def supports(self, reader: ReaderName, language: str | None) -> bool:
        """Return whether a reader may answer in a language; None is an unknown language."""
        unsupported = self.unsupported.get(reader, frozenset())
        return language is None or unsupported.isdisjoint((language, _primary(language)))

    def shift(self, reader: ReaderName, language: str | None, script: str | None) -> float:
        """Return the shift of a language, or else of a script, or else 0."""
        found = self.languages.get(reader, {})
        for tag in (language, _primary(language)) if language is not None else ():
            if tag in found:
                return found[tag]
        return self.scripts.get(reader, {}).get(script, 0.0) if script is not None else 0.0

    def probabilities(
        self, reading: Reading, length: Length, language: str | None, script: str | None
    ) -> tuple[float, ...]:
        """Return the probability of each subject, in the order of `CODES`, rounded to what is published.

        Args:
            reading: A reader's answer.
            length: The class of length of the text, by the words that were read.
            language: BCP 47 tag; None for an unknown language.
            script: ISO 15924 code of most letters; None for a text without letters.

        Raises:
            KeyError: There is no line for the reader.
        """
        line = self.lines[reading.reader][length]
        base = line.base + self.shift(reading.reader, language, script)
        own = self.subjects.get(reading.reader, {})
        return tuple(
            round(sigmoid(line.slope * logit + base + own.get(code, 0.0)), _DIGITS)
            for code, logit in zip(CODES, reading.logits, strict=True)
        )


def _primary(tag: str) -> str:
    """Return the primary subtag of a BCP 47 tag."""
    return tag.split("-", 1)[0]


def sigmoid(logit: float) -> float:
    """Return the logistic function; computed one by one, as vector units may round differently by position."""
    return 1.0 / (1.0 + math.exp(-max(-_SAFE_LOGIT, min(_SAFE_LOGIT, logit))))
