"""Measure the subject model: tables by source, length, class and language, and beside a plain baseline.

Texts are the held-back fifth of the sets the model learned from, and the test side of sets it never saw; of both the
half that did not choose thresholds.
"""

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from pipeline.models.subjects import SubjectInput, SubjectModel
from pipeline.models.taxonomy import SUBJECT_NAMES
from pipeline.training.corpora import CODES, SENTENCES, SHIPPED, Text, read, tag_of
from pipeline.training.language_report import Report
from pipeline.training.measures import (
    Scored,
    accuracy,
    at_coverage,
    bins,
    calibration_error,
    class_scores,
    macro_f1,
    table,
)
from pipeline.training.needs import is_there
from pipeline.training.validation import batches, held_texts
from pipeline.training.variants import VARIANTS

__all__ = ["subject_report"]

_HEAD: Final = ("", "texts", "macro-F1", "accuracy", "ECE", "right at 50/70/90 % coverage")
_COVERAGES: Final = (0.5, 0.7, 0.9)
_FEWEST: Final = 20  # texts a group must have to get a line
_SURE: Final = 0.7
_LONG: Final = 1900  # characters: what it costs to read an article
_TIMED: Final = 512
_BASELINE_CHARS: Final = 600

Say = Callable[[str], None]


class _Answer(Struct, frozen=True):
    """What was said about a text: the best code whatever the thresholds, and whether and how surely it was served."""

    text: Text
    tag: str
    length: str
    best: Scored
    served: Scored | None
    reason: str | None


def subject_report(data: Path, say: Say) -> Report:
    """Measure everything.

    Raises:
        InputError: The corpora cannot be read.
    """
    model = SubjectModel.load()
    texts = held_texts(data, chooses=False)
    say(f"measuring on {len(texts)} texts")
    answers = _ask(model, texts)
    known = [a for a in answers if a.text.source in SHIPPED and a.text.source != SENTENCES]
    sentences = [a for a in answers if a.text.source == SENTENCES]
    foreign = [a for a in answers if a.text.source not in SHIPPED]
    parts = {"news, sets it learned from": known, "sentences (SIB-200)": sentences, "sets it never saw": foreign}
    served = {name: [a.served for a in part if a.served] for name, part in parts.items()}
    every = {name: [a.best for a in part] for name, part in parts.items()}
    lines = [
        "Every text has to get an answer, thresholds ignored:",
        "",
        *_summary({**every, **_baseline(data, parts, say)}),
    ]
    lines += ["", "Only what is served (validated language and length, support, threshold):", "", *_summary(served)]
    lines += ["", "What became of the texts:", "", *_fates(parts)]
    lines += ["", "Calibration of what is served:", "", *_calibration(served)]
    lines += ["", "By class (best answer; news and sentences, then sets it never saw):", ""]
    lines += _classes([a.best for a in known + sentences], every["sets it never saw"])
    news = known + foreign
    lines += ["", "By length (news):", "", *_by(news, lambda a: a.length)]
    lines += ["", "By source:", "", *_by(answers, lambda a: a.text.source)]
    long = [a.text for a in known if len(a.text.text) >= _LONG]
    lines += ["", "Robustness (articles of sets it learned from):", "", *_robustness(model, long[::3])]
    lines += [
        "",
        _speed(model, long[:_TIMED]),
        "",
        "By language, what is served, and how many texts got no answer:",
        "",
    ]
    lines += _languages(answers)
    lines += ["", "What is served, and what it was chosen by (the other half of the texts):", "", *_validation(model)]
    return Report(lines, served)


def _ask(model: SubjectModel, texts: Sequence[Text]) -> list[_Answer]:
    answers = []
    for batch in batches(texts):
        inputs = [SubjectInput(body=item.text, language=tag_of(item.language).split("-")[0]) for item in batch]
        for item, odds, result in zip(batch, model.probabilities(inputs), model.classify(inputs), strict=True):
            if odds:
                code = max(odds, key=lambda name: odds[name])
                first = result.subjects[0] if result.subjects else None
                served = Scored(item.codes, first.code.removeprefix("medtop:"), first.confidence) if first else None
                best = Scored(item.codes, code, odds[code])
                length = model.length_of(SubjectInput(body=item.text)) or ""
                answers.append(_Answer(item, tag_of(item.language).split("-")[0], length, best, served, result.reason))
    return answers


def _summary(groups: Mapping[str, Sequence[Scored]]) -> list[str]:
    rows = []
    for name, items in groups.items():
        cuts = "/".join(f"{at_coverage(items, share):.2f}" for share in _COVERAGES)
        rows.append([name, len(items), macro_f1(items), accuracy(items), calibration_error(items), cuts])
    return table(_HEAD, [row for row in rows if row[1]])


def _by(answers: Sequence[_Answer], key: Callable[[_Answer], str]) -> list[str]:
    names = sorted({key(item) for item in answers})
    groups = {name: [item.best for item in answers if key(item) == name] for name in names}
    return _summary({name: items for name, items in groups.items() if len(items) >= _FEWEST})


