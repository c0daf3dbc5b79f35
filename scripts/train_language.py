r"""Train the second opinion on language and the Han character lists; writes pipeline/models/data/language.npz.

    uv run --no-project --python 3.11 --with-requirements scripts/training.txt \
        python scripts/train_language.py --data ../shared/data

Trains on the train split of SIB-200 (CC BY-SA 4.0) only; its dev split is for measuring. About 5 minutes on one core.
The packages listed there are for training and measuring; none but those in pyproject.toml ships with the pipeline.
"""

import argparse
import gzip
import json
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy import sparse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from language_tags import tags_of

from pipeline.models.cld2 import guess
from pipeline.models.ngrams import buckets
from pipeline.models.scripts import code_points

BITS = 17
DIM = 24
EPOCHS = 8
BATCH = 512
RATE = 0.01
VERSION = "lang-2026.11"
TRUST = 0.99  # share right of what CLD2 reliably calls a language, all languages equally frequent
MAJOR = ("en",)  # its rare neighbours (Scots, Pidgin) lose a little, most of the traffic gains speed

_CYRILLIC = "абвгдђежзијклљмнњопрстћуфхцчџш"
_LATIN = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
_SERBIAN = dict(zip(_CYRILLIC, _LATIN.split(), strict=True))


def latinised(text: str) -> str:
    """Write Serbian Cyrillic in Latin letters."""
    out = []
    for char in text:
        latin = _SERBIAN.get(char.lower(), char)
        out.append(latin.capitalize() if char != char.lower() else latin)
    return "".join(out)


