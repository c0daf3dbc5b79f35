"""Run finders of copies over changed articles: what they find, what they wrongly find, how they cluster."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import comb
from typing import Final

from msgspec import Struct

from pipeline_research.evaluation.copies import KINDS, Kind, with_boilerplate, with_shared_passage
from pipeline_research.evaluation.copy_finders import Finder, Published, cluster_labels
from pipeline_research.evaluation.news_texts import Story, TextSet

__all__ = [
    "SAME_EVENT",
    "SHARED_PASSAGE",
    "Case",
    "OutcomeCounts",
    "Trial",
    "adjusted_rand",
    "measure",
    "shared_passage_trial",
    "story_clusters",
    "summed",
    "trials",
]

_LEAST_DIGITS: Final = 5
"""A report with fewer is no template with numbers."""

SAME_EVENT: Final = Kind(
    name="same event, another author", change=lambda _rng, _text, other: other, is_copy=False, aim=0.995
)
"""Not made: reports of one event, as the data have them."""

SHARED_PASSAGE: Final = Kind(
    name="short, with a passage that many share", change=lambda _rng, _text, other: other, is_copy=False, aim=0.995
)
"""Made for a whole set: what many short articles of other sources carry, 30 to 60 % of each."""
_SHARED_PASSAGE_CHARS: Final = 450


class Case(Struct, frozen=True):
    """A text to look up, made of an original (or not of it) in a way."""

    kind: Kind
    original: int
    item: Published
    language: str


class Trial(Struct, frozen=True):
    """What is in the index, and what is looked up in it."""

    originals: tuple[Published, ...]
    cases: tuple[Case, ...]


class OutcomeCounts(Struct):
    """How often a method was right, of texts of one kind."""

    cases: int = 0
    right: int = 0
    """Copies traced to their original; others let through."""
    wrong: int = 0
    """Said to be copies of an article that they are no copies of."""

    @property
    def share_right(self) -> float:
        """Recall of copies; of others the share let through."""
        return self.right / self.cases

    @property
    def precision(self) -> float:
        """Share of what was found that is right; one where nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.right + self.wrong + self.cases)


def trials(sets: Sequence[TextSet], stories: Sequence[Story], seed: int) -> list[Trial]:
    """Make two trials: each half of every set is once what is copied, once what only resembles that."""
    return [_trial(sets, stories, seed, turn) for turn in (0, 1)]


def shared_passage_trial(sets: Sequence[TextSet], seed: int) -> Trial:
    """Make a trial of short articles that share a passage within their set: half in the index, half looked up.

    Sets of several languages are left out: so many characters are no share of a text in two scripts.
    """
    originals: list[Published] = []
    cases: list[Case] = []
    for texts in (found for found in sets if found.language != "several"):
        rng = random.Random(f"{seed}:{texts.name}:{texts.language}:boilerplate")
        *owns, source = texts.texts
        passage = source[len(source) // 3 :][:_SHARED_PASSAGE_CHARS]
        made = [with_shared_passage(rng, own, passage) for own in owns]
        originals.extend(_original(text, len(originals) + place) for place, text in enumerate(made[::2]))
        looked_up = (Published(text, "elsewhere.example") for text in made[1::2])
        cases.extend(Case(SHARED_PASSAGE, -1, item, texts.language) for item in looked_up)
    return Trial(tuple(originals), tuple(cases))


def measure(finder: Finder, trial: Trial) -> Iterator[tuple[Case, OutcomeCounts]]:
    """Look every case up; yield it with the outcome."""
    find = finder.index(trial.originals)
    for case in trial.cases:
        found = find(case.item)
        right = case.original in found if case.kind.is_copy else not found
        wrong = bool(found - {case.original}) if case.kind.is_copy else bool(found)
        yield case, OutcomeCounts(cases=1, right=int(right), wrong=int(wrong))


def story_clusters(trial: Trial) -> float:
    """Fold originals, their copies and unrelated articles in one stream; return how the clusters agree with that.

    The result is the adjusted Rand index: one for the same partition, zero for what chance gives.
    """
    labels = [str(number) for number in range(len(trial.originals))]
    stream = list(trial.originals)
    for place, case in enumerate(trial.cases):
        if case.kind.is_copy or case.kind.name == KINDS[-1].name:
            stream.append(case.item)
            labels.append(str(case.original) if case.kind.is_copy else f"alone {place}")
    return adjusted_rand(labels, cluster_labels(stream))


def adjusted_rand(labels: Sequence[str], others: Sequence[str]) -> float:
    """Return the adjusted Rand index of two partitions of the same things (Hubert and Arabie, 1985)."""
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
        # Stands in the index so that boilerplate alone can be taken for a copy of it.
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
            cases.extend(Case(SAME_EVENT, number, Published(text, "elsewhere.example"), "en") for text in story.others)
    return Trial(tuple(originals), tuple(cases))


def _original(text: str, number: int) -> Published:
    return Published(text, f"s{number}.example")


def _cases(text: str, other: str, number: int, language: str, seed: int) -> Iterator[Case]:
    for kind in KINDS:
        if kind.name == "template, other numbers" and len(re.findall(r"\d", text)) < _LEAST_DIGITS:
            continue
        source = f"s{number}.example" if kind.same_source else "elsewhere.example"
        changed = kind.change(random.Random(f"{seed}:{number}:{kind.name}"), text, other)
        yield Case(kind, number, Published(changed, source), language)


def summed(outcomes: Sequence[tuple[str, OutcomeCounts]]) -> dict[str, OutcomeCounts]:
    """Add outcomes up by their names, in the order these come first."""
    rows: defaultdict[str, OutcomeCounts] = defaultdict(OutcomeCounts)
    for name, outcome in outcomes:
        row = rows[name]
        row.cases += outcome.cases
        row.right += outcome.right
        row.wrong += outcome.wrong
    return dict(rows)
