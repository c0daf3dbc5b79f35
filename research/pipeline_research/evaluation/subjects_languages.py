"""What to expect in each language, from texts with labels by reading that no training used."""

import functools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Final

from pipeline_research.evaluation.subjects_answers import Answered
from pipeline_research.evaluation.subjects_scores import share
from pipeline_research.evaluation.subjects_tables import Answers
from pipeline_research.training.measures import table
from pipeline_research.training.subject_cases import DOCUMENTS

__all__ = ["documents", "expectations", "language_name"]

_REGION: Final = re.compile(r"-([A-Z]{2})\b")
_GOOD: Final = 0.8


def language_name(tag: str) -> str:
    """Return the English name of a language, the tag itself where it has none here."""
    return _names().get(tag) or _names().get(tag.split("-", 1)[0], tag)


@functools.cache
def _names() -> Mapping[str, str]:
    source = resources.files("pipeline_research.training") / "data" / "language_names.json"
    found: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return found


def documents(readers: Answers) -> list[str]:
    """Return a line per reader about translated documents: best answers in codes, and in how many languages of each.

    Languages are variants as the set has them, such as Brazilian and European Portuguese.
    """
    rows: list[list[object]] = []
    for name, answers in readers.items():
        part = [answer for answer in answers if answer.case.set == DOCUMENTS and answer.case.form == "article"]
        by_tag = _grouped(part, lambda answer: answer.case.tag)
        good = sum(_in_codes(found) >= _GOOD for found in by_tag.values())
        groups = len({answer.case.group for answer in part})
        rows.append([name, groups, len(by_tag), share(part, lambda answer: answer.is_in_codes), good])
    return table(("", "documents", "languages", "in codes", f"languages at ≥ {_GOOD}"), rows)


def expectations(readers: Answers, default: str) -> list[str]:
    """Return a line per language: the share of best answers in codes, and what of the default reader is reliable.

    Args:
        readers: Answers to the same texts.
        default: The reader whose answers to headlines and sentences, and reliable answers, are shown.
    """
    groups = {name: _grouped(answers, _language) for name, answers in readers.items()}
    rows: list[list[object]] = []
    for tag in sorted(groups[default], key=language_name):
        mine = {
            name: [answer for answer in found[tag] if answer.case.form == "article"] for name, found in groups.items()
        }
        own = groups[default][tag]
        sure = [answer for answer in mine[default] if answer.reliable]
        rows.append(
            [
                f"{language_name(tag)} (`{tag}`)",
                len(mine[default]),
                *(_cell(found) for found in mine.values()),
                _cell([answer for answer in own if answer.case.form == "headline"]),
                f"{len(sure) / len(mine[default]):.2f}" if mine[default] else "",
                _cell(sure),
                _cell([answer for answer in own if answer.case.form == "sentence"]),
            ]
        )
    head = ("language", "articles", *(f"article, {name}" for name in readers), f"headline, {default}")
    return table((*head, "articles with a reliable subject", "best answer right of these", "single sentence"), rows)


def _language(answer: Answered) -> str:
    """Return the language without a region: variants of one language share a line."""
    return _REGION.sub("", answer.case.tag)


def _cell(answers: Sequence[Answered]) -> str:
    return f"{_in_codes(answers):.2f}" if answers else ""


def _in_codes(answers: Sequence[Answered]) -> float:
    return sum(answer.is_in_codes for answer in answers) / max(1, len(answers))


def _grouped(answers: Sequence[Answered], key: Callable[[Answered], str]) -> dict[str, list[Answered]]:
    found: dict[str, list[Answered]] = defaultdict(list)
    for answer in answers:
        found[key(answer)].append(answer)
    return found
