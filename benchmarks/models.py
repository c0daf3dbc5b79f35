"""Time language identification and subject classification per article, side by side with CLD2 alone.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.models [--articles 2048]

Articles of about 700 words are composed from sentences in this file, so the run needs no data. Real news has more
distinct words; `news-pipeline eval subjects` measures it. Times are CPU time, the best of five, in batches of 256.
OpenBLAS has to run in one thread, as in workers: idle threads of it spin, which counts as CPU time.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence

from pipeline.models.cld2 import guess
from pipeline.models.language import LanguageInput, LanguageModel
from pipeline.models.subjects.calibration import Calibration
from pipeline.models.subjects.classifier import SubjectClassifier
from pipeline.models.subjects.fast import FastReader
from pipeline.models.subjects.params import SubjectParams
from pipeline.models.subjects.reading import SubjectInput

BATCH = 256
SENTENCES = {
    "en": "The minister told parliament on Friday that the new budget would lower taxes for small companies and "
    "raise spending on hospitals while critics said the figures did not add up",
    "ar": "قال الوزير أمام البرلمان يوم الجمعة إن الميزانية الجديدة ستخفض الضرائب على الشركات الصغيرة وتزيد "
    "الإنفاق على المستشفيات بينما قال منتقدون إن الأرقام غير واقعية",
    "ru": "Министр заявил в парламенте в пятницу что новый бюджет снизит налоги для малых предприятий и "
    "увеличит расходы на больницы однако критики считают что расчёты неверны",
    "es": "El ministro dijo el viernes en el parlamento que el nuevo presupuesto bajará los impuestos a las pequeñas "
    "empresas y aumentará el gasto en hospitales aunque los críticos dudan de las cifras",
}


def articles(count: int) -> list[tuple[str, str]]:
    """Return `count` pairs of language tag and text of 700 words; one word in ten is new."""
    rng = random.Random(1)
    out = []
    for number in range(count):
        tag = list(SENTENCES)[number % len(SENTENCES)]
        words = SENTENCES[tag].split()
        text = " ".join(rng.choice(words) + (rng.choice(words) if rng.random() < 0.1 else "") for _ in range(700))
        out.append((tag, text))
    return out


def best(work: Callable[[Sequence[tuple[str, str]]], object], rows: Sequence[tuple[str, str]]) -> float:
    """Return the microseconds of CPU per article, best of five runs."""
    times = []
    for _ in range(5):
        began = time.process_time()
        for first in range(0, len(rows), BATCH):
            work(rows[first : first + BATCH])
        times.append((time.process_time() - began) / len(rows) * 1e6)
    return min(times)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=2048)
    rows = articles(parser.parse_args().articles)
    began = time.perf_counter()
    language = LanguageModel.load()
    subjects = SubjectClassifier(
        calibration=Calibration.load(), params=SubjectParams(reader="fast"), fast=FastReader.load()
    )
    print(f"load {time.perf_counter() - began:.2f} s")
    print("| part | µs per article | aim |\n|---|---|---|")
    print(f"| CLD2 alone, 800 characters | {best(lambda part: [guess(text[:800]) for _, text in part], rows):.0f} | |")
    detect = best(lambda part: language.detect([LanguageInput(body=text) for _, text in part]), rows)
    print(f"| language | {detect:.0f} | 100 |")
    classify = best(lambda part: subjects.classify([SubjectInput(body=text, language=tag) for tag, text in part]), rows)
    print(f"| subjects, fast reader | {classify:.0f} | 200 |")


if __name__ == "__main__":
    main()
