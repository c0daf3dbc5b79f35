"""Articles that were made from one template, or show one notice, in twelve languages; and copies of them."""

import random
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import msgspec

from pipeline_research.evaluation.copies import KINDS, Kind
from pipeline_research.evaluation.copy_finders import Finder, Published
from pipeline_research.evaluation.outcomes import OutcomeCounts, summed

__all__ = ["TEMPLATE_KINDS", "measure_templates", "template_pairs"]

_LANGUAGES: Final[dict[str, dict[str, Any]]] = msgspec.json.decode(
    files("pipeline_research.evaluation").joinpath("templates.json").read_bytes()
)["languages"]
_CHANGES: Final = {kind.name: kind.change for kind in KINDS}
_SOURCE: Final = "town.example"
_ELSEWHERE: Final = "elsewhere.example"


def _kind(name: str, *, is_copy: bool = False, same_source: bool = True) -> Kind:
    return Kind(
        name=name, change=lambda _rng, text, _other: text, is_copy=is_copy, aim=0.97 if is_copy else 0.995,
        same_source=same_source,
    )  # fmt: skip


_NAMES: Final = _kind("template, other names")
_NAMES_ELSEWHERE: Final = _kind("template, other names, another source", same_source=False)
_NAMES_ONE_HEADLINE: Final = _kind("template, other names, one headline")
_MOVES: Final = _kind("template, up against down")
_DEALS: Final = _kind("template, announced against sold")
_EPISODES: Final = _kind("one text, another number in the headline")
_WALL: Final = _kind("one notice, other headlines")
_WALL_ELSEWHERE: Final = _kind("one notice, other headlines, another source", same_source=False)
_COPY: Final = _kind("copy of an article from a template", is_copy=True, same_source=False)
_COPY_RENAMED: Final = _kind("the same with a new headline", is_copy=True, same_source=False)
_COPY_REWRITTEN: Final = _kind("the same, 10 % of words rewritten", is_copy=True, same_source=False)
_COPY_MISREAD: Final = _kind("the same, 1 % of characters misread", is_copy=True, same_source=False)
_COPY_REPEATED: Final = Kind(
    name="the same at its source, with a line more", change=lambda _rng, text, _other: text, same_source=True
)
TEMPLATE_KINDS: Final = (
    _NAMES, _NAMES_ELSEWHERE, _NAMES_ONE_HEADLINE, _MOVES, _DEALS, _EPISODES, _WALL, _WALL_ELSEWHERE,
    _COPY, _COPY_RENAMED, _COPY_REWRITTEN, _COPY_MISREAD, _COPY_REPEATED,
)  # fmt: skip


def template_pairs(
    fillers: dict[str, list[str]], seed: int, *, held_out: bool
) -> Iterator[tuple[str, Kind, Published, Published]]:
    """Yield (language, kind, an article, another one to compare with it).

    Args:
        fillers: By language, texts that stand in every article of a template, such as rules and addresses.
        seed: Of the choice of texts and errors.
        held_out: Whether to use the languages that were kept aside when thresholds were chosen, or the others.
    """
    for language, entry in _LANGUAGES.items():
        if bool(entry.get("held_out")) == held_out:
            for number, filler in enumerate(fillers.get(language, ())):
                rng = random.Random(f"{seed}:{language}:{number}")
                for kind, old, new in _pairs(entry, filler, rng):
                    yield language, kind, old, new


def measure_templates(
    finder: Finder, fillers: dict[str, list[str]], seed: int, *, held_out: bool
) -> dict[str, OutcomeCounts]:
    """Return the counts of a method's answers by the name of the kind; every pair has an index of its own."""
    outcomes = []
    for _, kind, old, new in template_pairs(fillers, seed, held_out=held_out):
        found = finder.index([old])(new)
        outcomes.append((kind.name, OutcomeCounts(cases=1, right=int(bool(found) == kind.is_copy))))
    return summed(outcomes)


def _pairs(entry: dict[str, Any], filler: str, rng: random.Random) -> Iterator[tuple[Kind, Published, Published]]:
    person, other_person = rng.sample(entry["people"], k=2)
    place, other_place = rng.sample(entry["places"], k=2)
    slots = {"person": person, "place": place, "move": entry["moves"][0], "deal": entry["deals"][0]}
    others = {**slots, "person": other_person, "place": other_place}
    headline = entry["headline"].format(**slots)
    text = f"{entry['body'].format(**slots)}\n\n{filler}"
    old = Published(text, _SOURCE, headline)
    renamed = f"{entry['body'].format(**others)}\n\n{filler}"
    yield _NAMES, old, Published(renamed, _SOURCE, entry["headline"].format(**others))
    yield _NAMES_ELSEWHERE, old, Published(renamed, _ELSEWHERE, entry["headline"].format(**others))
    yield _NAMES_ONE_HEADLINE, old, Published(renamed, _SOURCE, headline)
    for kind, slot, values in ((_MOVES, "move", entry["moves"]), (_DEALS, "deal", entry["deals"])):
        titles = [f"{headline}: {value}" for value in values]
        changed = f"{entry['body'].format(**{**slots, slot: values[1]})}\n\n{filler}"
        yield kind, Published(text, _SOURCE, titles[0]), Published(changed, _SOURCE, titles[1])
    episodes = [entry["episode"].format(number=number) for number in (40, 66)]
    yield _EPISODES, Published(text, _SOURCE, episodes[0]), Published(text, _SOURCE, episodes[1])
    for kind, source in ((_WALL, _SOURCE), (_WALL_ELSEWHERE, _ELSEWHERE)):
        first, second = entry["walled"]
        yield kind, Published(entry["wall"], _SOURCE, first), Published(entry["wall"], source, second)
    yield _COPY, old, Published(text, _ELSEWHERE, headline)
    yield _COPY_RENAMED, old, Published(text, _ELSEWHERE, entry["walled"][0])
    for kind, change in ((_COPY_REWRITTEN, "10 % of words rewritten"), (_COPY_MISREAD, "1 % of characters misread")):
        yield kind, old, Published(_CHANGES[change](rng, text, text), _ELSEWHERE, entry["walled"][0])
    yield _COPY_REPEATED, old, Published(f"{text}\n\n{headline}", _SOURCE, headline)
