"""Measure language identification: tables by set, language and length, beside other detectors."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.training.language_corpora import CORE, GARBAGE, Sample, samples
from pipeline.training.measures import Scored, accuracy, bins, class_scores, grouped, macro_f1, table
from pipeline.training.peers import OURS, Detector, detectors
from pipeline.training.variants import VARIANTS

__all__ = ["Report", "language_report"]

_GROUPS: Final = (
    "hr/sr/bs",
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
_SENTENCES: Final = ("SIB sentences", "Leipzig sentences")
_FOREIGN: Final = ("Leipzig sentences", "titles")
_LENGTHS: Final = (25, 50, 100, 200, 400, 1001)
_SURE: Final = 0.7
_ERRORS: Final = 12

Say = Callable[[str], None]


class Report(Struct, frozen=True):
    """Lines of Markdown, and the answers whose calibration is worth a picture, by name."""

    lines: list[str]
    calibration: dict[str, list[Scored]]


class _Measured(Struct, frozen=True):
    """A detector's answers about a set, and what each cost in microseconds of CPU."""

    answers: list[Scored]
    micros: float


def language_report(data: Path, say: Say) -> Report:
    """Measure everything.

    Raises:
        InputError: The corpora cannot be read.
    """
    sets = samples(data)
    found: dict[str, dict[str, _Measured]] = {}
    for detector in detectors(data, say):
        say(f"measuring {detector.name}")
        found[detector.name] = {name: _measured(detector, rows) for name, rows in sets.items()}
    ours = {name: measured.answers for name, measured in found[OURS].items()}
    foreign = [item for name in _FOREIGN for item in ours[name] if item.answer != "und"]
    lines = ["All macro-F1 / core accuracy / core macro-F1 (CPU time per text).", "", *_peers(sets, found)]
    lines += ["", "Hard groups, macro-F1 among all languages:", "", *_groups(sets, ours)]
    lines += ["", "By length in characters (core; sentences, titles, news):", "", *_lengths(sets, ours)]
    lines += [
        "",
        "Calibration on Leipzig sentences and titles, foreign to the model:",
        "",
        *_calibration(foreign),
    ]
    lines += ["", "Who decided, and what spoiling changes:", "", *_ways(sets["news"])]
    lines += ["", *_robustness([item for name in _ARTICLES for item in sets[name] if _core(item.tag)])]
    lines += ["", "By language, accuracy:", "", *_languages(ours)]
    lines += ["", "Most frequent errors:", "", *(_errors(name, answers) for name, answers in ours.items())]
    return Report(lines, {"language": foreign})


def _core(tag: str) -> bool:
    return _plain(tag) in CORE


def _plain(tag: str) -> str:
    return tag.split("-", maxsplit=1)[0]


def _scored(truth: str, tag: str, confidence: float) -> Scored:
    """Compare without scripts, except where the truth says which of the Chinese ones it is and the answer does too."""
    if tag.startswith("zh-") and truth != "zh":
        return Scored((truth,), tag, confidence)
    return Scored((_plain(truth),), _plain(tag), confidence)


def _measured(detector: Detector, rows: Sequence[Sample]) -> _Measured:
    began = time.process_time()
    answers = detector.answer([row.text for row in rows])
    spent = (time.process_time() - began) / max(1, len(rows)) * 1e6
    return _Measured([_scored(row.tag, *answer) for row, answer in zip(rows, answers, strict=True)], spent)


def _peers(sets: Mapping[str, Sequence[Sample]], found: Mapping[str, Mapping[str, _Measured]]) -> list[str]:
    rows = []
    for name, texts in sets.items():
        if not texts:
            continue
        cells = []
        for measured in (by_set[name] for by_set in found.values()):
            plain = [Scored((_plain(i.truth[0]),), _plain(i.answer), i.confidence) for i in measured.answers]
            core = [both for both in zip(measured.answers, plain, strict=True) if _core(both[0].truth[0])]
            if name == GARBAGE:
                cells.append(f"{accuracy(plain):.3f} ({measured.micros:.0f} µs)")
                continue
            exact, loose = accuracy([both[0] for both in core]), macro_f1([both[1] for both in core], sorted(CORE))
            cells.append(f"{macro_f1(plain):.3f} / {exact:.3f} / {loose:.3f} ({measured.micros:.0f} µs)")
        rows.append([name, len(texts), *cells])
    return table(["set", "texts", *found], rows)


def _groups(sets: Mapping[str, Sequence[Sample]], ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    rows = []
    for group in _GROUPS:
        cells: list[object] = []
        for name in _ARTICLES[:1] + _SENTENCES[:1]:
            exact = [
                Scored((row.tag,), item.answer, item.confidence)
                for row, item in zip(sets[name], ours[name], strict=True)
            ]
            scores = [class_scores(exact, tag)[2] for tag in group.split("/")]
            cells.append(sum(scores) / len(scores))
        rows.append([group, *cells])
    return table(["group", "9 sentences", "sentences"], rows)


def _lengths(sets: Mapping[str, Sequence[Sample]], ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    by_length: dict[int, list[Scored]] = {}
    for name in (*_SENTENCES, "titles", "news", "Leipzig word pairs"):
        for row, item in zip(sets[name], ours[name], strict=True):
            if _core(row.tag):
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


def _ways(news: Sequence[Sample]) -> list[str]:
    found = LanguageModel.load().detect([LanguageInput(body=item.text) for item in news])
    counts = Counter(item.method for item in found)
    return table(["news decided by", "share"], [[way, count / len(news)] for way, count in counts.most_common()])


def _robustness(texts: Sequence[Sample]) -> list[str]:
    """Return the share of texts whose language changes although both answers were sure."""
    model = LanguageModel.load()
    plain = model.detect([LanguageInput(body=item.text) for item in texts])
    rows = []
    for name, change in VARIANTS.items():
        spoilt = model.detect([LanguageInput(body=change(item.text)) for item in texts])
        flips = sum(
            a.tag != b.tag and min(a.confidence, b.confidence) >= _SURE for a, b in zip(plain, spoilt, strict=True)
        )
        rows.append([name, len(texts), f"{100 * flips / max(1, len(texts)):.2f} %"])
    return table(["change", "articles", f"another language at ≥ {_SURE}"], rows)


def _languages(ours: Mapping[str, Sequence[Scored]]) -> list[str]:
    names = ("SIB 9 sentences", "SIB sentences", "news", "titles", "Leipzig sentences")
    by_set = {name: grouped(ours[name], lambda item: _plain(item.truth[0])) for name in names}
    tags = sorted({tag for groups in by_set.values() for tag in groups})
    rows = [
        [tag, *(f"{accuracy(by_set[name][tag]):.2f}" if tag in by_set[name] else "" for name in names)] for tag in tags
    ]
    return table(["language", *names], rows)


def _errors(name: str, answers: Sequence[Scored]) -> str:
    wrong = Counter(f"{item.truth[0]}→{item.answer}" for item in answers if not item.right).most_common(_ERRORS)
    return f"- {name}: " + (", ".join(f"{pair} {count}" for pair, count in wrong) or "none")
