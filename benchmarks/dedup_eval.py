"""Evaluate deduplication on generated copies and on articles that only resemble others.

    python benchmarks/dedup_eval.py --input DIRECTORY [--per-language 60]
    uv run --with datasketch --with simhash python benchmarks/dedup_eval.py --input DIRECTORY --peers

DIRECTORY holds .jsonl.gz files of records with `lang` and `text`. Originals are folded first; then every changed
article is looked up among all of them. A copy is found when the verdict is exact or near and names its original; a
negative counts as precise when it passes.
"""

import argparse
import collections
import gzip
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from dedup_copies import COPIES, NEGATIVES, furnished

from pipeline.dedup.fold import Fold
from pipeline.dedup.signing import SigningInput, sign
from pipeline.domain.ids import ArticleId
from pipeline.domain.record import Origin

_LEAST = 1200
_SAME_SOURCE = {"template, other numbers", "update of a third"}
Finder = Callable[[str, str], set[int]]
Pair = tuple[str, int, str]


def load(directory: Path, per_language: int, seed: int) -> dict[str, list[str]]:
    """Return texts of some length by file and language."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for path in sorted(directory.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                if len(record["text"]) >= _LEAST:
                    found[f"{path.name}:{record['lang']}"].append(record["text"])
    rng = random.Random(seed)
    return {name: rng.sample(texts, per_language) for name, texts in found.items() if len(texts) >= per_language}


def pairs(groups: dict[str, list[str]], seed: int) -> tuple[list[str], list[Pair]]:
    """Return the originals, and (kind, original, changed text)."""
    originals: list[str] = []
    changed: list[Pair] = []
    for name, texts in sorted(groups.items()):
        half = len(texts) // 2
        used, others = texts[:half], texts[half:-1]
        # What stands in the index with furniture around it; others get the same furniture.
        originals.append(furnished(random.Random(f"{seed}:{name}"), texts[-1]))
        for text in used:
            number = len(originals)
            originals.append(text)
            for kind, change in {**COPIES, **NEGATIVES}.items():
                rng = random.Random(f"{seed}:{name}:{number}:{kind}")
                if kind == "template, other numbers" and len(re.findall(r"\d", text)) < 5:
                    continue
                changed.append((kind, number, change(rng, text, others)))
    return originals, changed


def without_copies(groups: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out texts that the sets hold twice, word for word or nearly: their copies would have two originals."""
    kept: dict[str, list[str]] = {}
    for name, texts in groups.items():
        seen: list[set[str]] = []
        kept[name] = []
        for text in texts:
            shingles = _shingles(text, 3)
            if all(len(shingles & other) < 0.1 * min(len(shingles), len(other)) for other in seen):
                seen.append(shingles)
                kept[name].append(text)
    return kept


def ours(originals: list[str]) -> Finder:
    """Fold the originals; return a finder that leaves the fold as it was."""
    fold = Fold()
    looked_up = 0

    def item(article: str, text: str, source: str, offset: int) -> SigningInput:
        return SigningInput(
            article_id=ArticleId(article),
            origin=Origin("", 0, offset),
            headline=f"headline {offset}",
            body=text,
            source=source,
            ingested_at_ms=0,
            observed_at_ms=0,
        )

    for signature in sign([item(f"{i:032x}", text, f"s{i}.example", i) for i, text in enumerate(originals)]):
        fold.apply(signature, 0)
    image = fold.snapshot()

    def find(text: str, source: str) -> set[int]:
        nonlocal fold, looked_up
        looked_up += 1
        if looked_up % 50 == 0:
            fold = Fold.restore(image)
        (signature,) = sign([item(f"{looked_up:x}-copy", text, source, 1 << 40 | looked_up)])
        verdict = fold.apply(signature, 0)
        if verdict is None or verdict.passes or verdict.canonical_id.endswith("-copy"):
            return set()
        return {int(verdict.canonical_id, 16)}

    return find


def _shingles(text: str, size: int) -> set[str]:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    if len(words) * 12 < len(text):
        words = list(re.sub(r"\s+", "", text))
    return {" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}


def datasketch(originals: list[str], threshold: float) -> Finder:
    """Return datasketch's MinHash LSH with 128 permutations over word 3-grams."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - a peer, not a dependency

    def minhash(text: str) -> MinHash:
        made = MinHash(num_perm=128)
        made.update_batch([shingle.encode() for shingle in _shingles(text, 3)])
        return made

    index = MinHashLSH(threshold=threshold, num_perm=128)
    known = {}
    for number, text in enumerate(originals):
        known[number] = minhash(text)
        index.insert(number, known[number])

    def find(text: str, _: str) -> set[int]:
        made = minhash(text)
        return {number for number in index.query(made) if known[number].jaccard(made) >= threshold}

    return find


def simhash(originals: list[str]) -> Finder:
    """Return 64-bit SimHash with at most 3 differing bits, over word 3-grams."""
    from simhash import Simhash, SimhashIndex  # noqa: PLC0415 - a peer, not a dependency

    index = SimhashIndex([(str(i), Simhash(list(_shingles(text, 3)))) for i, text in enumerate(originals)], k=3)
    return lambda text, _: {int(name) for name in index.get_near_dups(Simhash(list(_shingles(text, 3))))}


def exact(originals: list[str]) -> Finder:
    """Return equality of texts."""
    known = {text: number for number, text in enumerate(originals)}
    return lambda text, _: {known[text]} if text in known else set()


def evaluate(find: Finder, changed: list[Pair]) -> Iterator[tuple[str, float, int]]:
    """Yield, by kind: the share found (copies) or let through (negatives), and of how many."""
    right: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    for kind, number, text in changed:
        source = f"s{number}.example" if kind in _SAME_SOURCE else "elsewhere.example"
        found = find(text, source)
        total[kind] += 1
        right[kind] += (number in found) if kind in COPIES else not found
    for kind in total:
        yield kind, right[kind] / total[kind], total[kind]


def main() -> None:
    """Print a table: one row per kind of change, one column per method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--per-language", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    groups = without_copies(load(options.input, options.per_language, options.seed))
    originals, changed = pairs(groups, options.seed)
    finders: dict[str, Finder] = {"ours": ours(list(originals))}
    if options.peers:
        finders |= {
            "datasketch .5": datasketch(originals, 0.5),
            "datasketch .8": datasketch(originals, 0.8),
            "simhash k=3": simhash(originals),
            "exact": exact(originals),
        }
    results = {name: {kind: share for kind, share, _ in evaluate(f, changed)} for name, f in finders.items()}
    counts = collections.Counter(kind for kind, _, _ in changed)
    print(f"{len(originals)} originals in {len(groups)} sets: {', '.join(sorted(groups))}")
    print(f"{'kind':28}{'n':>6}" + "".join(f"{name:>15}" for name in results))
    for kind in [*COPIES, *NEGATIVES]:
        row = "".join(f"{result[kind]:15.4f}" for result in results.values())
        print(f"{'- ' if kind in NEGATIVES else '+ '}{kind:26}{counts[kind]:6}{row}")


if __name__ == "__main__":
    main()
