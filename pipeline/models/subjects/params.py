"""What is served, and the classes of length by which it is calibrated."""

from typing import Final, Literal

from msgspec import Struct

from pipeline.domain.subject import ReaderChoice, ReaderName

__all__ = ["LENGTHS", "Length", "LengthLimits", "SubjectParams"]

Length = Literal["headline", "short", "long"]

LENGTHS: Final[tuple[Length, ...]] = ("headline", "short", "long")
"""The classes of length, in ascending order."""


class LengthLimits(Struct, frozen=True):
    """Words or subwords from which a text is no headline any more, and from which it is long."""

    short: int
    long: int

    def length(self, words: int) -> Length:
        """Return the class of length of a text of which so many words were read."""
        return "headline" if words < self.short else "short" if words < self.long else "long"


class SubjectParams(Struct, frozen=True):
    """Who answers, and what is served.

    Attributes:
        reader: Who answers.
        vectors: Whether results have vectors; then the encoder reads every text, and answers.
        floor: Least probability of a subject; those of the calibration where it is None.
        reliable: Least probability of a reliable subject; those of the calibration where it is None.
        max_subjects: The contract's limit of top-level subjects.
        max_children: The contract's limit of subjects of the second level.
        opening_chars: Characters, headline first, in which there must be text: about what the readers read.
        script_chars: Characters by which the script of a text is told, which decides for languages without evidence.
        min_words: Fewest words with a letter; the shortest headlines have two, and one word is no statement.
        unspaced_chars: Characters that count as a word in scripts without spaces; most of their words have two.
        fast_lengths: Limits of the classes of length in words, by the usual lengths of headlines and first paragraphs.
        encoder_lengths: The same in subwords; a text that fills the encoder's 62 is long, whatever follows.
    """

    reader: ReaderChoice = "cascade"
    vectors: bool = False
    floor: float | None = None
    reliable: float | None = None
    max_subjects: int = 3
    max_children: int = 2
    opening_chars: int = 1200
    script_chars: int = 200
    min_words: int = 2
    unspaced_chars: int = 2
    fast_lengths: LengthLimits = LengthLimits(short=20, long=50)
    encoder_lengths: LengthLimits = LengthLimits(short=26, long=55)

    def length(self, reader: ReaderName, words: int) -> Length:
        """Return the class of length of a text of which a reader read so many words or subwords."""
        return (self.fast_lengths if reader == "fast" else self.encoder_lengths).length(words)
