"""Measure the subject model by source, length, class and language; compare it with a baseline and an all-data model.

The texts are the held-back fifth of the training sets and the test part of other sets; of both, the half that was not
used to choose thresholds.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import SGDClassifier  # type: ignore[import-untyped]

from pipeline.models.subjects import SubjectInput, SubjectModel
from pipeline_research.training.corpora import Text, mapping_of, read, sets_in, tag_of
from pipeline_research.training.language_report import Report
from pipeline_research.training.measures import Scored, table
from pipeline_research.training.subject_answers import LEARNED, UNSEEN, Answer, answers_of, load_model, parts_of
from pipeline_research.training.subject_tables import (
    by,
    calibration,
    classes,
    fates,
    languages,
    research,
    several,
    summary,
    validation,
)
from pipeline_research.training.validation import held_texts
from pipeline_research.training.variants import VARIANTS

__all__ = ["subject_report"]

_SURE: Final = 0.7
_LONG: Final = 1900  # fewest characters of an article in the measurement of speed
_TIMED: Final = 512
_BASELINE_CHARS: Final = 600

LogLine = Callable[[str], None]


def subject_report(
    data: Path, log_line: LogLine, weights: Path | None = None, beside: Path | None = None, *, baseline: bool = True
) -> Report:
    """Measure a model and return its tables.

    Args:
        data: The corpora.
        log_line: Called with lines about the progress.
        weights: The model to measure; the shipped one by default.
        beside: A model that was trained on all sets, to compare with.
        baseline: Whether to measure the n-gram linear baseline, which takes longer than all other measurements.

    Raises:
        InputError: The corpora or weights cannot be read.
    """
    model = load_model(weights)
    texts = held_texts(data, chooses=False)
    log_line(f"measuring on {len(texts)} texts")
    answers = answers_of(model, texts)
    inventory = {name: set(labels.values()) for name, labels in mapping_of(data).items()}
    parts = parts_of(answers, model.sources)
    served = {name: [a.served for a in part if a.served] for name, part in parts.items()}
    every = {name: [a.best for a in part] for name, part in parts.items()}
    news = parts[LEARNED] + parts[UNSEEN]
    lead, table_of_served = validation(model, answers)
    long = [a.text for a in parts[LEARNED] if len(a.text.text) >= _LONG]
    plain = _baseline(data, model.sources, parts, log_line) if baseline else {}
    sections = {
        f"Weights {model.version}, taxonomy {model.taxonomy_version}. {lead}": [],
        "Best answers, regardless of thresholds:": summary({**every, **plain}),
        "Served answers only (validated language and length, support, threshold):": summary(served),
        "Outcomes of the texts:": fates(parts),
        "Calibration of served answers:": calibration(served),
        "By class: best and served answers for news of the sets that have labels of the class; first of the training "
        "sets, then of other sets:": classes((parts[LEARNED], parts[UNSEEN]), inventory),
        several(news): [],
        "By length (news):": by(news, lambda a: a.length),
        "By source:": by(answers, lambda a: a.text.source),
        "Robustness (articles of training sets):": _robustness(model, long[::3]),
        _speed(model, long[:_TIMED]): [],
    }
    if beside is not None:
        log_line("measuring the model that was trained on all sets")
        other = answers_of(load_model(beside), texts)
        sections["Effect of the licences: best and served answers; by source; by class:"] = research(
            answers, other, model.sources, inventory
        )
    sections["By language: served answers, and texts without an answer:"] = languages(answers)
    sections["Served languages and lengths, and the evidence for them (the other half of the texts):"] = table_of_served
    lines = [line for name, found in sections.items() for line in (name, "", *found, *([""] if found else []))]
    return Report(lines[:-1], served)


def _robustness(model: SubjectModel, texts: Sequence[Text]) -> list[str]:
    """Return a table of the share of texts whose first subject changes between sure answers, or is lost."""
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
        lost = sum(bool(result.subjects) for result in plain) - len(pairs)
        rows.append([name, len(texts), *(f"{100 * count / max(1, len(texts)):.2f} %" for count in (flips, lost))])
    return table(["change", "articles", f"another subject at ≥ {_SURE}", "no answer any more"], rows)


def _speed(model: SubjectModel, texts: Sequence[Text]) -> str:
    """Return a line with the CPU time of a long article, with new words and with known words."""
    inputs = [SubjectInput(body=item.text, language="en") for item in texts]
    times = []
    for _ in range(3):
        began = time.process_time()
        model.classify(inputs)
        times.append((time.process_time() - began) / max(1, len(inputs)) * 1e6)
    return f"CPU time per long article: {times[0]:.0f} µs at first, {min(times):.0f} µs once its words are known."


def _baseline(
    data: Path, sources: Sequence[str], parts: Mapping[str, Sequence[Answer]], log_line: LogLine
) -> dict[str, list[Scored]]:
    """Return the answers of a linear model over character n-grams that was trained on the same texts."""
    counter = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**19)
    learned = [item for name in sets_in(data) if name in sources for item in read(data, name) if not item.test]
    log_line(f"n-gram linear baseline: training on {len(learned)} texts")
    model = SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=8, random_state=1)
    model.fit(counter.transform([item.text[:_BASELINE_CHARS] for item in learned]), [i.codes[0] for i in learned])
    found = {}
    for name, part in ((name, part) for name, part in parts.items() if part):
        odds = model.predict_proba(counter.transform([item.text.text[:_BASELINE_CHARS] for item in part]))
        found[f"n-gram linear baseline: {name}"] = [
            Scored(item.text.codes, str(model.classes_[row.argmax()]), float(row.max()))
            for item, row in zip(part, odds, strict=True)
        ]
    return found
