"""Whether the encoder's vector is one of meaning: is a document's translation the nearest of all documents?"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.reading import Reader, SubjectInput
from pipeline_research.evaluation.subjects_languages import language_name
from pipeline_research.training.labels_read import is_held_out, read_labels
from pipeline_research.training.measures import table
from pipeline_research.training.subject_cases import DOCUMENTS, with_forms

__all__ = ["LANGUAGES", "Found", "documents_in", "found_first", "untouched", "vectors_of", "vectors_table"]

LANGUAGES: Final = (
    "am", "ar", "bn", "cs", "de", "el", "es", "fa", "fi", "fr", "ha", "he", "hi", "hu", "hy", "id", "ja", "ka", "ko",
    "mk", "nl", "pl", "ru", "so", "sq", "sw", "ta", "th", "tr", "uk", "vi", "yo", "zh-Hans", "zu",
)  # fmt: skip
"""Languages whose translations are looked for: of several scripts and families, large and small."""

_FROM: Final = "en"

Documents = Mapping[str, Mapping[str, SubjectInput]]
"""Language → document → text."""
Vectors = Mapping[str, Mapping[str, NDArray[np.float32]]]
"""Language → document → unit vector."""


class Found(Struct, frozen=True):
    """The share of documents whose translation into a language is found first: of all, and of held-out ones."""

    tag: str
    all: float
    held_out: float


def documents_in(data: Path, languages: Sequence[str] = LANGUAGES) -> dict[str, dict[str, SubjectInput]]:
    """Return the documents in English and in the given languages that there are."""
    found: dict[str, dict[str, SubjectInput]] = {}
    for item in read_labels(data):
        if item.set == DOCUMENTS and item.language in (_FROM, *languages):
            _, text = next(iter(with_forms(item.text)))
            found.setdefault(item.language, {})[item.group] = text
    return found


def vectors_of(reader: Reader, documents: Documents) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Return the unit vectors of documents; those without one are left out."""
    found: dict[str, dict[str, NDArray[np.float32]]] = {}
    for tag, texts in documents.items():
        readings = zip(texts, reader.read(list(texts.values())), strict=True)
        found[tag] = {
            doc: _unit(np.frombuffer(reading.vector, np.int8))
            for doc, reading in readings
            if reading and reading.vector
        }
    return found


def untouched(
    embed: Callable[[list[str]], Any], documents: Documents, chars: int
) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Return the unit vectors of documents by an encoder that was not fine-tuned.

    Args:
        embed: Returns the vectors of texts (texts × width).
        documents: The texts.
        chars: Characters that are given to it.
    """
    return {
        tag: {
            doc: _unit(np.asarray(vector))
            for doc, vector in zip(
                texts, embed([f"{item.headline}\n{item.body}"[:chars] for item in texts.values()]), strict=True
            )
        }
        for tag, texts in documents.items()
    }


def found_first(vectors: Vectors) -> list[Found]:
    """Return for each language how often the nearest document to an English one is its translation."""
    english = vectors.get(_FROM, {})
    found = []
    for tag in sorted(set(vectors) - {_FROM}):
        names, others = list(vectors[tag]), np.stack(list(vectors[tag].values()))
        hits = {doc: names[int((others @ vector).argmax())] == doc for doc, vector in english.items() if doc in names}
        held = [hit for doc, hit in hits.items() if is_held_out(doc)]
        found.append(Found(tag, _mean(list(hits.values())), _mean(held)))
    return found


def vectors_table(groups: Mapping[str, Sequence[Found]]) -> list[str]:
    """Return a line per encoder: the mean over languages, the languages with all, and the worst ones."""
    rows = []
    for name, found in groups.items():
        worst = sorted(found, key=lambda item: item.all)[:3]
        rows.append(
            [
                name,
                len(found),
                _mean([item.all for item in found]),
                _mean([item.held_out for item in found]),
                ", ".join(f"{language_name(item.tag)} {item.all:.2f}" for item in worst),
            ]
        )
    return table(("", "languages", "found first", "of held-out documents", "lowest"), rows)


def _unit(vector: NDArray[Any]) -> NDArray[np.float32]:
    values = vector.astype(np.float32)
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9), dtype=np.float32)


def _mean(values: Sequence[float | bool]) -> float:
    return float(np.mean(values)) if len(values) else 0.0
