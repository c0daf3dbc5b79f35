r"""Find out, per language and length, from which confidence answers hold; writes the table into subjects.npz.

    PYTHONPATH=. uv run --no-project --python 3.11 --with-requirements scripts/training.txt \
        python scripts/validate_subjects.py --data ../shared/data --weights pipeline/models/data/subjects.npz

Half of the held-back texts of every set there is choose, also of sets the model did not learn from; the other half
measures (eval_subjects.py). A language and length with no threshold at which enough answers are right is not served.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from language_tags import tags_of
from subject_data import Text, read, sets_in

from pipeline.models.subjects import SubjectInput, SubjectModel, SubjectParams, length_of

LENGTHS = ("headline", "short", "long")
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
MIN_TEXTS = 25
MIN_KEPT = 0.15
MIN_RIGHT = 0.75


@dataclass(frozen=True)
class Item:
    """A text's best answer."""

    tag: str
    length: str
    news: bool
    odds: float
    right: bool


def answers(model: SubjectModel, texts: Sequence[Text]) -> list[Item]:
    """Classify, whatever the thresholds."""
    tags = tags_of(sorted({item.language for item in texts if item.source == "sib200"}))
    found = []
    params = SubjectParams()
    for first in range(0, len(texts), 256):
        batch = texts[first : first + 256]
        for item, odds in zip(batch, model.probabilities([SubjectInput(body=i.text) for i in batch]), strict=True):
            if odds:
                best = max(odds, key=lambda code: odds[code])
                tag = (tags[item.language] if item.source == "sib200" else item.language).split("-")[0]
                right = best in item.codes
                found.append(Item(tag, length_of(len(item.text), params), item.source != "sib200", odds[best], right))
    return found


def threshold(items: Sequence[Item]) -> tuple[float, float, float] | None:
    """Return the lowest threshold at which answers hold, the share answered and the share right."""
    for level in THRESHOLDS:
        kept = [item.right for item in items if item.odds >= level]
        if len(kept) >= max(8, MIN_KEPT * len(items)) and sum(kept) >= MIN_RIGHT * len(kept):
            return level, len(kept) / len(items), sum(kept) / len(kept)
    return None


def table(found: Sequence[Item]) -> list[str]:
    """Return a line per language and length that is served: tag, length, threshold, texts, news, answered, right."""
    by_tag: dict[str, list[Item]] = defaultdict(list)
    for item in found:
        by_tag[item.tag].append(item)
    lines = []
    for tag, items in sorted(by_tag.items()):
        for number, length in enumerate(LENGTHS):
            # Where there is news of the length, only it counts. Else everything of the length or shorter, because
            # what holds for less text holds for more.
            news = [item for item in items if item.news and item.length == length]
            others = [item for item in items if item.length in LENGTHS[: number + 1]]
            used = next((part for part in (news, others) if len(part) >= MIN_TEXTS), [])
            result = threshold(used)
            if result:
                count = sum(item.news for item in used)
                lines.append(f"{tag} {length} {result[0]} {len(used)} {count} {result[1]:.3f} {result[2]:.3f}")
    return lines


def main() -> None:
    """Validate and rewrite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    options = parser.parse_args()
    arrays = dict(np.load(options.weights, allow_pickle=False))
    model = SubjectModel({"validation": np.array([], dtype=str), **arrays})
    texts = [i for name in sets_in(options.data) for i in read(options.data, name) if i.test and i.chooses]
    lines = table(answers(model, texts))
    np.savez_compressed(options.weights, **{**arrays, "validation": np.array(lines)})
    served = {line.split()[0] for line in lines}
    print(len(served), "languages:", " ".join(sorted(served)))
    print("\n".join(line for line in lines if int(line.split()[4])))


if __name__ == "__main__":
    main()
