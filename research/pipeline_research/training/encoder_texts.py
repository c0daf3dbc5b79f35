"""What the encoder learns from, drawn every epoch: texts with labels by reading, and sections with their noise."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.taxonomy import CODES, SECOND_LEVEL
from pipeline_research.training.encoder_sections import read_sections
from pipeline_research.training.labels_read import ReadText, read_labels

__all__ = ["DrawSettings", "Example", "Source", "cropped", "written"]

_INDEX: Final = {code: number for number, code in enumerate(CODES)}
_SECOND_INDEX: Final = {code: number for number, code in enumerate(SECOND_LEVEL)}
_PARENTS: Final = tuple(item.parent for item in SECOND_LEVEL.values())
_WRITTEN_WEIGHT: Final = 0.8  # of articles written for training: they are like news, not news
_SENTENCE_END: Final = "\n.!?。！？।؟።"


class Example(Struct, frozen=True):
    """A text to learn from.

    Attributes:
        text: Headline, newline, body.
        wanted: Probability of every subject (17).
        second: Probability of every subject of the second level (121).
        second_weight: Weight of each of these (121): 0 where nobody looked.
        weight: Weight of the text.
        tokens: The most tokens that are read of it.
    """

    text: str
    wanted: NDArray[np.float32]
    second: NDArray[np.float32]
    second_weight: NDArray[np.float32]
    weight: float
    tokens: int


class DrawSettings(Struct, frozen=True):
    """How many texts of each kind an epoch has, and how they are cut."""

    languages_a_document: int = 20  # of the 128 translations of a document
    languages_a_sentence: int = 2  # of the 205 translations of a sentence
    sections: int = 1200  # texts with a section as their only label
    section_weight: float = 0.4
    smoothing: float = 0.02  # of labels by reading: one reader, one pass
    headline_share: float = 0.12  # texts cut to their headline
    lead_share: float = 0.13  # texts cut to headline and first sentence
    tokens: tuple[int, ...] = (64, 64, 96)  # most tokens of a text, one drawn for each


class Source:
    """The labelled texts, read once; `draw` gives the examples of an epoch."""

    def __init__(self, data: Path, settings: DrawSettings) -> None:
        """Read the texts that training may see.

        Args:
            data: A directory of corpora.
            settings: How epochs are drawn.

        Raises:
            InputError: A corpus cannot be read.
        """
        self._settings = settings
        self._alone: list[ReadText] = list(written())
        self._translated: dict[tuple[str, str], list[ReadText]] = defaultdict(list)
        for item in read_labels(data):
            if item.held_out:
                continue
            if item.doc is None:
                self._alone.append(item)
            else:
                self._translated[item.set, item.doc].append(item)
        self._sections = read_sections(data, self._alone)

    def __len__(self) -> int:
        return len(self._alone) + sum(map(len, self._translated.values())) + len(self._sections)

    def draw(self, epoch: int) -> list[Example]:
        """Return the examples of an epoch, shuffled; the same for the same number."""
        settings, chance = self._settings, random.Random(epoch)  # noqa: S311
        chosen = list(self._alone)
        for (name, _), translations in self._translated.items():
            many = settings.languages_a_sentence if name == "sib200" else settings.languages_a_document
            chosen += chance.sample(translations, min(many, len(translations)))
        found = [
            self._example(item.text, _targets(item.codes, settings.smoothing), item.weight, chance, item)
            for item in chosen
        ]
        found += [
            self._example(item.text, item.wanted, settings.section_weight, chance)
            for item in chance.sample(self._sections, min(settings.sections, len(self._sections)))
        ]
        chance.shuffle(found)
        return found

    def _example(
        self,
        text: str,
        wanted: NDArray[np.float32],
        weight: float,
        chance: random.Random,
        read: ReadText | None = None,
    ) -> Example:
        settings, draw = self._settings, chance.random()
        if draw < settings.headline_share:
            text = cropped(text, 0)
        elif draw < settings.headline_share + settings.lead_share:
            text = cropped(text, 1)
        second, second_weight = _second_targets(read, settings.smoothing)
        return Example(text, wanted, second, second_weight, weight, chance.choice(settings.tokens))


def cropped(text: str, sentences: int) -> str:
    """Return the headline, which is the first line, and the first sentences of the body; all of a text of one line."""
    headline, _, body = text.strip().partition("\n")
    for _ in range(sentences if body else 0):
        body = body.lstrip()
        ends = [at for at in (body.find(mark, 20) for mark in _SENTENCE_END) if at >= 0]
        end = min(ends, default=len(body) - 1) + 1
        headline, body = f"{headline}\n{body[:end]}", body[end:]
    return headline


def _targets(codes: Sequence[str], smoothing: float) -> NDArray[np.float32]:
    found = np.full(len(CODES), smoothing / 2, np.float32)
    found[[_INDEX[code] for code in codes]] = 1 - smoothing
    return found


def _second_targets(read: ReadText | None, smoothing: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return wanted probabilities and weights; with no clear code of a subject, nothing is said about its children."""
    wanted = np.full(len(SECOND_LEVEL), smoothing / 2, np.float32)
    if read is None or not read.second:
        return wanted, np.zeros(len(SECOND_LEVEL), np.float32)
    wanted[[_SECOND_INDEX[code] for code in read.second]] = 1 - smoothing
    told = {SECOND_LEVEL[code].parent for code in read.second}
    unsure = [parent in read.codes and parent not in told for parent in _PARENTS]
    return wanted, np.where(unsure, np.float32(0), np.float32(1))


def written() -> Iterable[ReadText]:
    """Yield the articles that were written for this project, if there are any."""
    folder = resources.files("pipeline_research.training") / "data" / "written"
    files = [file for file in folder.iterdir() if file.name.endswith(".tsv")] if folder.is_dir() else []
    for file in sorted(files, key=lambda file: file.name):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            language, codes, text, second = line.split("\t")
            full = tuple(f"{code}000000" for code in codes.split(","))
            key = f"{file.name}:{number}"
            children = tuple(code for code in second.split(",") if SECOND_LEVEL[code].parent in full) if second else ()
            yield ReadText(key, "written", key, language, text.replace(" | ", "\n"), full, _WRITTEN_WEIGHT, children)