def read_sentences(data: Path) -> dict[str, dict[str, list[str]]]:
    """Return split → tag → sentences."""
    with gzip.open(data / "topic/sib200.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    tags = tags_of(sorted({row["lang"] for row in rows}))
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        tag = tags[row["lang"]]
        # Nine Arabic codes become one label: one ninth of each keeps the classes level, in turn.
        if tag == "ar" and row["lang"] != "arb-Arab" and hash_of(row["id"] + row["lang"]) % 4:
            continue
        found[row["split"]][tag].append(row["text"])
        if tag == "sr":
            found[row["split"]][tag].append(latinised(row["text"]))
    return found


def hash_of(text: str) -> int:
    """A stable small hash."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def han_lists(found: dict[str, dict[str, list[str]]]) -> tuple[str, str]:
    """Return the characters seen in one of the two Chinese scripts and never in the other."""
    counts = {tag: Counter("".join(found["train"][tag])) for tag in ("zh-Hans", "zh-Hant", "yue")}
    hant = counts["zh-Hant"] + counts["yue"]
    hans = counts["zh-Hans"]
    only_hans = "".join(sorted(c for c in hans if "\u3400" <= c <= "\u9fff" and c not in hant))
    only_hant = "".join(sorted(c for c in hant if "\u3400" <= c <= "\u9fff" and c not in hans))
    return only_hans, only_hant


def trusted_tags(found: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return the tags CLD2 decides alone: of what it reliably calls so, over all languages alike, TRUST is right."""
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for tag, sentences in found["train"].items():
        for first in range(0, 45, 5):
            answer = guess(" ".join(sentences[first : first + 5])[:800])
            if answer.reliable and answer.share >= 0.9:
                said[answer.tag] += 1
                right[answer.tag] += same_language(answer.tag, tag)
    found_tags = sorted(tag for tag in said if right[tag] >= TRUST * said[tag])
    print("trusted:", " ".join(found_tags))
    print("not trusted:", " ".join(f"{tag}:{right[tag]}/{said[tag]}" for tag in sorted(said) if tag not in found_tags))
    return sorted({*found_tags, *MAJOR})


def same_language(answer: str, truth: str) -> bool:
    """Compare without the scripts that rules settle later."""
    return answer == truth or {answer, truth} <= {"zh-Hans", "zh-Hant"}


def variants(sentences: list[str], rng: random.Random) -> list[str]:
    """Whole sentences, crops of 15 to 60 characters, and joins of two or three."""
    out = list(sentences)
    for sentence in sentences:
        width = rng.randint(15, 60)
        start = rng.randrange(max(1, len(sentence) - width))
        out.append(sentence[start : start + width])
    out += [" ".join(rng.sample(sentences, rng.randint(2, 3))) for _ in range(len(sentences) // 4)]
    return out


def matrix(texts: list[str]) -> sparse.csr_matrix:
    """One row a text: the share of each bucket among its n-grams."""
    indices, starts, values = [], [0], []
    for text in texts:
        found = buckets(code_points(text), BITS)
        ids, counts = np.unique(found, return_counts=True)
        indices.append(ids.astype(np.int32))
        values.append((counts / found.size).astype(np.float32))
        starts.append(starts[-1] + ids.size)
    shape = (len(texts), 1 << BITS)
    return sparse.csr_matrix((np.concatenate(values), np.concatenate(indices), np.array(starts)), shape=shape)


class Adam:
    """Adam for one dense array."""

    def __init__(self, value: np.ndarray) -> None:
        """Keep the array that is to be learned."""
        self.value, self.mean, self.square, self.step = value, np.zeros_like(value), np.zeros_like(value), 0

    def update(self, gradient: np.ndarray, rate: float) -> None:
        """Take one step."""
        self.step += 1
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.01 * (gradient * gradient - self.square)
        scale = rate * np.sqrt(1 - 0.99**self.step) / (1 - 0.9**self.step)
        self.value -= scale * self.mean / (np.sqrt(self.square) + 1e-8)


def train(features: sparse.csr_matrix, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Learn the table, the weights and the bias."""
    rng = np.random.default_rng(7)
    table = Adam(rng.normal(0, 0.5, (1 << BITS, DIM)).astype(np.float32))
    weights = Adam(rng.normal(0, 0.2, (DIM, classes)).astype(np.float32))
    bias = Adam(np.zeros(classes, np.float32))
    steps = EPOCHS * (len(labels) // BATCH)
    step, began = 0, time.time()
    for epoch in range(EPOCHS):
        loss_sum = 0.0
        order = rng.permutation(len(labels))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[first : first + BATCH]
            x, y = features[rows], labels[rows]
            hidden = np.asarray(x @ table.value)
            logits = hidden @ weights.value + bias.value
            logits -= logits.max(1, keepdims=True)
            odds = np.exp(logits)
            odds /= odds.sum(1, keepdims=True)
            loss_sum -= float(np.log(odds[np.arange(BATCH), y] + 1e-9).mean())
            odds[np.arange(BATCH), y] -= 1
            odds /= BATCH
            rate = RATE * (1 - step / steps)
            d_hidden = odds @ weights.value.T
            weights.update(hidden.T @ odds, rate)
            bias.update(odds.sum(0), rate)
            # The table's gradient is tiny (a mean over 400 n-grams); Adam does not mind.
            table.update(np.asarray(x.T @ d_hidden), rate * 3)
            step += 1
        print(f"epoch {epoch} loss {loss_sum / (len(order) // BATCH):.4f} {time.time() - began:.0f}s", flush=True)
    return table.value, weights.value, bias.value


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("pipeline/models/data/language.npz"))
    options = parser.parse_args()
    found = read_sentences(options.data)
    tags = sorted(found["train"])
    rng = random.Random(7)
    texts, labels = [], []
    for number, tag in enumerate(tags):
        mine = variants(found["train"][tag], rng)
        texts += mine
        labels += [number] * len(mine)
    print(len(tags), "labels", len(texts), "texts", flush=True)
    features = matrix(texts)
    print("features", features.nnz, flush=True)
    table, weights, bias = train(features, np.array(labels), len(tags))
    clip = np.quantile(np.abs(table), 0.9995)
    step = clip / 127
    hans, hant = han_lists(found)
    arrays = {
        "version": np.array(VERSION),
        "ngram_labels": np.array(tags),
        "ngram_table": np.clip(np.rint(table / step), -127, 127).astype(np.int8),
        "ngram_weights": (weights.T * step).astype(np.float32),
        "ngram_bias": bias.astype(np.float32),
        "cld2_trusted": np.array(trusted_tags(found)),
        "han_simplified": np.array(hans),
        "han_traditional": np.array(hant),
    }
    np.savez_compressed(options.out, **arrays)
    print(options.out, options.out.stat().st_size)


if __name__ == "__main__":
    main()
