"""Texts to generate copies of: the project's samples, and news from files of JSON lines."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.demo.samples import samples_dir
from pipeline.sources.compressed import open_plain
from pipeline.sources.errors import InputError
from pipeline_research.evaluation.shingling import word_shingles

__all__ = ["Story", "TextSet", "load_sets", "load_stories", "sample_fillers", "sample_set"]

_LEAST_CHARS: Final = 1200
"""Shorter texts are left out: many are only summaries, and a third of them would not be an article."""
_DISTINCT: Final = 0.1
"""Of two texts of a set that have this share of the shorter one's shingles in common, one is left out."""
_COPIED: Final = 0.5
"""Reports of one event with this share of shingles in common count as copies and are left out."""
_FILLER_LENGTHS: Final = (0.8, 1.3, 2.0)
"""In lengths of a sample article; one has about 130 words."""
_STORIES: Final = "ecbplus.jsonl.gz"


class TextSet(Struct, frozen=True):
    """Different articles of one data set, in one language."""

    name: str
    language: str
    texts: tuple[str, ...]


class Story(Struct, frozen=True):
    """Reports of one event by different authors."""

    first: str
    others: tuple[str, ...]


class _Text(Struct):
    text: str = ""
    lang: str = "und"
    cluster: str = ""


class _Expected(Struct):
    file: str
    line: int | None = None
    language: str = "und"


def sample_set() -> list[TextSet]:
    """Return the project's sample articles that are plain text, ordered by language."""
    texts = sorted(_samples(), key=lambda pair: pair[0])
    return [TextSet("samples", "several", tuple(text for _, text in texts))]


def sample_fillers() -> dict[str, list[str]]:
    """Return by language, without script or region, texts of three lengths, made of the sample articles."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for language, text in _samples():
        found[language.partition("-")[0]].append(text)
    return {
        language: ["\n\n".join(texts[:2] * 2)[: int(len(texts[0]) * length)] for length in _FILLER_LENGTHS]
        for language, texts in found.items()
    }


def _samples() -> Iterator[tuple[str, str]]:
    directory = samples_dir()
    expected = msgspec.json.decode((directory.parent / "expected.json").read_bytes(), type=list[_Expected])
    languages = {item.line: item.language for item in expected if item.file.endswith("/1-originals.jsonl")}
    for number, record in enumerate(_records(directory / "1-originals.jsonl"), 1):
        if record.text:
            yield languages.get(number, "und"), record.text


def load_sets(directory: Path, per_language: int, seed: int) -> Iterator[TextSet]:
    """Draw different long articles, for every file in `topic` and every language that has enough of them.

    Raises:
        InputError: The directory does not exist, or a file is not JSON lines.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: not a directory")
    for path in sorted((directory / "topic").glob("*.jsonl.gz")):
        found: defaultdict[str, list[str]] = defaultdict(list)
        for record in _records(path):
            if len(record.text) >= _LEAST_CHARS:
                found[record.lang].append(record.text)
        for language, texts in sorted(found.items()):
            random.Random(f"{seed}:{path.name}:{language}").shuffle(texts)
            chosen = _different(texts, per_language)
            if len(chosen) == per_language:
                yield TextSet(path.name.partition(".")[0], language, tuple(chosen))


def load_stories(directory: Path) -> list[Story]:
    """Return the reports of every event in `dup/ecbplus.jsonl.gz`; none when the file is absent."""
    path = directory / "dup" / _STORIES
    if not path.exists():
        return []
    events: defaultdict[str, list[str]] = defaultdict(list)
    for record in _records(path):
        if len(record.text) >= _LEAST_CHARS:
            events[record.cluster].append(record.text)
    return [Story(first, _by_others(first, others)) for first, *others in events.values()]


def _by_others(first: str, others: Sequence[str]) -> tuple[str, ...]:
    shingles = word_shingles(first)
    return tuple(text for text in others if _shared(shingles, word_shingles(text)) < _COPIED)


def _records(path: Path) -> Iterator[_Text]:
    with open_plain(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield msgspec.json.decode(line, type=_Text)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                raise InputError(f"{path}: line {number}: {error}") from error


def _different(texts: Sequence[str], most: int) -> list[str]:
    kept: list[tuple[str, frozenset[str]]] = []
    for text in texts:
        if len(kept) == most:
            break
        shingles = word_shingles(text)
        if all(_shared(shingles, other) < _DISTINCT for _, other in kept):
            kept.append((text, shingles))
    return [text for text, _ in kept]


def _shared(shingles: frozenset[str], others: frozenset[str]) -> float:
    return len(shingles & others) / min(len(shingles), len(others))
