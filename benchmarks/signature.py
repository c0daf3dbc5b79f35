"""Measure signing: microseconds of CPU per article of 700 words, by script.

    python -m benchmarks.signature [--batch 256] [--rounds 9]

Articles are made of random words of each script's letters. Times are CPU time per article.
"""

import argparse
import json
import random
import time

from pipeline.dedup.signature.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin

_ALPHABETS = {
    "ascii": "etaoinshrdlucmfwyp",
    "latin with accents": "etaoinshrdluéàöüç",
    "cyrillic": "оеаинтсрвлкмдпуяы",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
}


def _article(rng: random.Random, vocabulary: list[str], separator: str, number: int) -> SigningInput:
    return SigningInput(
        article_id=ArticleId(f"{number:032x}"),
        origin=Origin("", 0, number),
        headline=" ".join(rng.choices(vocabulary, k=9)),
        body=separator.join(rng.choices(vocabulary, k=700)),
        ingested_at_ms=0,
        observed_at_ms=0,
    )


def _batch(script: str, size: int, seed: int) -> list[SigningInput]:
    rng = random.Random(seed)
    if script == "han":
        vocabulary = [chr(rng.randint(0x4E00, 0x5E00)) + chr(rng.randint(0x4E00, 0x5E00)) for _ in range(3000)]
        return [_article(rng, vocabulary, "", number) for number in range(size)]
    letters = _ALPHABETS[script]
    vocabulary = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(20_000)] + [
        str(number) for number in range(400)
    ]
    return [_article(rng, vocabulary, " ", number) for number in range(size)]


def main() -> None:
    """Print one JSON line per script: the best and the median of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    for script in [*_ALPHABETS, "han"]:
        batch = _batch(script, options.batch, seed=1)
        sign(batch)
        rounds = []
        for _ in range(options.rounds):
            begin = time.process_time()
            sign(batch)
            rounds.append((time.process_time() - begin) / len(batch) * 1e6)
        rounds.sort()
        print(json.dumps({"script": script, "best_us": round(rounds[0]), "median_us": round(rounds[len(rounds) // 2])}))


if __name__ == "__main__":
    main()
