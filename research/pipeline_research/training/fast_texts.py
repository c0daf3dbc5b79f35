"""What the fast reader learns from: texts with labels by reading, and all other texts that the encoder can answer."""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline_research.training.corpora import SENTENCES, SHIPPED, mapping_of, read
from pipeline_research.training.encoder_sections import read_sections
from pipeline_research.training.encoder_texts import cropped, written
from pipeline_research.training.labels_read import ReadText, is_held_out, read_labels, text_id
from pipeline_research.training.unlabelled import read_unlabelled

__all__ = ["FastText", "TextAmounts", "read_fast_texts"]

_CROP_WEIGHT: Final = 0.7  # of a text that was cut: its labels are those of the whole


class FastText(Struct, frozen=True):
    """A text to learn from.

    Attributes:
        source: The set that it comes from.
        language: BCP 47 tag; empty where the set does not say.
        text: Headline, newline, body.
        codes: The codes that its reader gave; None where nobody read it.
        weight: Weight of the labels.
        ask: Whether the encoder is asked about it; of translations it has learned the labels, and there are many.
    """

    source: str
    language: str
    text: str
    codes: tuple[str, ...] | None
    weight: float = 1.0
    ask: bool = True


class TextAmounts(Struct, frozen=True):
    """How many texts of each kind are used."""

    unlabelled: int = 90  # sentences of a language without labels
    sections: int = 3000  # articles with a section only
    headlines: int = 2000  # of sets that have nothing else
    sentences: int = 160  # translated sentences of a language, with their labels
    crop_share: float = 0.35  # of the articles, cut to the headline or to headline and first sentence as well


def read_fast_texts(data: Path, amounts: TextAmounts) -> list[FastText]:
    """Return the texts that training may see, the same on every run.

    Raises:
        InputError: A corpus cannot be read.
    """
    chance = random.Random(11)  # noqa: S311
    alone = [*written(), *(item for item in read_labels(data) if not item.held_out)]
    found = list(_read(alone, amounts, chance))
    sections = read_sections(data, [item for item in alone if item.doc is None])
    chance.shuffle(sections)
    found += [FastText(item.source, "", item.text, None) for item in sections[: amounts.sections]]
    found += _headlines(data, amounts, chance)
    known = {text_id(item.text) for item in alone if item.doc is None}
    for language, text in read_unlabelled(data, amounts.unlabelled):
        key = text_id(text)
        if key not in known and not is_held_out(key):
            found.append(FastText("lingua_testdata", language, text, None))
    articles = [item for item in found if "\n" in item.text]
    for item in chance.sample(articles, int(len(articles) * amounts.crop_share)):
        short = cropped(item.text, chance.choice((0, 1)))
        found.append(FastText(item.source, item.language, short, item.codes, item.weight * _CROP_WEIGHT, item.ask))
    return found


def _read(alone: list[ReadText], amounts: TextAmounts, chance: random.Random) -> Iterator[FastText]:
    sentences: dict[str, list[ReadText]] = defaultdict(list)
    for item in alone:
        if item.set == SENTENCES:
            sentences[item.language].append(item)
        else:
            yield FastText(item.set, item.language, item.text, item.codes, item.weight, ask=item.doc is None)
    for part in sentences.values():
        for item in chance.sample(part, min(amounts.sentences, len(part))):
            yield FastText(item.set, item.language, item.text, item.codes, item.weight, ask=False)


def _headlines(data: Path, amounts: TextAmounts, chance: random.Random) -> list[FastText]:
    """Return headlines of sets with a licence that allows it; their sections are not used."""
    names = [name for name in ("huffpost_900", "sncd_somali") if name in SHIPPED and name in mapping_of(data)]
    paths = [name for name in names if (data / "topic" / f"{name}.jsonl.gz").exists()]
    texts = [
        FastText(name, item.language, item.text, None) for name in paths for item in read(data, name) if not item.test
    ]
    return chance.sample(texts, min(amounts.headlines, len(texts)))
