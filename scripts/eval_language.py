r"""Measure language identification; prints tables and, with --write, puts them into docs/models/language.md.

    PYTHONPATH=. uv run --no-project --python 3.11 --with-requirements scripts/training.txt \
        python scripts/eval_language.py --data ../shared/data [--write docs/models/language.md]

Sets: SIB-200 dev sentences; nine of them joined (about 1,000 characters); news articles; news titles; Leipzig sentences
and word pairs; garbage made here. SIB-200 train, the same kind of text, trained the n-gram model; the other sets are
foreign to it.
"""

import argparse
import base64
import gzip
import importlib.util
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from language_tags import tags_of
from model_card import put_tables

from pipeline.models.cld2 import guess
from pipeline.models.language import LanguageInput, LanguageModel

CORE_TAGS = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk km "
    "kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn or pa pl ps pt ro ru rw sd si sk sl sn so sq sr sv sw ta te tg "
    "th ti tl tr uk ur uz vi xh yo zh zu"
)
CORE = frozenset(CORE_TAGS.split())
GROUPS = {
    "hr/sr/bs": ("hr", "sr", "bs"),
    "id/ms": ("id", "ms"),
    "da/nb/nn": ("da", "nb", "nn"),
    "cs/sk": ("cs", "sk"),
    "hi/ne/mr/bho/mai/awa": ("hi", "ne", "mr", "bho", "mai", "awa"),
    "zu/xh/st/tn": ("zu", "xh", "st", "tn"),
    "fa/ckb/ps": ("fa", "ckb", "ps"),
    "am/ti": ("am", "ti"),
    "zh-Hans/zh-Hant": ("zh-Hans", "zh-Hant"),
}
NEWS = (
    "masakhanews",
    "sanad_arabic",
    "indosum_dev",
    "livedoor_ja",
    "nepali_news20",
    "larazon_mx_es",
    "dice_it_crime",
    "ilur_armenian",
    "kyrgyz_24kg",
    "tr_1150haber",
    "urdu_news5",
    "reuters21578",
)
TITLES = (
    "masakhanews",
    "detik_titles",
    "naver_ko_titles",
    "thucnews_titles",
    "pt_noticias_titulos",
    "turkish_headlines",
    "url_sections_fr_ru_it",
    "l3cube_indicnews",
    "sncd_somali",
    "livedoor_ja",
)
Sample = tuple[str, str]
Answer = Callable[[list[str]], list[tuple[str, float]]]


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def sib(data: Path) -> dict[str, list[str]]:
    """Return tag → sentences of the dev split (its test split is not among the data)."""
    rows = [row for row in rows_of(data / "topic/sib200.jsonl.gz") if row["split"] == "dev"]
    tags = tags_of(sorted({row["lang"] for row in rows}))
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["lang"]].append(row["text"])
    merged: dict[str, list[str]] = defaultdict(list)
    for code, texts in found.items():
        if tags[code] != "ar" or code == "arb-Arab":
            merged[tags[code]] += texts
    return merged


def by_language(rows: Iterator[dict[str, str]], field: str, cap: int, at_least: int) -> list[Sample]:
    """Take the first texts of each language that are long enough."""
    taken: Counter[str] = Counter()
    out = []
    for row in rows:
        text = row.get(field) or ""
        if len(text) >= at_least and taken[row["lang"]] < cap:
            taken[row["lang"]] += 1
            out.append((row["lang"], text[:1000]))
    return out


