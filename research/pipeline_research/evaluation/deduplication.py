"""Measure methods that recognise copies on changed articles: recall, precision, and agreement of clusters."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import comb
from typing import Final

from msgspec import Struct

from pipeline_research.evaluation.copies import KINDS, Kind, with_boilerplate, with_shared_passage
from pipeline_research.evaluation.copy_finders import Finder, Published, cluster_labels
from pipeline_research.evaluation.news_texts import Story, TextSet
from pipeline_research.evaluation.outcomes import OutcomeCounts

__all__ = [
    "SAME_EVENT",
    "SHARED_PASSAGE",
    "Case",
    "Trial",
    "adjusted_rand",
    "measure",
    "shared_passage_trial",
    "story_clusters",
    "trials",
]

_LEAST_DIGITS: Final = 5
"""Texts with fewer digits are not used as templates with other numbers."""

SAME_EVENT: Final = Kind(
    name="same event, another author", change=lambda _rng, _text, other: other, is_copy=False, aim=0.995
)
"""Reports of one event by different authors, from the data, not generated."""

SHARED_PASSAGE: Final = Kind(
    name="short, with a passage that many share", change=lambda _rng, _text, other: other, is_copy=False, aim=0.995
)
"""Generated for a whole set: short articles of different sources of which 30 to 60 % is a shared passage."""
_SHARED_PASSAGE_CHARS: Final = 450


_NEW_HEADLINE: Final = KINDS[0].name
_HEADLINE_WORDS: Final = 10
_HEADLINE_CHARS: Final = 80


class Case(Struct, frozen=True):
    """A text to look up, generated from an original, and the expected answer."""

    kind: Kind
    original: int
    item: Published
    language: str


class Trial(Struct, frozen=True):
    """The originals in the index, and the cases to look up."""

    originals: tuple[Published, ...]
    cases: tuple[Case, ...]


def trials(sets: Sequence[TextSet], stories: Sequence[Story], seed: int) -> list[Trial]:
    """Return two trials: in each, one half of every set is copied, and the other half only resembles it."""
    return [_trial(sets, stories, seed, turn) for turn in (0, 1)]


def shared_passage_trial(sets: Sequence[TextSet], seed: int) -> Trial:
    """Return a trial of short articles that share a passage within their set: half in the index, half to look up.

    Sets of several languages are left out, because lengths in characters are not comparable between scripts.
    """
    originals: list[Published] = []
    cases: list[Case] = []
    for texts in (found for found in sets if found.language != "several"):
        rng = random.Random(f"{seed}:{texts.name}:{texts.language}:boilerplate")
        *owns, source = texts.texts
        passage = source[len(source) // 3 :][:_SHARED_PASSAGE_CHARS]
        made = [with_shared_passage(rng, own, passage) for own in owns]
        originals.extend(_original(text, len(originals) + place) for place, text in enumerate(made[::2]))
        looked_up = (Published(text, "elsewhere.example", headline_of(text)) for text in made[1::2])
        cases.extend(Case(SHARED_PASSAGE, -1, item, texts.language) for item in looked_up)
    return Trial(tuple(originals), tuple(cases))


def measure(finder: Finder, trial: Trial) -> Iterator[tuple[Case, OutcomeCounts]]:
    """Look up all cases; yield each with its counts."""
    find = finder.index(trial.originals)
    for case in trial.cases:
        found = find(case.item)
        right = case.original in found if case.kind.is_copy else not found
        wrong = bool(found - {case.original}) if case.kind.is_copy else bool(found)
        yield case, OutcomeCounts(cases=1, right=int(right), wrong=int(wrong))


def story_clusters(trial: Trial) -> float:
    """Fold originals, copies and unrelated articles as one stream; return the adjusted Rand index of the clusters.

    It is 1 for the expected clusters, and 0 on average for random ones.
    """
    labels = [str(number) for number in range(len(trial.originals))]
    stream = list(trial.originals)
    for place, case in enumerate(trial.cases):
        if case.kind.is_copy or case.kind.name == KINDS[-1].name:
            stream.append(case.item)
            labels.append(str(case.original) if case.kind.is_copy else f"alone {place}")
    return adjusted_rand(labels, cluster_labels(stream))


def adjusted_rand(labels: Sequence[str], others: Sequence[str]) -> float:
    """Return the adjusted Rand index of two labellings of the same items (Hubert and Arabie, 1985)."""
    together = _pairs(Counter(zip(labels, others, strict=True)).values())
    first, second, all_pairs = _pairs(Counter(labels).values()), _pairs(Counter(others).values()), comb(len(labels), 2)
    by_chance = first * second / all_pairs if all_pairs else 0.0
    most = (first + second) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(comb(size, 2) for size in sizes)


def _trial(sets: Sequence[TextSet], stories: Sequence[Story], seed: int, turn: int) -> Trial:
    originals: list[Published] = []
    cases: list[Case] = []
    for texts in sets:
        copied, others = texts.texts[turn::2], texts.texts[1 - turn :: 2]
        # In the index, so that a text with only the same boilerplate can be mistaken for a copy of it.
        around = with_boilerplate(random.Random(f"{seed}:{texts.name}:{texts.language}"), others[-1])
        originals.append(_original(around, len(originals)))
        for text, other in zip(copied, others[:-1], strict=False):
            number = len(originals)
            originals.append(_original(text, number))
            cases.extend(_cases(text, other, number, texts.language, seed))
    if turn == 0:
        for story in stories:
            number = len(originals)
            originals.append(_original(story.first, number))
            cases.extend(_same_event(number, text) for text in story.others)
    return Trial(tuple(originals), tuple(cases))


def _original(text: str, number: int) -> Published:
    return Published(text, f"s{number}.example", headline_of(text))


def _cases(text: str, other: str, number: int, language: str, seed: int) -> Iterator[Case]:
    for kind in KINDS:
        if kind.name == "template, other numbers" and len(re.findall(r"\d", text)) < _LEAST_DIGITS:
            continue
        source = f"s{number}.example" if kind.same_source else "elsewhere.example"
        changed = kind.change(random.Random(f"{seed}:{number}:{kind.name}"), text, other)
        # Half of the copies have the headline of the original, half have another one, from the middle of the text.
        copied = text if number % 2 else text[len(text) // 2 :]
        headline = headline_of(copied if kind.is_copy and kind.name != _NEW_HEADLINE else changed)
        if kind.name == _NEW_HEADLINE:
            headline = headline_of(text[len(text) // 2 :])
        yield Case(kind, number, Published(changed, source, headline), language)


def _same_event(number: int, text: str) -> Case:
    return Case(SAME_EVENT, number, Published(text, "elsewhere.example", headline_of(text)), "en")


def headline_of(text: str) -> str:
    """Return the first words of a text: its headline, or what stands for one."""
    words = text.split(maxsplit=_HEADLINE_WORDS)[:_HEADLINE_WORDS]
    return " ".join(words)[:_HEADLINE_CHARS]