def _fates(parts: Mapping[str, Sequence[_Answer]]) -> list[str]:
    reasons = sorted({item.reason for part in parts.values() for item in part if item.reason})
    rows = []
    for name, part in parts.items():
        counts = [sum(item.reason == reason for item in part) for reason in (None, *reasons)]
        rows.append([name, len(part), *(count / max(1, len(part)) for count in counts)])
    return table(["", "texts", "answered", *reasons], rows)


def _calibration(served: Mapping[str, Sequence[Scored]]) -> list[str]:
    rows = [
        [name, f"{item.low:.1f}–{item.low + 0.1:.1f}", item.count, item.mean, item.right]
        for name, items in served.items()
        for item in bins(items)
    ]
    return table(["", "confidence", "texts", "mean", "right"], rows)


def _classes(*parts: Sequence[Scored]) -> list[str]:
    rows = []
    for code in CODES:
        cells: list[object] = [f"{code} {SUBJECT_NAMES[code]}"]
        for part in parts:
            precision, recall, f1 = class_scores(part, code)
            meant = sum(code in item.truth for item in part)
            cells += [meant, f"{precision:.2f} / {recall:.2f}", f"{f1:.2f}"] if meant else [0, "", ""]
        rows.append(cells)
    return table(["class", *(("texts", "precision / recall", "F1") * len(parts))], rows)


def _robustness(model: SubjectModel, texts: Sequence[Text]) -> list[str]:
    """Return the share of texts whose first subject changes although both answers were sure."""
    inputs = [SubjectInput(body=item.text, language=tag_of(item.language).split("-")[0]) for item in texts]
    plain = model.classify(inputs)
    rows = []
    for name, change in VARIANTS.items():
        changed = [SubjectInput(body=change(item.body[:2000]), language=item.language) for item in inputs]
        pairs = [
            (a.subjects[0], b.subjects[0])
            for a, b in zip(plain, model.classify(changed), strict=True)
            if a.subjects and b.subjects
        ]
        flips = sum(a.code != b.code and min(a.confidence, b.confidence) >= _SURE for a, b in pairs)
        rows.append([name, len(texts), f"{100 * flips / max(1, len(texts)):.2f} %"])
    return table(["change", "articles", f"another subject at ≥ {_SURE}"], rows)


def _speed(model: SubjectModel, texts: Sequence[Text]) -> str:
    """Return what a long article costs, its words new and its words known."""
    inputs = [SubjectInput(body=item.text, language="en") for item in texts]
    times = []
    for _ in range(3):
        began = time.process_time()
        model.classify(inputs)
        times.append((time.process_time() - began) / max(1, len(inputs)) * 1e6)
    return f"CPU time per long article: {times[0]:.0f} µs at first, {min(times):.0f} µs once its words are known."


def _languages(answers: Sequence[_Answer]) -> list[str]:
    rows = []
    for tag in sorted({item.tag for item in answers}):
        mine = [item for item in answers if item.tag == tag]
        news = [item for item in mine if item.text.source != SENTENCES]
        served = [item.served for item in mine if item.served]
        right = f"{accuracy(served):.2f}" if served else ""
        rows.append([tag, len(mine), len(news), f"{len(served) / len(mine):.2f}", right])
    return table(["language", "texts", "of these news", "answered", "of these right"], rows)


def _validation(model: SubjectModel) -> list[str]:
    kinds: dict[str, set[str]] = {}
    for tag, _, _, kind, *_ in model.validation:
        kinds.setdefault(kind, set()).add(tag)
    counts = "; ".join(f"{len(tags)} by {kind}" for kind, tags in sorted(kinds.items()))
    head = ("language", "length", "threshold", "evidence", "texts", "answered", "right")
    served = len({line[0] for line in model.validation})
    return [f"{served} languages, at one length or more: {counts}.", "", *table(head, model.validation)]


def _baseline(data: Path, parts: Mapping[str, Sequence[_Answer]], say: Say) -> dict[str, list[Scored]]:
    """Return the answers of a linear model over character n-grams that learned from the same texts."""
    if not is_there("sklearn"):
        say("n-gram linear baseline: passed over, scikit-learn is not installed")
        return {}
    text: Any = importlib.import_module("sklearn.feature_extraction.text")
    linear: Any = importlib.import_module("sklearn.linear_model")
    counter = text.HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**19)
    learned = [item for name in SHIPPED for item in read(data, name) if not item.test]
    say(f"n-gram linear baseline: learning from {len(learned)} texts")
    model = linear.SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=8, random_state=1)
    model.fit(counter.transform([item.text[:_BASELINE_CHARS] for item in learned]), [i.codes[0] for i in learned])
    found = {}
    for name, part in parts.items():
        odds = model.predict_proba(counter.transform([item.text.text[:_BASELINE_CHARS] for item in part]))
        found[f"n-gram linear baseline: {name}"] = [
            Scored(item.text.codes, str(model.classes_[row.argmax()]), float(row.max()))
            for item, row in zip(part, odds, strict=True)
        ]
    return found