def garbage(count: int) -> list[Sample]:
    """Make texts that are in no language."""
    rng = random.Random(11)
    letters = "abcdefghijklmnopqrstuvwxyz"
    host = lambda: "".join(rng.choices(letters, k=8))  # noqa: E731
    makers: list[Callable[[], str]] = [
        lambda: base64.b64encode(rng.randbytes(rng.randint(60, 500))).decode(),
        lambda: " ".join("".join(rng.choices(letters, k=rng.randint(2, 11))) for _ in range(rng.randint(10, 80))),
        lambda: " ".join(str(rng.randint(0, 10**6)) for _ in range(rng.randint(10, 90))),
        lambda: "\n".join(f"https://www.{host()}.com/{host()}/{rng.randint(1, 9999)}?q={host()}" for _ in range(8)),
        lambda: " ".join(chr(rng.randint(0x1F600, 0x1F64F)) for _ in range(rng.randint(10, 80))),
        lambda: json.dumps({host(): {host(): rng.random(), "id": rng.randint(0, 999)} for _ in range(9)}),
        lambda: "\n".join(
            f"def {host()}(self, {host()}): return self.{host()}[{rng.randint(0, 9)}] + 1" for _ in range(6)
        ),
        lambda: "\n".join(f"var {host()} = function() {{ {host()}.push('{host()}'); }};" for _ in range(6)),
        lambda: " ".join(f"{rng.randbytes(8).hex()}" for _ in range(rng.randint(8, 40))),
    ]
    return [("und", makers[i % len(makers)]()) for i in range(count)]


def samples(data: Path) -> dict[str, list[Sample]]:
    """Return every test set."""
    sentences = sib(data)
    joined = [
        (tag, " ".join(texts[i : i + 9])) for tag, texts in sentences.items() for i in range(0, min(len(texts), 72), 9)
    ]
    topic = data / "topic"
    leipzig = list(rows_of(data / "lid/lingua_testdata.jsonl.gz"))
    return {
        "SIB sentences": [(tag, text) for tag, texts in sentences.items() for text in texts[:60]],
        "SIB 9 sentences": joined,
        "news": [s for name in NEWS for s in by_language(rows_of(topic / f"{name}.jsonl.gz"), "text", 60, 300)],
        "titles": [s for name in TITLES for s in by_language(rows_of(topic / f"{name}.jsonl.gz"), "title", 60, 20)],
        "Leipzig sentences": by_language((r for r in leipzig if r["kind"] == "sentences"), "text", 100, 1),
        "Leipzig word pairs": by_language((r for r in leipzig if r["kind"] == "word-pairs"), "text", 60, 1),
        "garbage": garbage(450),
    }


def plain(tag: str) -> str:
    """Compare without scripts, except Chinese where the truth has one."""
    return tag.split("-", maxsplit=1)[0]


def agree(answer: str, truth: str) -> bool:
    """Say whether the answer is right, as exactly as the truth allows."""
    return answer == truth or (plain(answer) == plain(truth) and not (truth.startswith("zh-") and "-" in answer))


def f1(pairs: list[tuple[str, str]], languages: frozenset[str] | set[str]) -> float:
    """Macro-F1 over the languages."""
    hit, said, meant = Counter[str](), Counter[str](), Counter[str]()
    for truth, answer in pairs:
        meant[plain(truth)] += 1
        said[plain(answer)] += 1
        hit[plain(truth)] += agree(answer, truth)
    scores = [2 * hit[tag] / (said[tag] + meant[tag]) for tag in languages if meant[tag]]
    return sum(scores) / max(1, len(scores))


def ours(model: LanguageModel) -> Answer:
    """Answer by the pipeline's model."""

    def answer(texts: list[str]) -> list[tuple[str, float]]:
        found = model.detect([LanguageInput(body=text) for text in texts])
        return [(item.tag, item.confidence) for item in found]

    return answer


def cld2(texts: list[str]) -> list[tuple[str, float]]:
    """Answer by CLD2 alone."""
    return [(found.tag, found.share) for found in map(guess, texts)]


def peers(model: LanguageModel) -> dict[str, Answer]:
    """Return the detectors that are installed."""
    found: dict[str, Answer] = {"news-pipeline": ours(model), "CLD2": cld2}
    if importlib.util.find_spec("cld3") is None:
        return found
    cld3 = importlib.import_module("cld3")

    def answer(texts: list[str]) -> list[tuple[str, float]]:
        results = [cld3.get_language(text) for text in texts]
        return [
            (r.language.replace("iw", "he").replace("no", "nb") if r else "und", r.probability if r else 0.0)
            for r in results
        ]

    return {**found, "CLD3": answer}


