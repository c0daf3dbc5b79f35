"""Tables about the answers of a subject model."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from pipeline.models.subjects import SubjectModel
from pipeline.models.taxonomy import SUBJECT_NAMES
from pipeline_research.training.corpora import CODES
from pipeline_research.training.measures import (
    Scored,
    accuracy,
    at_coverage,
    bins,
    calibration_error,
    class_scores,
    macro_f1,
    table,
)
from pipeline_research.training.subject_answers import Answer

__all__ = ["by", "calibration", "classes", "fates", "languages", "research", "several", "summary", "validation"]

_HEAD: Final = ("", "texts", "macro-F1", "accuracy", "ECE", "right at 50/70/90 % coverage")
_COVERAGES: Final = (0.5, 0.7, 0.9)
_FEWEST: Final = 20  # groups with fewer texts get no line
_ENOUGH: Final = 8  # languages with fewer answers in the other half are not judged
_HOLDS: Final = 0.75  # share of right answers that validation requires for news

Inventory = Mapping[str, Collection[str]]
"""Set → the codes that it has labels for."""


def summary(groups: Mapping[str, Sequence[Scored]]) -> list[str]:
    """Return a line per group of answers."""
    return table(_HEAD, [[name, *_figures(items)] for name, items in groups.items() if items])


def _figures(items: Sequence[Scored]) -> list[object]:
    cuts = "/".join(f"{at_coverage(items, share):.2f}" for share in _COVERAGES)
    return [len(items), macro_f1(items), accuracy(items), calibration_error(items), cuts]


def by(answers: Sequence[Answer], key: Callable[[Answer], str]) -> list[str]:
    """Return a line per group of texts, regardless of thresholds."""
    names = sorted({key(item) for item in answers})
    groups = {name: [item.best for item in answers if key(item) == name] for name in names}
    return summary({name: items for name, items in groups.items() if len(items) >= _FEWEST})


def fates(parts: Mapping[str, Sequence[Answer]]) -> list[str]:
    """Return the share of texts with an answer, and of those without one by reason."""
    reasons = sorted({item.reason for part in parts.values() for item in part if item.reason})
    rows = []
    for name, part in parts.items():
        counts = [sum(item.reason == reason for item in part) for reason in (None, *reasons)]
        rows.append([name, len(part), *(count / max(1, len(part)) for count in counts)])
    return table(["", "texts", "answered", *reasons], rows)


def calibration(served: Mapping[str, Sequence[Scored]]) -> list[str]:
    """Return a line per tenth of confidence."""
    rows = [
        [name, f"{item.low:.1f}–{item.low + 0.1:.1f}", item.count, item.mean, item.right]
        for name, items in served.items()
        for item in bins(items)
    ]
    return table(["", "confidence", "texts", "mean", "right"], rows)


def classes(parts: Sequence[Sequence[Answer]], inventory: Inventory) -> list[str]:
    """Return a line per class, over the texts whose set has labels of that class; others would distort precision."""
    rows = []
    for code in CODES:
        cells: list[object] = [f"{code} {SUBJECT_NAMES[code]}"]
        for part in parts:
            cells += _class_cells([item for item in part if code in inventory[item.text.source]], code)
        rows.append(cells)
    return table(["class", *(("texts", "precision / recall", "F1", "right of served") * len(parts))], rows)


def _class_cells(part: Sequence[Answer], code: str) -> list[object]:
    precision, recall, f1 = class_scores([item.best for item in part], code)
    meant = sum(code in item.text.codes for item in part)
    given = [code in item.text.codes for item in part if code in item.given]
    served = f"{sum(given) / len(given):.2f} of {len(given)}" if given else ""
    return [meant, f"{precision:.2f} / {recall:.2f}", f"{f1:.2f}", served] if meant else [0, "", "", served]


def several(answers: Sequence[Answer]) -> str:
    """Return lines about texts with several subjects: how many of these are found."""
    texts = [item for item in answers if len(item.text.codes) > 1]
    given = [code in item.text.codes for item in texts for code in item.given]
    meant = sum(len(item.text.codes) for item in texts)
    both = sum(set(item.likeliest) <= set(item.text.codes) for item in texts)
    served = [item for item in answers if item.given]
    two = sum(len(item.given) > 1 for item in served)
    return (
        f"Of {len(texts)} texts with several subjects, {_share(sum(given), len(given))} of the subjects served are "
        f"right, {_share(sum(given), meant)} of all their subjects are served, and the two likeliest are both right of "
        f"{_share(both, len(texts))}. {_share(two, len(served))} of all answers name a second subject."
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.0f} %"


def languages(answers: Sequence[Answer]) -> list[str]:
    """Return a line per language."""
    rows = []
    for tag in sorted({item.tag for item in answers}):
        mine = [item for item in answers if item.tag == tag]
        served = [item.served for item in mine if item.served]
        right = f"{accuracy(served):.2f}" if served else ""
        news = sum(item.is_news for item in mine)
        rows.append([tag, len(mine), news, f"{len(served) / len(mine):.2f}", right])
    return table(["language", "texts", "of these news", "answered", "of these right"], rows)


def validation(model: SubjectModel, answers: Sequence[Answer]) -> tuple[str, list[str]]:
    """Return how many languages are served and how well that holds on the other half, and the table."""
    kinds: dict[str, set[str]] = {}
    for tag, _, _, _, kind, *_ in model.validation:
        kinds.setdefault(tag, set()).add(kind)
    by_news = sum("news" in found for found in kinds.values())
    joined = sum("news" not in found and "joined" in found for found in kinds.values())
    held = [[a.served for a in answers if a.tag == tag and a.served] for tag in kinds]
    enough = [items for items in held if len(items) >= _ENOUGH]
    fell = sum(accuracy(items) < _HOLDS for items in enough)
    lead = (
        f"{len(kinds)} languages are served at one length or more: {by_news} by news, {joined} by short news joined, "
        f"{len(kinds) - by_news - joined} by sentences alone. On the other half of the texts, {fell} of the "
        f"{len(enough)} with {_ENOUGH} answers or more fell below {_HOLDS:.0%} right."
    )
    head = ("language", "length", "threshold", "shift", "evidence", "texts", "answers", "right")
    return lead, table(head, model.validation)


def research(
    shipped: Sequence[Answer], all_data: Sequence[Answer], sources: Sequence[str], inventory: Inventory
) -> list[str]:
    """Compare the shipped model with one that was trained on all sets: by group, source and class."""
    rows = []
    for name, learned in (("news of the sets both learned from", True), ("news of the other sets", False)):
        for model, answers in (("shipped", shipped), ("all data", all_data)):
            part = [a for a in answers if a.is_news and (a.text.source in sources) == learned]
            served = [a.served for a in part if a.served]
            share = f"{len(served) / max(1, len(part)):.2f}"
            rows.append(
                [name, model, *_figures([a.best for a in part]), share, accuracy(served), calibration_error(served)]
            )
    news = [[a for a in answers if a.is_news] for answers in (shipped, all_data)]
    for model, part in zip(("shipped", "all data"), news, strict=True):
        served = [a.served for a in part if a.served]
        share = f"{len(served) / max(1, len(part)):.2f}"
        rows.append(
            ["all news", model, *_figures([a.best for a in part]), share, accuracy(served), calibration_error(served)]
        )
    head = ("", "model", *_HEAD[1:], "served", "right of served", "ECE of served")
    lines = [*table(head, rows), ""]
    names = sorted({a.text.source for a in news[0]})
    pairs = [[[a.best for a in part if a.text.source == name] for part in news] for name in names]
    lines += table(
        ("", "texts", "macro-F1 shipped", "all data", "accuracy shipped", "all data"),
        [
            [name, len(one), macro_f1(one), macro_f1(other), accuracy(one), accuracy(other)]
            for name, (one, other) in zip(names, pairs, strict=True)
            if len(one) >= _FEWEST
        ],
    )
    return [*lines, "", *classes(news, inventory)]
