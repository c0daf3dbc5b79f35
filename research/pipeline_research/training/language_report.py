"""Measure language identification: tables by set, language and length, compared with other detectors."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline.models.language import LanguageInput, LanguageModel
from pipeline_research.training.language_corpora import CORE, GARBAGE, OTHER_GARBAGE, Sample, label_of, samples
from pipeline_research.training.language_garbage import other_garbage
from pipeline_research.training.language_mixing import mixed_tables
from pipeline_research.training.language_unknown import unknown_tables
from pipeline_research.training.measures import Scored, accuracy, bins, class_scores, grouped, macro_f1, table
from pipeline_research.training.peers import OURS, Detector, detectors
from pipeline_research.training.variants import VARIANTS

__all__ = ["Report", "language_report"]

_GROUPS: Final = (
    "bs/hr/sr-Latn",
    "rn/rw",
    "id/ms",
    "da/nb/nn",
    "cs/sk",
    "hi/ne/mr/bho/mai/awa",
    "zu/xh/st/tn",
    "fa/ckb/ps",
    "am/ti",
    "zh-Hans/zh-Hant",
)
_ARTICLES: Final = ("SIB 9 sentences", "news")
_GROUPED: Final = ("SIB 9 sentences", "SIB sentences", "Leipzig 9 sentences", "Leipzig sentences")
_SENTENCES: Final = ("SIB sentences", "Leipzig sentences")
_FOREIGN: Final = ("Leipzig sentences", "titles")
_LENGTHS: Final = (25, 50, 100, 200, 400, 1001)
_SURE: Final = 0.7
_ERRORS: Final = 12

LogLine = Callable[[str], None]


class Report(Struct, frozen=True):
    """Lines of Markdown, and the answers for the calibration curves, by name."""

    lines: list[str]
    calibration: dict[str, list[Scored]]


class _Measured(Struct, frozen=True):
    """The answers of a detector for a set, and the CPU time per text in microseconds."""

    answers: list[Scored]
    micros: float


def language_report(data: Path, log_line: LogLine) -> Report:
    """Measure our detector and its peers on all sets.

    Args:
        data: The corpora.
        log_line: Called with lines about the progress.

    Raises:
        InputError: The corpora cannot be read.
    """
    sets = samples(data)
    found: dict[str, dict[str, _Measured]] = {}
    for detector in detectors(data, log_line):
        log_line(f"measuring {detector.name}")
        found[detector.name] = {name: _measured(detector, rows) for name, rows in sets.items()}
    ours = {name: measured.answers for name, measured in found[OURS].items()}
    foreign = [item for name in _FOREIGN for item in ours[name] if item.answer != "und"]
    parts = {
        "All macro-F1 / core accuracy / core macro-F1 (CPU time per text)": _peers(sets, found),
        "Hard groups, macro-F1 among all languages": _groups(sets, ours),
        "Bosnian, Croatian and Serbian in Latin letters, F1 (share of its texts that are found)": _by_label(ours),
        "By length in characters (core; sentences, titles, news)": _lengths(sets, ours),
        "Calibration on Leipzig sentences and titles, which the model was not trained on": _calibration(foreign),
        "The same by method": _by_method([row for name in _FOREIGN for row in sets[name]]),
        "Kinds of garbage that the gate was not tuned on": _other_garbage(),
        "Methods": _ways(sets["news"]),
        "Robustness to changes of the text": _robustness(
            [row for name in _ARTICLES for row in sets[name] if _is_core(row)]
        ),
        **mixed_tables([row for row in sets["news"] if _is_core(row)]),
        "Texts in languages that are not known, and in those that are, shares of the answers": unknown_tables(data),
        "By language, accuracy": _languages(ours),
        "Most frequent errors": [_errors(name, answers) for name, answers in ours.items()],
    }
    lines = [line for title, part in parts.items() if part for line in ("", f"{title}:", "", *part)]
    return Report(lines[1:], {"language": foreign})


def _is_core(row: Sample) -> bool:
    return label_of(row.tag, row.text) in CORE


def _scored(row: Sample, tag: str, confidence: float) -> Scored:
    """Compare by label; for Chinese, also by script if both truth and answer state it."""
    if tag.startswith("zh-") and row.tag != "zh":
        return Scored((row.tag,), tag, confidence)
    return Scored((label_of(row.tag, row.text),), label_of(tag, row.text), confidence)


def _loose(item: Scored) -> Scored:
    """Return the answer without the Chinese scripts."""
    truth, answer = ("zh" if label.startswith("zh-") else label for label in (item.truth[0], item.answer))
    return Scored((truth,), answer, item.confidence)


def _measured(detector: Detector, rows: Sequence[Sample]) -> _Measured:
    began = time.process_time()
    answers = detector.answer([row.text for row in rows]) if rows else []
    spent = (time.process_time() - began) / max(1, len(rows)) * 1e6
    return _Measured([_scored(row, *answer) for row, answer in zip(rows, answers, strict=True)], spent)


def _peers(sets: Mapping[str, Sequence[Sample]], found: Mapping[str, Mapping[str, _Measured]]) -> list[str]:
    rows = []
    for name, texts in sets.items():
        if not texts:
            continue
        cells = []
        for measured in (by_set[name] for by_set in found.values()):
            loose = [_loose(item) for item in measured.answers]
            core = [item for item, row in zip(measured.answers, texts, strict=True) if _is_core(row)]
            if name in {GARBAGE, OTHER_GARBAGE}:
                cells.append(f"{accuracy(loose):.3f} ({measured.micros:.0f} µs)")
                continue
            among = macro_f1([_loose(item) for item in core], sorted(CORE))
            cells.append(f"{macro_f1(loose):.3f} / {accuracy(core):.3f} / {among:.3f} ({measured.micros:.0f} µs)")
        rows.append([name, len(texts), *cells])
    return table(["set", "texts", *found], rows)


def _groups(sets: Mapping[str, Sequence[Sample]], ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    rows = []
    for group in _GROUPS:
        cells: list[object] = []
        for name in _GROUPED:
            tags = group.split("/")
            exact = [
                Scored((row.tag if row.tag in tags else item.truth[0],), item.answer, item.confidence)
                for row, item in zip(sets[name], ours[name], strict=True)
            ]
            meant = {item.truth[0] for item in exact}
            scores = [class_scores(exact, tag)[2] for tag in tags]
            cells.append(sum(scores) / len(scores) if meant.issuperset(tags) else "")
        rows.append([group, *cells])
    return table(["group", *_GROUPED], rows)


def _by_label(ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    names = (*_GROUPED, "treebank news")
    rows = []
    for label in ("bs", "hr", "sr-Latn"):
        cells = []
        for name in names:
            texts = sum(item.truth[0] == label for item in ours[name])
            _, recall, f1 = class_scores(ours[name], label)
            cells.append(f"{f1:.2f} ({recall:.2f} of {texts})" if texts else "")
        rows.append([label, *cells])
    return table(["language", *names], rows)


def _lengths(sets: Mapping[str, Sequence[Sample]], ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    by_length: dict[int, list[Scored]] = {}
    for name in (*_SENTENCES, "titles", "news", "Leipzig word pairs"):
        for row, item in zip(sets[name], ours[name], strict=True):
            if _is_core(row):
                top = next(top for top in _LENGTHS if len(row.text) < top)
                by_length.setdefault(top, []).append(item)
    rows = [
        [f"< {top}", len(items), accuracy(items), sum(item.answer == "und" for item in items) / len(items)]
        for top, items in sorted(by_length.items())
    ]
    return table(["characters", "texts", "right", "und"], rows)


def _calibration(answers: Sequence[Scored]) -> list[str]:
    rows = [[f"{item.low:.1f}–{item.low + 0.1:.1f}", item.count, item.mean, item.right] for item in bins(answers)]
    return table(["confidence", "texts", "mean", "right"], rows)


def _by_method(rows: Sequence[Sample]) -> list[str]:
    by_method: dict[str, list[Scored]] = {}
    found = LanguageModel.load().detect([LanguageInput(body=row.text) for row in rows])
    for row, item in zip(rows, found, strict=True):
        if item.tag != "und":
            by_method.setdefault(item.method, []).append(_scored(row, item.tag, item.confidence))
    cells = [
        [name, len(items), sum(item.confidence for item in items) / len(items), accuracy(items)]
        for name, items in sorted(by_method.items())
    ]
    return table(["decided by", "texts", "mean confidence", "right"], cells)


def _other_garbage() -> list[str]:
    model, rows = LanguageModel.load(), []
    for kind, texts in other_garbage(20).items():
        found = model.detect([LanguageInput(body=text) for text in texts])
        rows.append([kind, sum(item.tag == "und" for item in found), sum(item.reliable for item in found)])
    return table(["kind, 20 texts", "und", "called a language, reliably"], rows)


def _ways(news: Sequence[Sample]) -> list[str]:
    found = LanguageModel.load().detect([LanguageInput(body=item.text) for item in news])
    counts = Counter(item.method for item in found)
    return table(["news decided by", "share"], [[way, count / len(news)] for way, count in counts.most_common()])


def _robustness(texts: Sequence[Sample]) -> list[str]:
    """Return a table of the shares of texts whose language changes between sure answers, or becomes unsure."""
    model = LanguageModel.load()
    plain = model.detect([LanguageInput(body=item.text) for item in texts])
    rows = []
    for name, change in VARIANTS.items():
        changed = model.detect([LanguageInput(body=change(item.text)) for item in texts])
        pairs = list(zip(plain, changed, strict=True))
        flips = sum(a.tag != b.tag and min(a.confidence, b.confidence) >= _SURE for a, b in pairs)
        lost = sum(a.confidence >= _SURE > b.confidence for a, b in pairs)
        shares = (f"{100 * count / max(1, len(texts)):.2f} %" for count in (flips, lost))
        rows.append([name, len(texts), *shares])
    return table(["change", "articles", f"another language at ≥ {_SURE}", f"≥ {_SURE} before, less after"], rows)


def _languages(ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    names = ("SIB 9 sentences", "SIB sentences", "Leipzig 9 sentences", "news", "titles", "Leipzig sentences")
    by_set = {name: grouped(map(_loose, ours[name]), lambda item: item.truth[0]) for name in names}
    tags = sorted({tag for groups in by_set.values() for tag in groups})
    rows = [
        [tag, *(f"{accuracy(by_set[name][tag]):.2f}" if tag in by_set[name] else "" for name in names)] for tag in tags
    ]
    return table(["language", *names], rows)


def _errors(name: str, answers: Sequence[Scored]) -> str:
    wrong = Counter(f"{item.truth[0]}→{item.answer}" for item in answers if not item.right).most_common(_ERRORS)
    return f"- {name}: " + (", ".join(f"{pair} {count}" for pair, count in wrong) or "none")
