"""Sections of publishers as labels: what they say about subjects is counted, not believed.

Of the texts of a set that were also read, the share with each subject is counted by section; it becomes the wanted
probability of the set's other texts of that section.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.models.subjects.taxonomy import CODES
from pipeline_research.training.corpora import BLOGS, read_rows
from pipeline_research.training.labels_read import ReadText, is_held_out, text_id, whole_text

__all__ = ["SectionText", "read_sections"]

_SETS: Final = ("masakhanews", "sanad_arabic", "indosum_dev")
_LEAST_READ: Final = 25  # read texts of a section, below which its share of subjects is not known well enough
_PRIOR: Final = 3.0  # texts that the share in the whole set counts for


class SectionText(Struct, frozen=True):
    """A text that nobody read, its set, and the probability of every subject (17) that its section gives it."""

    source: str
    text: str
    wanted: NDArray[np.float32]


def read_sections(data: Path, known: Iterable[ReadText]) -> list[SectionText]:
    """Return the texts of training that have a section only.

    Args:
        data: A directory of corpora; absent sets are skipped.
        known: The texts that were read.

    Raises:
        InputError: A set cannot be read.
    """
    codes = {item.id: item.codes for item in known}
    found = []
    for name in _SETS:
        path = data / "topic" / f"{name}.jsonl.gz"
        rows = [row for row in read_rows(path) if row.get("split") != "test"] if path.exists() else []
        texts = [(str(row["label"]), whole_text(str(row.get("title") or ""), str(row["text"]))) for row in rows]
        sections: dict[str, list[str]] = defaultdict(list)
        read: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
        for section, text in texts:
            key = text_id(text)
            if section in BLOGS or is_held_out(key):
                continue
            if key in codes:
                read[section].append(np.isin(CODES, codes[key]).astype(np.float32))
            else:
                sections[section].append(text)
        everything = [one for part in read.values() for one in part]
        for section, part in read.items():
            if len(part) >= _LEAST_READ:
                share = (np.sum(part, axis=0) + _PRIOR * np.mean(everything, axis=0)) / (len(part) + _PRIOR)
                found += [SectionText(name, text, share.astype(np.float32)) for text in sections[section]]
    return found
