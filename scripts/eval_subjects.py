r"""Measure the shipped subject model; prints tables and, with --write, puts them into docs/models/subjects.md.

    PYTHONPATH=. uv run --no-project --python 3.11 --with-requirements scripts/training.txt \
        python scripts/eval_subjects.py --data ../shared/data [--write docs/models/subjects.md]

Texts are the held-back fifth of the sets the model was trained on, and the test side of sets it never saw; of both
the half that validate_subjects.py did not use to choose thresholds.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from language_tags import tags_of
from model_card import put_tables
from subject_data import CODES, SHIPPED, Text, read, sets_in

from pipeline.models.subjects import SubjectInput, SubjectModel, SubjectParams
from pipeline.models.taxonomy import SUBJECT_NAMES

BATCH = 256


@dataclass(frozen=True)
class Answer:
    """What the model said about a text, best first, whatever the thresholds."""

    item: Text
    tag: str
    ranked: tuple[tuple[str, float], ...]
    served: bool

    @property
    def first(self) -> str:
        """The best code."""
        return self.ranked[0][0]

    @property
    def odds(self) -> float:
        """The best code's probability."""
        return self.ranked[0][1]

    @property
    def right(self) -> bool:
        """Whether the best code is one of the text's."""
        return self.first in self.item.codes


def batches(items: Sequence[Text]) -> Iterable[Sequence[Text]]:
    """Cut into batches."""
    return (items[first : first + BATCH] for first in range(0, len(items), BATCH))


def ask(model: SubjectModel, texts: Sequence[Text]) -> list[Answer]:
    """Classify, in batches."""
    tags = tags_of(sorted({item.language for item in texts if item.source == "sib200"}))
    answers = []
    for batch in batches(texts):
        named = [tags[item.language] if item.source == "sib200" else item.language for item in batch]
        odds = model.probabilities([SubjectInput(body=item.text) for item in batch])
        results = model.classify([SubjectInput(body=i.text, language=tag) for i, tag in zip(batch, named, strict=True)])
        for item, tag, values, result in zip(batch, named, odds, results, strict=True):
            if values:
                ranked = tuple(sorted(values.items(), key=lambda pair: -pair[1]))
                answers.append(Answer(item, tag.split("-")[0], ranked, bool(result.subjects)))
    return answers


def macro_f1(answers: Sequence[Answer]) -> float:
    """Macro-F1 of the first answer over the classes present."""
    scores = [class_scores(answers, code)[2] for code in sorted({item.item.codes[0] for item in answers})]
    return sum(scores) / max(1, len(scores))