def measure(name: str, rows: list[Sample], answer: Answer) -> tuple[str, list[tuple[str, str]], list[float]]:
    """Return one table cell, the pairs behind it and their confidences."""
    began = time.process_time()
    answers = answer([text for _, text in rows])
    spent = (time.process_time() - began) / len(rows) * 1e6
    pairs = [(truth, tag) for (truth, _), (tag, _) in zip(rows, answers, strict=True)]
    right = sum(agree(tag, truth) for truth, tag in pairs) / len(pairs)
    if name == "garbage":
        return f"{right:.3f} ({spent:.0f} µs)", pairs, [c for _, c in answers]
    core = [(truth, tag) for truth, tag in pairs if plain(truth) in CORE]
    core_right = sum(agree(tag, truth) for truth, tag in core) / max(1, len(core))
    every = {plain(truth) for truth, _ in pairs}
    cell = f"{right:.3f} / {f1(pairs, every):.3f} / {core_right:.3f} / {f1(core, CORE):.3f} ({spent:.0f} µs)"
    return cell, pairs, [c for _, c in answers]


def calibration(pairs: list[tuple[str, str]], confidences: list[float]) -> list[str]:
    """Return one row per bin of confidence: texts, mean confidence, share right."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for (truth, tag), confidence in zip(pairs, confidences, strict=True):
        if tag != "und":
            bins[min(9, int(confidence * 10))].append((confidence, agree(tag, truth)))
    lines = []
    for number in sorted(bins):
        items = bins[number]
        mean, right = sum(c for c, _ in items) / len(items), sum(r for _, r in items) / len(items)
        lines.append(f"| {number / 10:.1f}–{number / 10 + 0.1:.1f} | {len(items)} | {mean:.3f} | {right:.3f} |")
    return lines


def report(data: Path) -> list[str]:
    """Measure everything and return the lines of the tables."""
    model = LanguageModel.load()
    sets = samples(data)
    detectors = peers(model)
    lines = ["All accuracy / all macro-F1 / core accuracy / core macro-F1 (CPU time per text).", ""]
    lines += ["| set | texts | " + " | ".join(detectors) + " |", "|---|---|" + "---|" * len(detectors)]
    kept: dict[str, tuple[list[tuple[str, str]], list[float]]] = {}
    for name, rows in sets.items():
        cells = []
        for detector, answer in detectors.items():
            cell, pairs, confidences = measure(name, rows, answer)
            cells.append(cell)
            if detector == "news-pipeline":
                kept[name] = (pairs, confidences)
        lines.append(f"| {name} | {len(rows)} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Hard groups, macro-F1 within all languages:",
        "",
        "| group | sentences | 9 sentences |",
        "|---|---|---|",
    ]
    for group, tags in GROUPS.items():
        cells = [f"{f1_exact(kept[name][0], tags):.3f}" for name in ("SIB sentences", "SIB 9 sentences")]
        lines.append(f"| {group} | " + " | ".join(cells) + " |")
    lines += ["", "Calibration on Leipzig sentences and titles (foreign to the model):", ""]
    lines += ["| confidence | texts | mean | right |", "|---|---|---|---|"]
    foreign = ("Leipzig sentences", "titles")
    lines += calibration([p for n in foreign for p in kept[n][0]], [c for n in foreign for c in kept[n][1]])
    lines += ["", "Most frequent errors:", ""]
    for name, (pairs, _) in kept.items():
        wrong = Counter(f"{truth}→{tag}" for truth, tag in pairs if not agree(tag, truth)).most_common(18)
        lines.append(f"- {name}: " + ", ".join(f"{pair} {count}" for pair, count in wrong))
    return lines


def f1_exact(pairs: list[tuple[str, str]], tags: tuple[str, ...]) -> float:
    """Macro-F1 of a few tags, scripts of Chinese told apart."""
    scores = []
    for tag in tags:
        hit = sum(truth == tag and agree(answer, truth) for truth, answer in pairs)
        meant = sum(truth == tag for truth, _ in pairs)
        said = sum(agree(answer, tag) for _, answer in pairs)
        scores.append(2 * hit / max(1, meant + said))
    return sum(scores) / len(scores)


def main() -> None:
    """Print the tables, and write them into the model card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path, help="model card to put the tables into, between its markers")
    options = parser.parse_args()
    lines = report(options.data)
    print("\n".join(lines))
    if options.write:
        put_tables(options.write, lines)


if __name__ == "__main__":
    main()