def class_scores(answers: Sequence[Answer], code: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a class."""
    said = sum(item.first == code for item in answers)
    meant = sum(code in item.item.codes for item in answers)
    hit = sum(item.first == code and item.right for item in answers)
    precision, recall = hit / max(1, said), hit / max(1, meant)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def calibration_error(answers: Sequence[Answer]) -> float:
    """Expected calibration error of the first answer, ten bins."""
    bins: dict[int, list[Answer]] = defaultdict(list)
    for item in answers:
        bins[min(9, int(item.odds * 10))].append(item)
    gaps = [abs(sum(i.odds for i in items) - sum(i.right for i in items)) for items in bins.values()]
    return sum(gaps) / max(1, len(answers))


def at_coverage(answers: Sequence[Answer], share: float) -> float:
    """Accuracy on the surest share."""
    kept = sorted(answers, key=lambda item: -item.odds)[: max(1, round(share * len(answers)))]
    return sum(item.right for item in kept) / len(kept)


def summary(name: str, answers: Sequence[Answer]) -> str:
    """One row of a table."""
    kept = [item for item in answers if item.odds >= 0.5]
    precision = sum(item.right for item in kept) / max(1, len(kept))
    accuracy = sum(item.right for item in answers) / len(answers)
    cuts = "/".join(f"{at_coverage(answers, share):.2f}" for share in (0.5, 0.7, 0.9))
    return (
        f"| {name} | {len(answers)} | {macro_f1(answers):.3f} | {accuracy:.3f} | {calibration_error(answers):.3f} "
        f"| {cuts} | {len(kept) / len(answers):.2f} | {precision:.3f} |"
    )


HEAD = [
    "| | texts | macro-F1 | accuracy | ECE | right at 50/70/90 % coverage | share ≥ 0.5 | of these right |",
    "|---|---|---|---|---|---|---|---|",
]


def grouped(answers: Sequence[Answer], key: Callable[[Answer], str], at_least: int = 20) -> list[str]:
    """One row per group."""
    groups: dict[str, list[Answer]] = defaultdict(list)
    for item in answers:
        groups[key(item)].append(item)
    return [*HEAD, *(summary(name, groups[name]) for name in sorted(groups) if len(groups[name]) >= at_least)]


def variants(text: str) -> dict[str, str]:
    """Return spoilt versions of a text: none changes what it is about."""
    furniture = (
        "\nShare this article. Subscribe to our newsletter. Read more. Cookies. Privacy policy. All rights reserved."
    )
    other = " The full report is available on the website of the publisher in English."
    return {
        "truncated to half": text[: max(200, len(text) // 2)],
        "upper-cased": text.upper(),
        "furniture at the end": text + furniture * 2,
        "mixed with English": text[: len(text) // 2] + other + text[len(text) // 2 :],
    }


def robustness(model: SubjectModel, texts: Sequence[Text]) -> list[str]:
    """Share of texts whose first subject changes although one of the two answers had 0.7 or more."""
    plain = ask(model, texts)
    lines = ["| change | texts | flipped at ≥ 0.7 |", "|---|---|---|"]
    for name in variants(""):
        spoilt = ask(model, [Text(i.source, i.language, variants(i.text[:2000])[name], i.codes, i.test) for i in texts])
        pairs = list(zip(plain, spoilt, strict=True))
        flips = sum(a.first != b.first and a.odds >= 0.7 and b.odds >= 0.7 for a, b in pairs)
        lines.append(f"| {name} | {len(pairs)} | {100 * flips / len(pairs):.1f} % |")
    return lines


def speed(model: SubjectModel, texts: Sequence[Text]) -> str:
    """Return the CPU time per text in batches, the word memory warm and cold."""
    inputs = [SubjectInput(body=item.text[:5000], language="en") for item in texts]
    times = []
    for _ in range(3):
        began = time.process_time()
        for first in range(0, len(inputs), BATCH):
            model.classify(inputs[first : first + BATCH])
        times.append((time.process_time() - began) / len(inputs) * 1e6)
    return f"CPU time per long article, batches of {BATCH}: {times[0]:.0f} µs at first, {min(times):.0f} µs later."


def report(data: Path, model: SubjectModel) -> list[str]:
    """Measure everything and return the lines."""
    texts = [item for name in sets_in(data) for item in read(data, name) if item.test and not item.chooses]
    answers = ask(model, texts)
    known = [item for item in answers if item.item.source in SHIPPED and item.item.source != "sib200"]
    sentences = [item for item in answers if item.item.source == "sib200"]
    foreign = [item for item in answers if item.item.source not in SHIPPED]
    served = [item for item in answers if item.served]
    lines = ["Every language, thresholds ignored:", "", *HEAD]
    lines += [summary("news, sets it trained on", known), summary("sentences (SIB-200, 205 codes)", sentences)]
    lines += [
        summary("sets it never saw", foreign),
        "",
        "Only what is served (validated language, support, ≥ 0.5):",
        "",
        *HEAD,
    ]
    lines += [summary("sets it trained on", [i for i in served if i.item.source in SHIPPED])]
    lines += [summary("sets it never saw", [i for i in served if i.item.source not in SHIPPED])]
    lines += ["", "By source:", "", *grouped(answers, lambda item: item.item.source)]
    lines += ["", "By length, in characters (sets it trained on):", ""]
    lines += grouped(
        known, lambda item: next(f"< {top}" for top in (100, 300, 1000, 3001) if len(item.item.text) < top)
    )
    lines += ["", "By class (sets it trained on; first answer):", "", "| class | texts | precision | recall | F1 |"]
    lines += ["|---|---|---|---|---|"]
    for code in CODES:
        count = sum(code in item.item.codes for item in known)
        precision, recall, f1 = class_scores(known, code)
        lines.append(f"| {code} {SUBJECT_NAMES[code]} | {count} | {precision:.2f} | {recall:.2f} | {f1:.2f} |")
    lines += [
        "",
        "By class (sets it never saw):",
        "",
        "| class | texts | precision | recall | F1 |",
        "|---|---|---|---|---|",
    ]
    for code in CODES:
        count = sum(code in item.item.codes for item in foreign)
        precision, recall, f1 = class_scores(foreign, code)
        lines.append(f"| {code} {SUBJECT_NAMES[code]} | {count} | {precision:.2f} | {recall:.2f} | {f1:.2f} |")
    long = [
        item for item in texts if item.source in {"masakhanews", "sanad_arabic", "indosum_dev"} and len(item.text) > 800
    ]
    lines += ["", "Robustness:", "", *robustness(model, long[::4])]
    lines += ["", "By language (news where there is news, else SIB-200 sentences):", ""]
    news = {item.tag for item in known + foreign}
    lines += grouped([i for i in answers if i.tag not in news or i.item.source != "sib200"], lambda item: item.tag)
    lines += ["", speed(model, [item for item in long if len(item.text) > 1900][:512])]
    return lines


def main() -> None:
    """Print the tables, and write them into the model card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path, help="model card to put the tables into, between its markers")
    options = parser.parse_args()
    model = SubjectModel.load(SubjectParams())
    lines = report(options.data, model)
    print("\n".join(lines))
    if options.write:
        put_tables(options.write, lines)


if __name__ == "__main__":
    main()
